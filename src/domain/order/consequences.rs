//! Events that follow from a state without a further command. They are decided with the last outcome, in one atomic
//! append, so that no order stays half decided.

use super::{HoldState, Order, OrderEvent, OrderStatus};
use crate::domain::{entity::Entity, time::Timestamp};

impl Order {
    pub(super) fn with_consequences(&self, mut events: Vec<OrderEvent>, now: Timestamp) -> Vec<OrderEvent> {
        if events.is_empty() {
            return events;
        }
        let mut draft = self.clone();
        events.iter().for_each(|event| draft.apply(event));
        // Each consequence changes the lifecycle away from its own condition, so this ends.
        while let Some(event) = draft.consequence(now) {
            draft.apply(&event);
            events.push(event);
        }
        events
    }

    fn consequence(&self, now: Timestamp) -> Option<OrderEvent> {
        let refused = self.any_stock(|state| matches!(state, HoldState::Refused { .. }));
        match self.lifecycle {
            OrderStatus::Placing if self.outrun_by.is_some() => Some(OrderEvent::Rejected),
            // All replies first: the shopper sees every short line, not only the first.
            OrderStatus::Placing if self.stock.is_empty() || self.any_stock(HoldState::is_wanted) => None,
            OrderStatus::Placing if refused => Some(OrderEvent::Rejected),
            OrderStatus::Placing => Some(OrderEvent::Reserved),
            OrderStatus::AwaitingPayment if refused => Some(OrderEvent::RevivalFailed { at: now }),
            // A payment that succeeds too late stays where it is, and is undone.
            OrderStatus::Expired if self.region().is_paid() && !self.revived && now <= self.revivable_until() => {
                self.payment.as_ref().map(|payment| OrderEvent::Revived { payment: payment.id, at: now })
            }
            OrderStatus::AwaitingPayment
            | OrderStatus::Verified
            | OrderStatus::Processing
            | OrderStatus::PartiallyShipped
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Completed
            | OrderStatus::Rejected
            | OrderStatus::Expired
            | OrderStatus::Cancelled => None,
        }
    }
}
