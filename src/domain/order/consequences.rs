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
        // Each consequence changes the state away from its own condition, so this ends.
        while let Some(event) = draft.consequence(now) {
            draft.apply(&event);
            events.push(event);
        }
        events
    }

    fn consequence(&self, now: Timestamp) -> Option<OrderEvent> {
        let refused = self.any_stock(HoldState::is_refused);
        match self.lifecycle {
            OrderStatus::Placing if self.outrun_by.is_some() => Some(OrderEvent::Rejected),
            OrderStatus::Placing if self.is_held_at_payment() => {
                self.predecessors.is_empty().then_some(OrderEvent::Reserved)
            }
            // All replies first: the shopper sees every short line, not only the first.
            OrderStatus::Placing if self.stock.is_empty() || self.any_stock(HoldState::is_wanted) => None,
            OrderStatus::Placing if refused => Some(OrderEvent::Rejected),
            OrderStatus::Placing => Some(OrderEvent::Reserved),
            OrderStatus::AwaitingPayment if self.uncovered().is_some() => self.covering(refused),
            OrderStatus::AwaitingPayment if refused && self.is_held_at_payment() && !self.paid() => {
                Some(OrderEvent::Rejected)
            }
            OrderStatus::AwaitingPayment if refused => Some(OrderEvent::RevivalFailed { at: now }),
            // A payment that succeeds too late stays where it is, and is undone.
            OrderStatus::Expired if self.region().is_paid() && !self.revived && now <= self.revivable_until() => {
                self.payment.as_ref().map(|payment| OrderEvent::Revived { payment: payment.id, at: now })
            }
            OrderStatus::Expired | OrderStatus::Rejected | OrderStatus::Cancelled => self.unasked(Self::ENDED),
            OrderStatus::AwaitingPayment
            | OrderStatus::Verified
            | OrderStatus::Processing
            | OrderStatus::PartiallyShipped
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Completed => None,
        }
    }
}
