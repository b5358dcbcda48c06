//! One SKU's stock. Invariant (G1): `available + held + committed + shipped = received + adjusted`,
//! none negative; a unit is in exactly one of those places.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{
    ids::{FulfilmentId, OrderId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockCommand {
    /// Goods arrived.
    Receive { units: NonZeroU32, reference: Option<String> },
    /// A count, a loss, a find: `delta` may be negative, never below what is available.
    Adjust { delta: i64, reason: String },
    /// Sets units aside for an order until a moment. Repeated with the same units: granted already.
    Hold { order: OrderId, units: NonZeroU32, until: Timestamp },
    /// The order is paid: its hold no longer expires.
    Commit { order: OrderId },
    /// Gives a hold (held or committed) back. Unknown holds are released already.
    Release { order: OrderId },
    /// Units of a committed hold leave the house with a parcel.
    Ship { order: OrderId, fulfilment: FulfilmentId, units: NonZeroU32 },
    /// Shipped units come back and are fit for sale.
    ReturnToStock { order: OrderId, units: NonZeroU32, reason: String },
    /// At or below this many available units the SKU is `low`.
    SetThreshold { units: u32 },
    /// The alarm: expires holds whose time is over (at most [`Stock::EXPIRES_MAX`] for each command).
    ExpireHolds,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockEvent {
    Received { units: NonZeroU32, reference: Option<String> },
    Adjusted { delta: i64, reason: String },
    Held { order: OrderId, units: NonZeroU32, until: Timestamp },
    Committed { order: OrderId },
    Released { order: OrderId },
    Expired { order: OrderId },
    Shipped { order: OrderId, fulfilment: FulfilmentId, units: NonZeroU32 },
    ReturnedToStock { order: OrderId, units: NonZeroU32, reason: String },
    ThresholdSet { units: u32 },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockRejection {
    #[error("{requested} units requested, {available} available")]
    OutOfStock { requested: NonZeroU32, available: u64 },
    #[error("order {order} already holds {units} units")]
    HoldConflict { order: OrderId, units: NonZeroU32 },
    #[error("order {order} holds nothing here")]
    NoHold { order: OrderId },
    #[error("the hold of order {order} is not committed")]
    NotCommitted { order: OrderId },
    #[error("{requested} units to ship, {committed} committed")]
    ShipsTooMany { requested: NonZeroU32, committed: u32 },
    #[error("{requested} units to return, {shipped} shipped")]
    ReturnsTooMany { requested: NonZeroU32, shipped: u64 },
    #[error("an adjustment by {delta} leaves {available} available units below zero")]
    AdjustsBelowZero { delta: i64, available: u64 },
    #[error("{what} is longer than {max} characters or empty")]
    BadText { what: String, max: usize },
    #[error("the count does not fit")]
    Overflow,
    #[error("{max} holds are open on this SKU")]
    TooManyHolds { max: usize },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockView {
    pub on_hand: u64,
    pub available: u64,
    pub held: u64,
    pub committed: u64,
    pub shipped: u64,
    pub received: u64,
    pub adjusted: i64,
    pub threshold: u32,
}

// SKELETON-BEGIN: replaced by the real state, decide and apply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stock {}
impl super::entity::Entity for Stock {
    const KIND: super::model::Kind = super::model::Kind::Stock;
    type Command = StockCommand;
    type Event = StockEvent;
    type Rejection = StockRejection;
    type View = StockView;
    fn decide(&self, _: &StockCommand, _: super::time::Timestamp) -> Result<Vec<StockEvent>, StockRejection> {
        todo!()
    }
    fn apply(&mut self, _: &StockEvent) {
        todo!()
    }
    fn view(&self) -> StockView {
        todo!()
    }
}
// SKELETON-END
