//! An order, and the checkout process as a state machine with its compensation.
//!
//! The order is the saga's only memory: what it still owes the world is a function of its state
//! (`order/effects.rs`), and each outcome comes back as a command. Invariant: stock and money move
//! together, so an order that is not sold ends with every hold released and every payment undone.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{
    ids::{CartId, FulfilmentId, OrderId, PaymentId, Sku, UserId},
    money::Money,
    pricing::{Line, Totals},
    time::Timestamp,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    #[default]
    Placing,
    AwaitingPayment,
    Verified,
    Processing,
    PartiallyShipped,
    Shipped,
    Delivered,
    Completed,
    Rejected,
    Expired,
    Cancelled,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentRegion {
    #[default]
    None,
    Pending,
    RequiresAction,
    Authorized,
    Captured,
    PartiallyRefunded,
    Refunded,
    Voided,
    Failed,
}

/// One SKU of the order: where its units are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// Not asked for, or asked and not yet answered: the order owes a `Hold`.
    Wanted,
    Held,
    Refused {
        available: u64,
    },
    /// The stock says that the hold is gone (it expired there): one more `Hold` is tried.
    Lost,
    Committed,
    /// The order owes a `Release`.
    Releasing,
    Released,
    Shipped,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Address {
    pub name: String,
    pub line1: String,
    #[serde(default)]
    pub line2: Option<String>,
    pub city: String,
    #[serde(default)]
    pub region: Option<String>,
    pub postal_code: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    #[serde(default)]
    pub phone: Option<String>,
}

/// Everything an order is placed with; prices are fixed here.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    pub order: OrderId,
    pub user: UserId,
    pub cart: Option<CartId>,
    pub email: String,
    pub shipping_address: Address,
    pub billing_address: Option<Address>,
    pub shipping_method: String,
    pub lines: Vec<Line>,
    pub totals: Totals,
    /// When the hold, and with it the order, expires unless it is paid.
    pub pay_by: Timestamp,
    pub capture: CapturePolicy,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapturePolicy {
    /// Money is captured as soon as the stock is committed and the order verified.
    #[default]
    OnVerified,
    /// An operator captures.
    Manual,
}

/// What a payment tells its order. Repeated or older news changes nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentNews {
    RequiresAction,
    Authorized { amount: Money },
    Captured { amount: Money },
    Refunded { total: Money },
    Voided,
    Failed { reason: String },
}

/// An operator's moves; which are legal now is in [`OrderView::next`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    Processing,
    Delivered,
    Completed,
    Cancelled,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderCommand {
    Place(Box<Placement>),
    // Outcomes of owed effects.
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
    /// The stock knows no such hold any more.
    HoldGone {
        sku: Sku,
    },
    HoldReleased {
        sku: Sku,
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
    /// A shopper pays: at most one payment is under way.
    BeginPayment {
        payment: PaymentId,
        provider: String,
        token: String,
    },
    PaymentNews {
        payment: PaymentId,
        news: PaymentNews,
    },
    Transition {
        to: Move,
    },
    Fulfil {
        fulfilment: FulfilmentId,
        lines: Vec<(Sku, NonZeroU32)>,
        carrier: Option<String>,
        tracking: Option<String>,
    },
    /// The alarm: `pay_by` is over.
    Wake,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderEvent {
    Placed {
        placement: Box<Placement>,
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
    HoldLost {
        sku: Sku,
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
        news: PaymentNews,
    },
    /// A payment succeeded after the expiry: the stock is tried once more.
    Revived {
        payment: PaymentId,
        at: Timestamp,
    },
    /// ... and was not to be had: the payment is undone.
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
        to: Move,
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
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderRejection {
    #[error("there is no such order")]
    NotPlaced,
    #[error("the order has no lines")]
    Empty,
    #[error("the order was placed with other contents")]
    AlreadyPlaced,
    #[error("the order's lines do not sum to its totals")]
    BadTotals,
    #[error("an order that is {from:?} cannot become {to:?}: {reason}")]
    IllegalMove { from: Lifecycle, to: Move, reason: String },
    #[error("an order that is {lifecycle:?} cannot be paid")]
    NotPayable { lifecycle: Lifecycle },
    #[error("payment {payment} is under way")]
    PaymentUnderWay { payment: PaymentId },
    #[error("the order is paid")]
    AlreadyPaid,
    #[error("payment {payment} does not belong to this order")]
    UnknownPayment { payment: PaymentId },
    #[error("SKU {sku}: {requested} to ship, {open} open")]
    ShipsTooMany { sku: Sku, requested: u32, open: u32 },
    #[error("an order that is {lifecycle:?} cannot be fulfilled")]
    NotFulfillable { lifecycle: Lifecycle },
    #[error("fulfilment {fulfilment} exists with other contents")]
    FulfilmentConflict { fulfilment: FulfilmentId },
    #[error("{what} is at most {max}")]
    TooMany { what: String, max: usize },
}

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

/// A move, whether it is legal now, and if not why, in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NextMove {
    pub to: Move,
    pub allowed: bool,
    pub reason: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderView {
    pub lifecycle: Lifecycle,
    pub payment_status: PaymentRegion,
    /// The payment under way or done, if any.
    pub payment: Option<PaymentId>,
    pub number: Option<u64>,
    /// `None` until placed.
    pub placement: Option<Box<Placement>>,
    pub placed_at: Timestamp,
    pub stock: Vec<OrderStockLine>,
    pub fulfilments: Vec<Fulfilment>,
    pub next: Vec<NextMove>,
    /// Nothing is owed: every compensation and every step of the checkout is done.
    pub settled: bool,
}

// SKELETON-BEGIN: replaced by the real state, decide and apply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Order {}
impl super::entity::Entity for Order {
    const KIND: super::model::Kind = super::model::Kind::Order;
    type Command = OrderCommand;
    type Event = OrderEvent;
    type Rejection = OrderRejection;
    type View = OrderView;
    fn decide(&self, _: &OrderCommand, _: super::time::Timestamp) -> Result<Vec<OrderEvent>, OrderRejection> {
        todo!()
    }
    fn apply(&mut self, _: &OrderEvent) {
        todo!()
    }
    fn view(&self) -> OrderView {
        todo!()
    }
}
// SKELETON-END
