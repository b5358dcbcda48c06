//! An order's view, for its shopper, the board and the read models.

use std::{num::NonZeroU32, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{CheckoutSnapshot, HoldState, Order, OrderStatus, PaymentStatus, StaffTransition, StockLine};
use crate::domain::{
    entity::Entity,
    ids::{FulfilmentId, OrderId, PaymentId, Sku},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderStockLine {
    pub sku: Sku,
    pub units: u32,
    pub shipped: u32,
    pub state: HoldState,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fulfilment {
    pub id: FulfilmentId,
    pub lines: Vec<(Sku, NonZeroU32)>,
    pub carrier: Option<String>,
    pub tracking: Option<String>,
    pub at: Timestamp,
}

/// A transition, whether it is legal now, and the reason if not.
#[derive(Clone, Debug, PartialEq)]
pub struct NextTransition {
    pub to: StaffTransition,
    pub allowed: bool,
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderView {
    pub lifecycle: OrderStatus,
    pub payment_status: PaymentStatus,
    /// The open or finished payment, if any.
    pub payment: Option<PaymentId>,
    pub number: Option<u64>,
    /// `None` until placed.
    pub placement: Option<Arc<CheckoutSnapshot>>,
    pub placed_at: Timestamp,
    pub stock: Vec<OrderStockLine>,
    pub fulfilments: Vec<Fulfilment>,
    /// A parcel left that the stock has not written off.
    pub writing_off: bool,
    /// The newer order of the same cart that took this one's place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<OrderId>,
    /// The older order of the same cart that was paid first, wherefore this one was rejected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outrun_by: Option<OrderId>,
    /// Nothing is pending: every compensation and every step of the checkout is done.
    pub settled: bool,
}

impl OrderView {
    /// The shopper may cancel: also an expired order whose payment is under way, so that a late success takes no money.
    pub fn is_cancellable_by_owner(&self) -> bool {
        let open = self.lifecycle == OrderStatus::Expired && self.payment_status.is_open();
        open || self.lifecycle.is_cancellable_by_owner()
    }

    /// Its person cannot be forgotten yet.
    pub fn needs_its_person(&self) -> bool {
        self.lifecycle.needs_its_person() && self.placement.as_ref().is_some_and(|placement| !placement.is_erased())
    }

    /// Placed and not paid, and not given up.
    pub fn waits_for_payment(&self) -> bool {
        let open = self.placement.is_some() && self.lifecycle.is_undecided();
        open && !self.payment_status.is_paid() && !self.is_free()
    }

    /// Nothing has to be paid.
    pub fn is_free(&self) -> bool {
        self.placement.as_ref().is_some_and(|placement| placement.is_free())
    }
}

impl Order {
    pub(super) fn show(&self) -> OrderView {
        OrderView {
            lifecycle: self.lifecycle,
            payment_status: self.region(),
            payment: self.payment.as_ref().map(|payment| payment.id),
            number: self.number,
            placement: self.placement.clone(),
            placed_at: self.placed_at,
            stock: self.stock.iter().map(StockLine::show).collect(),
            fulfilments: self.fulfilments.clone(),
            writing_off: !self.parcels.is_empty(),
            superseded_by: self.superseded_by,
            outrun_by: self.outrun_by,
            settled: self.lifecycle != OrderStatus::Placing && !self.has_pending_effects(),
        }
    }
}

impl StockLine {
    fn show(&self) -> OrderStockLine {
        OrderStockLine { sku: self.sku.clone(), units: self.units, shipped: self.shipped, state: self.state }
    }
}
