//! Applies each event to a stock: every event moves units between exactly two places.

use std::num::NonZeroU32;

use super::{Stock, StockEvent, holds::Hold};
use crate::domain::{
    ids::{OrderId, UserId},
    time::Timestamp,
};

impl Stock {
    pub(super) fn apply_event(&mut self, event: &StockEvent) {
        match event {
            StockEvent::Received { units, .. } => self.received += u64::from(units.get()),
            StockEvent::Adjusted { delta, .. } => self.adjusted += delta,
            StockEvent::Held { order, units, until, attempt } => {
                self.put_hold(*order, (*units, *until, *attempt), None);
            }
            StockEvent::HeldFor { order, units, until, attempt, user } => {
                self.put_hold(*order, (*units, *until, *attempt), Some(*user));
            }
            StockEvent::Committed { order } => {
                if let Some(hold) = self.holds.take(order) {
                    self.holds.put(*order, Hold { until: None, ..hold });
                }
            }
            StockEvent::Released { order } => {
                if let Some(hold) = self.holds.take(order) {
                    self.ended.push(*order, hold.attempt);
                }
            }
            StockEvent::Expired { order } => {
                self.holds.take(order);
            }
            StockEvent::Shipped { order, fulfilment, units } => {
                self.shipped += u64::from(units.get());
                if let Some(mut hold) = self.holds.take(order) {
                    hold.parcels.push((*fulfilment, units.get()));
                    // A hold that is shipped whole is over.
                    match hold.open() {
                        0 => self.ended.push(*order, hold.attempt),
                        _ => self.holds.put(*order, hold),
                    }
                }
            }
            StockEvent::ReturnedToStock { units, .. } => {
                self.shipped = self.shipped.saturating_sub(u64::from(units.get()));
            }
            StockEvent::ThresholdSet { units } => self.threshold = *units,
            StockEvent::PolicySet { policy } => self.policy = *policy,
        }
    }

    fn put_hold(&mut self, order: OrderId, hold: (NonZeroU32, Timestamp, u8), buyer: Option<UserId>) {
        let (units, until, attempt) = hold;
        self.holds.put(order, Hold { units: units.get(), until: Some(until), attempt, parcels: Vec::new(), buyer });
    }
}
