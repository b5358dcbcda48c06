//! An order on the wire.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::shop::{
    checkout::address::AddressBody,
    money::MoneyBody,
    names::{OrderStatusBody, PaymentStatusBody, StaffTransitionBody, StockState},
};
use crate::{
    actors::gateway::Answer,
    domain::{
        ids::{OrderId, Sku},
        order::{Fulfilment, OrderView},
        pricing::{Line, Totals},
    },
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderBody {
    #[schema(value_type = Uuid)]
    pub id: OrderId,
    /// Given when the order is paid.
    pub number: Option<u64>,
    pub version: u64,
    pub status: OrderStatusBody,
    pub payment_status: PaymentStatusBody,
    pub payment_id: Option<Uuid>,
    pub user_id: Uuid,
    pub email: String,
    pub lines: Vec<OrderLine>,
    pub totals: OrderTotals,
    pub shipping_method: String,
    pub shipping_address: AddressBody,
    pub billing_address: Option<AddressBody>,
    /// RFC 3339, UTC.
    pub placed_at: String,
    /// Until when the stock is held, while the order waits for its payment.
    pub hold_expires_at: Option<String>,
    pub stock: Vec<OrderStock>,
    pub fulfilments: Vec<FulfilmentBody>,
    /// Every move, whether it is legal now, and if not why.
    pub next: Vec<NextTransitionBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderLine {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub name: String,
    pub quantity: u32,
    pub unit_price: MoneyBody,
    pub line_total: MoneyBody,
    /// Contained in `line_total`.
    pub tax: MoneyBody,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderTotals {
    pub items: MoneyBody,
    pub shipping: MoneyBody,
    pub discount: MoneyBody,
    /// Contained in `total`.
    pub tax: MoneyBody,
    pub total: MoneyBody,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OrderStock {
    #[schema(value_type = String)]
    pub sku: Sku,
    pub units: u32,
    pub shipped: u32,
    pub state: StockState,
}

/// One parcel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fulfilment)]
pub struct FulfilmentBody {
    pub id: Uuid,
    pub lines: Vec<ShippedLine>,
    pub carrier: Option<String>,
    pub tracking: Option<String>,
    pub at: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShippedLine {
    #[schema(max_length = 64)]
    pub sku: String,
    #[schema(minimum = 1)]
    pub quantity: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextMove)]
pub struct NextTransitionBody {
    pub to: StaffTransitionBody,
    pub allowed: bool,
    pub reason: Option<String>,
}

impl OrderBody {
    /// `None` where the order was never placed.
    pub fn new(id: OrderId, answer: Answer<OrderView>) -> Option<Self> {
        let view = answer.view;
        let placement = Arc::unwrap_or_clone(view.placement?);
        let waiting = view.lifecycle.is_undecided();
        let stock = view.stock.into_iter().map(|line| OrderStock {
            sku: line.sku,
            units: line.units,
            shipped: line.shipped,
            state: line.state.into(),
        });
        let next = view.next.into_iter().map(|next| NextTransitionBody {
            to: next.to.into(),
            allowed: next.allowed,
            reason: next.reason,
        });
        Some(Self {
            id,
            number: view.number,
            version: answer.version,
            status: view.lifecycle.into(),
            payment_status: view.payment_status.into(),
            payment_id: view.payment.map(|payment| payment.0),
            user_id: placement.user.0,
            email: placement.email,
            lines: placement.lines.into_iter().map(Into::into).collect(),
            totals: placement.totals.into(),
            shipping_method: placement.shipping_method,
            shipping_address: placement.shipping_address.into(),
            billing_address: placement.billing_address.map(Into::into),
            placed_at: view.placed_at.rfc3339(),
            hold_expires_at: waiting.then(|| placement.pay_by.rfc3339()),
            stock: stock.collect(),
            fulfilments: view.fulfilments.into_iter().map(Into::into).collect(),
            next: next.collect(),
        })
    }
}

impl From<Line> for OrderLine {
    fn from(line: Line) -> Self {
        Self {
            sku: line.sku,
            name: line.name,
            quantity: line.quantity,
            unit_price: line.unit_price.into(),
            line_total: line.line_total.into(),
            tax: line.tax.into(),
        }
    }
}

impl From<Totals> for OrderTotals {
    fn from(totals: Totals) -> Self {
        Self {
            items: totals.items.into(),
            shipping: totals.shipping.into(),
            discount: totals.discount.into(),
            tax: totals.tax.into(),
            total: totals.total.into(),
        }
    }
}

impl From<Fulfilment> for FulfilmentBody {
    fn from(fulfilment: Fulfilment) -> Self {
        let lines = fulfilment
            .lines
            .into_iter()
            .map(|(sku, units)| ShippedLine { sku: sku.as_str().to_owned(), quantity: units.get().into() });
        Self {
            id: fulfilment.id.0,
            lines: lines.collect(),
            carrier: fulfilment.carrier,
            tracking: fulfilment.tracking,
            at: fulfilment.at.rfc3339(),
        }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Transition)]
pub struct TransitionBody {
    pub to: StaffTransitionBody,
    /// The version that was read; another one is answered 412.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewFulfilment)]
pub struct NewFulfilmentBody {
    pub lines: Vec<ShippedLine>,
    #[serde(default)]
    #[schema(max_length = 120)]
    pub carrier: Option<String>,
    #[serde(default)]
    #[schema(max_length = 120)]
    pub tracking: Option<String>,
}

/// One commit in an order's history.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryEntry {
    pub version: u64,
    pub at: String,
    pub by: String,
    /// As the journal holds them; payment tokens are blotted out.
    #[schema(value_type = Vec<Object>)]
    pub events: serde_json::Value,
}
