//! What a stock's events state for the orders that rest on them, and its open holds for whoever compares them.

use super::{Stock, StockEvent};
use crate::domain::ids::{FulfilmentId, OrderId};

/// One open hold, as the checks of a whole journal read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenHold {
    pub order: OrderId,
    pub units: u32,
    pub committed: bool,
}

impl Stock {
    pub fn open_holds(&self) -> impl Iterator<Item = OpenHold> {
        self.holds.iter().map(|(order, hold)| OpenHold {
            order: *order,
            units: hold.open(),
            committed: hold.until.is_none(),
        })
    }

    pub(super) fn stated(&self, event: &StockEvent) -> Option<(String, u8)> {
        match event {
            StockEvent::Held { order, attempt, .. } | StockEvent::HeldFor { order, attempt, .. } => {
                Some((held(*order), *attempt))
            }
            StockEvent::Committed { order } => Some((committed(*order), 0)),
            StockEvent::Released { order } => {
                Some((released(*order), self.holds.get(order).map_or(0, |hold| hold.attempt)))
            }
            StockEvent::Shipped { fulfilment, .. } => Some((shipped(*fulfilment), 0)),
            StockEvent::Received { .. }
            | StockEvent::Adjusted { .. }
            | StockEvent::Expired { .. }
            | StockEvent::ReturnedToStock { .. }
            | StockEvent::ThresholdSet { .. }
            | StockEvent::PolicySet { .. } => None,
        }
    }
}

pub fn held(order: OrderId) -> String {
    format!("held/{order}")
}

pub fn committed(order: OrderId) -> String {
    format!("committed/{order}")
}

pub fn released(order: OrderId) -> String {
    format!("released/{order}")
}

pub fn shipped(fulfilment: FulfilmentId) -> String {
    format!("shipped/{fulfilment}")
}
