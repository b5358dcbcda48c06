//! An order's commands, events and refusals.

use std::{num::NonZeroU32, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{CheckoutSnapshot, OrderMail, OrderStatus, PaymentStatus};
use crate::domain::{
    entity::Work,
    ids::{FulfilmentId, OrderId, PaymentId, Sku},
    money::Money,
    states::states,
    time::Timestamp,
};

/// A payment's update to its order. Repeated or older updates change nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentUpdate {
    RequiresAction,
    Authorized { amount: Money },
    Captured { amount: Money },
    Refunded { total: Money },
    Voided,
    Failed { reason: String },
}

states! {
    /// An operator's transition; [`OrderView::next`] has the legal ones.
    StaffTransition {
        Processing = "processing",
        /// The rest of a part-shipped order is given up: what has left is all.
        Shipped = "shipped",
        Delivered = "delivered",
        Completed = "completed",
        Cancelled = "cancelled",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderCommand {
    Place(Arc<CheckoutSnapshot>),
    // Outcomes of pending effects. `attempt` is the effect's: a reply to an earlier attempt does not decide this one.
    HoldGranted {
        sku: Sku,
        attempt: u8,
    },
    HoldRefused {
        sku: Sku,
        available: u64,
        attempt: u8,
    },
    /// The buyer keeps as much of the SKU unpaid as one may.
    HoldOverShare {
        sku: Sku,
        remaining: u64,
        attempt: u8,
    },
    HoldCommitted {
        sku: Sku,
        attempt: u8,
    },
    /// The stock no longer has the hold.
    HoldGone {
        sku: Sku,
        attempt: u8,
    },
    HoldReleased {
        sku: Sku,
        attempt: u8,
    },
    NumberAllotted {
        number: u64,
    },
    CartSettled,
    ParcelShipped {
        fulfilment: FulfilmentId,
        sku: Sku,
    },
    /// The payment entity has taken the request to undo itself.
    PaymentUnwinding {
        payment: PaymentId,
    },
    PaymentOpened {
        payment: PaymentId,
    },
    CaptureAsked {
        payment: PaymentId,
    },
    /// The payment has the refund of what is never sent.
    RestRefundAsked {
        payment: PaymentId,
    },
    /// From a newer order of the same cart, which takes this one's place unless this one is paid.
    GiveUp {
        by: OrderId,
    },
    /// The older order will never be sold.
    PredecessorGone {
        order: OrderId,
    },
    /// The older order is paid: this one ends.
    PredecessorPaid {
        order: OrderId,
    },
    /// A shopper pays: at most one payment is open.
    BeginPayment {
        payment: PaymentId,
        provider: String,
        token: String,
    },
    #[serde(rename = "payment_news")]
    PaymentUpdate {
        payment: PaymentId,
        news: PaymentUpdate,
    },
    Transition {
        to: StaffTransition,
    },
    Fulfil {
        fulfilment: FulfilmentId,
        lines: Vec<(Sku, NonZeroU32)>,
        carrier: Option<String>,
        tracking: Option<String>,
    },
    /// The mail has been taken over by its own entity.
    MailQueued {
        mail: OrderMail,
    },
    /// Its person is forgotten, for good.
    Erase,
    /// The alarm: `pay_by` is over.
    Wake,
}

impl OrderCommand {
    /// An order begins with its placing; whatever follows was promised by it.
    pub(super) fn work(&self) -> Work {
        match self {
            Self::Place(_) => Work::New,
            Self::HoldGranted { .. }
            | Self::HoldRefused { .. }
            | Self::HoldOverShare { .. }
            | Self::HoldCommitted { .. }
            | Self::HoldGone { .. }
            | Self::HoldReleased { .. }
            | Self::NumberAllotted { .. }
            | Self::CartSettled
            | Self::ParcelShipped { .. }
            | Self::PaymentUnwinding { .. }
            | Self::PaymentOpened { .. }
            | Self::CaptureAsked { .. }
            | Self::RestRefundAsked { .. }
            | Self::GiveUp { .. }
            | Self::PredecessorGone { .. }
            | Self::PredecessorPaid { .. }
            | Self::BeginPayment { .. }
            | Self::PaymentUpdate { .. }
            | Self::Transition { .. }
            | Self::Fulfil { .. }
            | Self::MailQueued { .. }
            | Self::Erase
            | Self::Wake => Work::Owed,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderEvent {
    Placed {
        placement: Arc<CheckoutSnapshot>,
        at: Timestamp,
    },
    HoldGranted {
        sku: Sku,
    },
    HoldRefused {
        sku: Sku,
        available: u64,
    },
    HoldCommitted {
        sku: Sku,
    },
    /// The hold ran out before its commit: it is requested once more.
    HoldLost {
        sku: Sku,
        at: Timestamp,
    },
    HoldReleased {
        sku: Sku,
    },
    /// Every SKU is held: the order waits for its payment.
    Reserved,
    Rejected,
    Expired {
        at: Timestamp,
    },
    PaymentBegun {
        payment: PaymentId,
        provider: String,
        token: String,
    },
    PaymentOpened {
        payment: PaymentId,
    },
    PaymentMoved {
        payment: PaymentId,
        news: PaymentUpdate,
    },
    /// A payment succeeded after the expiry: the stock is requested once more.
    Revived {
        payment: PaymentId,
        at: Timestamp,
    },
    /// ... and was not available: the payment is undone.
    RevivalFailed {
        at: Timestamp,
    },
    Verified {
        number: u64,
        at: Timestamp,
    },
    CartSettled,
    CaptureAsked {
        payment: PaymentId,
    },
    UnwindAsked {
        payment: PaymentId,
    },
    Moved {
        to: StaffTransition,
        at: Timestamp,
    },
    Fulfilled {
        fulfilment: FulfilmentId,
        lines: Vec<(Sku, NonZeroU32)>,
        carrier: Option<String>,
        tracking: Option<String>,
        at: Timestamp,
    },
    ParcelShipped {
        fulfilment: FulfilmentId,
        sku: Sku,
    },
    /// A newer order of the same cart took this one's place. Also of an order that was never placed.
    Superseded {
        by: OrderId,
        at: Timestamp,
    },
    PredecessorGone {
        order: OrderId,
    },
    /// An older order of the same cart was paid first.
    PredecessorPaid {
        order: OrderId,
    },
    RestRefundAsked {
        payment: PaymentId,
    },
    HoldOverShare {
        sku: Sku,
        remaining: u64,
    },
    /// Of an order that is held at its payment: every SKU is held, and the provider is asked from now on.
    PaymentCovered {
        payment: PaymentId,
    },
    MailQueued {
        mail: OrderMail,
    },
    Erased {
        at: Timestamp,
    },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderRejection {
    #[error("there is no such order")]
    NotPlaced,
    #[error("there are no lines")]
    Empty,
    #[error("the order was placed with other contents")]
    AlreadyPlaced,
    #[error("the order's lines do not sum to its totals")]
    BadTotals,
    #[error("an order that is {from:?} cannot become {to:?}: {reason}")]
    IllegalMove { from: OrderStatus, to: StaffTransition, reason: String },
    #[error("an order that is {lifecycle:?} cannot be paid")]
    NotPayable { lifecycle: OrderStatus },
    #[error("payment {payment} is under way")]
    PaymentUnderWay { payment: PaymentId },
    #[error("the order is paid")]
    AlreadyPaid,
    #[error("payment {payment} does not belong to this order")]
    UnknownPayment { payment: PaymentId },
    #[error("SKU {sku}: {requested} to ship, {open} open")]
    ShipsTooMany { sku: Sku, requested: u32, open: u32 },
    #[error("an order that is {lifecycle:?} cannot be fulfilled")]
    NotFulfillable { lifecycle: OrderStatus },
    #[error("no parcel leaves before its money is captured; the payment is {payment:?}")]
    NotCaptured { payment: PaymentStatus },
    /// Only of an order that was never placed; any other is shown as it is, `cancelled`, like at every repeated key.
    #[error("a newer checkout of the same cart took this one's place")]
    Superseded { by: OrderId },
    #[error("fulfilment {fulfilment} exists with other contents")]
    FulfilmentConflict { fulfilment: FulfilmentId },
    #[error("{what} is at most {max}")]
    TooMany { what: String, max: usize },
    #[error("an order that is {lifecycle:?} is still on its way to its person")]
    UnderWay { lifecycle: OrderStatus },
}
