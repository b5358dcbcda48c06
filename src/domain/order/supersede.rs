//! Older and newer orders of one cart: the newer one takes the place of the older ones, so that a cart is never sold twice.
//!
//! The newer order asks each older one to be given up, and holds nothing before all have answered. An older order decides
//! by its own state: unpaid, it is given up for good (a payment under way is undone whenever its provider answers); paid,
//! it refuses, and the newer order is the one that ends. So there is one moment at which either is decided, in the older
//! order. Deliberately absent: the cart's list of its orders (`domain::cart`), and the holds' hand-over (`domain::stock`).

use super::{Order, OrderEvent, OrderRejection, OrderStatus, decide::Decision};
use crate::domain::{ids::OrderId, time::Timestamp};

impl Order {
    /// A newer order of the same cart asks.
    pub(super) fn give_up_for(&self, by: OrderId, now: Timestamp) -> Decision {
        let given_up = || Ok(vec![OrderEvent::Superseded { by, at: now }]);
        if self.superseded_by.is_some() {
            return Ok(vec![]);
        }
        if self.placement.is_none() {
            // Remembered, so that its own `Place`, which may still be on the way, comes too late.
            return given_up();
        }
        match self.lifecycle {
            OrderStatus::Placing => given_up(),
            OrderStatus::AwaitingPayment if self.paid() => Err(OrderRejection::AlreadyPaid),
            OrderStatus::AwaitingPayment => given_up(),
            // Its payment may still succeed, which would revive it.
            OrderStatus::Expired if self.region().is_open() => given_up(),
            OrderStatus::Expired | OrderStatus::Rejected | OrderStatus::Cancelled => Ok(vec![]),
            OrderStatus::Verified
            | OrderStatus::Processing
            | OrderStatus::PartiallyShipped
            | OrderStatus::Shipped
            | OrderStatus::Delivered
            | OrderStatus::Completed => Err(OrderRejection::AlreadyPaid),
        }
    }

    pub(super) fn predecessor_gone(&self, order: OrderId) -> Vec<OrderEvent> {
        let waited_for = self.predecessors.contains(&order);
        waited_for.then_some(OrderEvent::PredecessorGone { order }).into_iter().collect()
    }

    pub(super) fn predecessor_paid(&self, order: OrderId) -> Vec<OrderEvent> {
        let waited_for = self.predecessors.contains(&order) && self.lifecycle == OrderStatus::Placing;
        waited_for.then_some(OrderEvent::PredecessorPaid { order }).into_iter().collect()
    }
}
