//! One SKU's stock. Invariant (G1): `available + held + committed + shipped = received + adjusted + oversold`, none
//! negative; a unit is in exactly one of those places. `oversold` is 0 unless the SKU's policy allows more.
//!
//! A flash sale puts 100,000 holds on one SKU, so the sums are kept, not computed: every command costs O(log holds). In
//! `stock/`: `decide`, `apply`, `holds` (the sums and the expiry index), `ended` (holds whose commands come too late),
//! `ledger` (events as lines of a stock book), `policy` (selling beyond the units in the house), `share` (what one buyer
//! may keep unpaid), `rests` (what orders rest on), `availability` (the view in four words). Deliberately absent: locations; one SKU is one pool.

mod apply;
mod availability;
mod decide;
mod ended;
mod holds;
pub mod ledger;
mod policy;
pub mod rests;
mod row;
mod share;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

pub use self::{
    availability::Availability,
    policy::StockPolicy,
    rests::OpenHold,
    share::{Buyer, Share},
};
use self::{ended::Ended, holds::Holds};
use super::{
    effect::NoEffect,
    entity::{Entity, Work},
    ids::{FulfilmentId, OrderId, UserId},
    kinds::Kind,
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockCommand {
    /// Goods arrived.
    Receive { units: NonZeroU32, reference: Option<String> },
    /// A count, a loss, a find: `delta` may be negative, never below the available units.
    Adjust { delta: i64, reason: String },
    /// Sets units aside for an order until a moment. Repeated with the same units: granted already.
    ///
    /// `attempt`: the order's try for this SKU that the command belongs to. Between nodes a command may be delivered
    /// again after newer ones were decided; a command of an older attempt than the hold's, or of an attempt whose hold
    /// was released or shipped, has no effect.
    Hold {
        order: OrderId,
        units: NonZeroU32,
        until: Timestamp,
        #[serde(default)]
        attempt: u8,
    },
    /// `Hold` for an order that takes the place of older ones of the same cart: what those hold here and have not paid
    /// passes to it in the same decision, so that nobody comes between.
    TakeOver { order: OrderId, units: NonZeroU32, until: Timestamp, attempt: u8, instead_of: Vec<OrderId> },
    /// `TakeOver` for a buyer whose unpaid units of this SKU are bounded; `instead_of` may be empty.
    HoldFor { order: OrderId, units: NonZeroU32, until: Timestamp, attempt: u8, instead_of: Vec<OrderId>, buyer: Buyer },
    /// The order is paid: its hold no longer expires.
    Commit {
        order: OrderId,
        #[serde(default)]
        attempt: u8,
    },
    /// Gives a hold (held or committed) back. Unknown holds are released already.
    Release {
        order: OrderId,
        #[serde(default)]
        attempt: u8,
    },
    /// Units of a committed hold leave the house with a parcel.
    Ship { order: OrderId, fulfilment: FulfilmentId, units: NonZeroU32 },
    /// Shipped units come back and are fit for sale.
    ReturnToStock { order: OrderId, units: NonZeroU32, reason: String },
    /// At or below this many available units the SKU is `low`.
    SetThreshold { units: u32 },
    /// How far the SKU may be sold beyond the units in the house. What is oversold already stays.
    SetPolicy { policy: StockPolicy },
    /// The alarm: expires holds whose time is over (at most [`Stock::EXPIRES_MAX`] for each command).
    ExpireHolds,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StockEvent {
    Received {
        units: NonZeroU32,
        reference: Option<String>,
    },
    Adjusted {
        delta: i64,
        reason: String,
    },
    Held {
        order: OrderId,
        units: NonZeroU32,
        until: Timestamp,
        /// 0 without an attempt, as in journals from before attempts existed.
        #[serde(default, skip_serializing_if = "is_zero")]
        attempt: u8,
    },
    Committed {
        order: OrderId,
    },
    Released {
        order: OrderId,
    },
    Expired {
        order: OrderId,
    },
    Shipped {
        order: OrderId,
        fulfilment: FulfilmentId,
        units: NonZeroU32,
    },
    ReturnedToStock {
        order: OrderId,
        units: NonZeroU32,
        reason: String,
    },
    ThresholdSet {
        units: u32,
    },
    PolicySet {
        policy: StockPolicy,
    },
    /// `Held`, and for whom: until it is paid, the buyer's share counts it.
    HeldFor {
        order: OrderId,
        units: NonZeroU32,
        until: Timestamp,
        attempt: u8,
        user: UserId,
    },
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
    #[error("{what} is empty, longer than {max} characters or not on one line")]
    BadText { what: String, max: usize },
    #[error("the count does not fit")]
    Overflow,
    #[error("{max} holds are open on this SKU")]
    TooManyHolds { max: usize },
    #[error("{requested} units requested; of this SKU a buyer keeps {most} unpaid at most, and keeps {kept} already")]
    OverShare { requested: NonZeroU32, kept: u64, most: u64 },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockView {
    /// Units in the house: available, held or committed, less what is oversold.
    pub on_hand: u64,
    pub available: u64,
    pub held: u64,
    pub committed: u64,
    pub shipped: u64,
    pub received: u64,
    pub adjusted: i64,
    pub threshold: u32,
    /// Units promised beyond those in the house; absent in views from before policies existed.
    #[serde(default, skip_serializing_if = "is_none_oversold")]
    pub oversold: u64,
    #[serde(default, skip_serializing_if = "StockPolicy::is_tracked")]
    pub policy: StockPolicy,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stock {
    received: u64,
    adjusted: i64,
    shipped: u64,
    threshold: u32,
    holds: Holds,
    /// Absent in states from before it existed.
    #[serde(default, skip_serializing_if = "Ended::is_empty")]
    ended: Ended,
    /// Absent in states from before it existed.
    #[serde(default, skip_serializing_if = "StockPolicy::is_tracked")]
    policy: StockPolicy,
}

fn is_none_oversold(units: &u64) -> bool {
    *units == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(attempt: &u8) -> bool {
    *attempt == 0
}

impl Stock {
    /// Holds that one command expires at most, so that no command writes an unbounded batch. The alarm
    /// stays due while more are left, so they follow with the next command.
    pub const EXPIRES_MAX: usize = 256;
    /// Open holds on one SKU; the next one is refused. Bounds the state at about 60 MB.
    pub const HOLDS_MAX: usize = 1_000_000;
    /// Characters of a reason or reference.
    pub const TEXT_MAX: usize = 200;

    /// Units received for good: the sum of the four places, less what is oversold.
    fn owned(&self) -> u64 {
        // `decide` keeps received below 2^63 and the sum from going negative.
        self.received.saturating_add_signed(self.adjusted)
    }

    /// Units in no other place; below zero as many as are oversold.
    fn free(&self) -> i128 {
        let taken: i128 = [self.holds.held(), self.holds.committed(), self.shipped].map(i128::from).iter().sum();
        i128::from(self.owned()) - taken
    }

    fn available(&self) -> u64 {
        u64::try_from(self.free()).unwrap_or(0)
    }
}

impl Entity for Stock {
    const KIND: Kind = Kind::Stock;
    type Command = StockCommand;
    type Event = StockEvent;
    type Rejection = StockRejection;
    type View = StockView;
    type Effect = NoEffect;

    /// From outside only staff sends these; an order's holds are its own steps.
    fn work(command: &StockCommand) -> Work {
        match command {
            StockCommand::Receive { .. }
            | StockCommand::Adjust { .. }
            | StockCommand::Hold { .. }
            | StockCommand::TakeOver { .. }
            | StockCommand::HoldFor { .. }
            | StockCommand::Commit { .. }
            | StockCommand::Release { .. }
            | StockCommand::Ship { .. }
            | StockCommand::ReturnToStock { .. }
            | StockCommand::SetThreshold { .. }
            | StockCommand::SetPolicy { .. }
            | StockCommand::ExpireHolds => Work::Owed,
        }
    }

    fn decide(&self, command: &StockCommand, now: Timestamp) -> Result<Vec<StockEvent>, StockRejection> {
        self.decide_command(command, now)
    }

    fn apply(&mut self, event: &StockEvent) {
        self.apply_event(event);
    }

    fn view(&self) -> StockView {
        let (available, held, committed) = (self.available(), self.holds.held(), self.holds.committed());
        let oversold = u64::try_from(-self.free()).unwrap_or(0);
        StockView {
            on_hand: (available + held + committed).saturating_sub(oversold),
            available,
            held,
            committed,
            shipped: self.shipped,
            received: self.received,
            adjusted: self.adjusted,
            threshold: self.threshold,
            oversold,
            policy: self.policy,
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.holds.first_expiry()
    }

    fn wake() -> Option<StockCommand> {
        Some(StockCommand::ExpireHolds)
    }

    fn remembers(command: &StockCommand) -> bool {
        match command {
            // A repeated command would count its units twice: only its id distinguishes a retry from a second delivery.
            StockCommand::Receive { .. }
            | StockCommand::Adjust { .. }
            | StockCommand::Ship { .. }
            | StockCommand::ReturnToStock { .. } => true,
            StockCommand::Hold { .. }
            | StockCommand::TakeOver { .. }
            | StockCommand::HoldFor { .. }
            | StockCommand::Commit { .. }
            | StockCommand::Release { .. }
            | StockCommand::SetThreshold { .. }
            | StockCommand::SetPolicy { .. }
            | StockCommand::ExpireHolds => false,
        }
    }

    fn states(&self, event: &StockEvent) -> Option<(String, u8)> {
        self.stated(event)
    }

    /// A hold by hand has a key; an order's hold comes from the order itself, which also ends it, and 100,000 of them
    /// would displace every receipt from the remembered ids.
    fn remembers_keyed(command: &StockCommand) -> bool {
        matches!(command, StockCommand::Hold { .. }) || Self::remembers(command)
    }
}
