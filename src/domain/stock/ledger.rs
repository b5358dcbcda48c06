//! The stock book: each event as a line with the moved units and the reason.
//!
//! `Released` or `Expired` does not repeat the units of its hold, so the book folds the stock along. Author and time
//! are in the commit around the event, not here.

use serde::{Deserialize, Serialize};

use super::{Stock, StockEvent};
use crate::domain::{
    entity::Entity,
    ids::{FulfilmentId, OrderId},
    states::states,
};

states! {
    /// The kind of a stock movement.
    MovementKind {
        Receipt = "receipt",
        Adjustment = "adjustment",
        Hold = "hold",
        Commit = "commit",
        Release = "release",
        Expiry = "expiry",
        Shipment = "shipment",
        Return = "return",
        Threshold = "threshold",
        Policy = "policy",
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    pub kind: MovementKind,
    /// Signed effect on the available units, below zero where they are oversold: zero for a commit or a shipment.
    pub units: i64,
    /// Units that moved, regardless of the effect on the available units; for a threshold its new value, for a policy
    /// the units that may be owed (0: none, or no bound).
    pub quantity: u64,
    pub order: Option<OrderId>,
    pub fulfilment: Option<FulfilmentId>,
    pub reason: Option<String>,
    pub reference: Option<String>,
}

/// Fed with a stock's events from the first one on.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    stock: Stock,
}

impl Ledger {
    /// Holds that are open at this line: the size of the book's state.
    pub fn open_holds(&self) -> usize {
        self.stock.holds.len()
    }

    pub fn next(&mut self, event: &StockEvent) -> Movement {
        let before = self.stock.free();
        let open = |order: &OrderId| self.stock.holds.get(order).map_or(0, |hold| u64::from(hold.open()));
        let blank = Movement {
            kind: MovementKind::Threshold,
            units: 0,
            quantity: 0,
            order: None,
            fulfilment: None,
            reason: None,
            reference: None,
        };
        let of_hold =
            |kind, order: &OrderId| Movement { kind, quantity: open(order), order: Some(*order), ..blank.clone() };
        let movement = match event {
            StockEvent::Received { units, reference } => Movement {
                kind: MovementKind::Receipt,
                quantity: u64::from(units.get()),
                reference: reference.clone(),
                ..blank
            },
            StockEvent::Adjusted { delta, reason } => Movement {
                kind: MovementKind::Adjustment,
                quantity: delta.unsigned_abs(),
                reason: Some(reason.clone()),
                ..blank
            },
            StockEvent::Held { order, units, .. } | StockEvent::HeldFor { order, units, .. } => {
                Movement { kind: MovementKind::Hold, quantity: u64::from(units.get()), order: Some(*order), ..blank }
            }
            StockEvent::Committed { order } => of_hold(MovementKind::Commit, order),
            StockEvent::Released { order } => of_hold(MovementKind::Release, order),
            StockEvent::Expired { order } => of_hold(MovementKind::Expiry, order),
            StockEvent::Shipped { order, fulfilment, units } => Movement {
                kind: MovementKind::Shipment,
                quantity: u64::from(units.get()),
                order: Some(*order),
                fulfilment: Some(*fulfilment),
                ..blank
            },
            StockEvent::ReturnedToStock { order, units, reason } => Movement {
                kind: MovementKind::Return,
                quantity: u64::from(units.get()),
                order: Some(*order),
                reason: Some(reason.clone()),
                ..blank
            },
            StockEvent::ThresholdSet { units } => {
                Movement { kind: MovementKind::Threshold, quantity: u64::from(*units), ..blank }
            }
            StockEvent::PolicySet { policy } => {
                let quantity = policy.backorder_max().map_or(0, u64::from);
                Movement { kind: MovementKind::Policy, quantity, reason: Some(policy.to_string()), ..blank }
            }
        };
        self.stock.apply(event);
        // One event moves less than 2^63 units, see `decide`.
        Movement { units: (self.stock.free() - before) as i64, ..movement }
    }
}
