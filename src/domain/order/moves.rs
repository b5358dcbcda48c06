//! The operators' transitions: one table, which `decide` obeys and the view shows, so that no front computes the rules
//! a second time.

use super::{
    NextTransition, Order, OrderEvent, OrderRejection, OrderStatus, PaymentStatus, StaffTransition, decide::Decision,
};
use crate::domain::time::Timestamp;

impl StaffTransition {
    pub(super) const fn target(self) -> OrderStatus {
        match self {
            Self::Processing => OrderStatus::Processing,
            Self::Shipped => OrderStatus::Shipped,
            Self::Delivered => OrderStatus::Delivered,
            Self::Completed => OrderStatus::Completed,
            Self::Cancelled => OrderStatus::Cancelled,
        }
    }
}

impl Order {
    pub(super) fn transition(&self, to: StaffTransition, now: Timestamp) -> Decision {
        if self.placement.is_none() {
            return Err(OrderRejection::NotPlaced);
        }
        match self.blocked_reason(to) {
            None => Ok(vec![OrderEvent::Moved { to, at: now }]),
            Some(reason) => Err(OrderRejection::IllegalMove { from: self.lifecycle, to, reason }),
        }
    }

    pub(super) fn next_transitions(&self) -> Vec<NextTransition> {
        let next = |to| {
            let reason = self.blocked_reason(to);
            NextTransition { to, allowed: reason.is_none(), reason }
        };
        StaffTransition::ALL.iter().copied().map(next).collect()
    }

    /// Why the transition is not legal now; `None` when it is.
    fn blocked_reason(&self, to: StaffTransition) -> Option<String> {
        let here = self.lifecycle;
        if here == to.target() {
            return Some(format!("the order is {} already", words(here.name())));
        }
        match (to, here) {
            (StaffTransition::Processing, OrderStatus::Verified) if self.paid() => None,
            (StaffTransition::Processing, OrderStatus::Verified) => Some(self.unpaid()),
            (StaffTransition::Shipped, OrderStatus::PartiallyShipped)
            | (StaffTransition::Delivered, OrderStatus::Shipped)
                if !self.parcels.is_empty() =>
            {
                Some("the stock is still writing the parcels off".to_owned())
            }
            (StaffTransition::Shipped, OrderStatus::PartiallyShipped)
            | (StaffTransition::Delivered, OrderStatus::Shipped)
            | (StaffTransition::Completed, OrderStatus::Delivered) => None,
            (
                StaffTransition::Cancelled,
                OrderStatus::AwaitingPayment | OrderStatus::Verified | OrderStatus::Processing,
            ) => None,
            // Its payment may still succeed: given up for good, it is undone whenever the provider answers.
            (StaffTransition::Cancelled, OrderStatus::Expired) if self.region().is_open() => None,
            (StaffTransition::Cancelled, OrderStatus::Placing) => Some("the stock has not answered yet".to_owned()),
            (StaffTransition::Cancelled, OrderStatus::PartiallyShipped | OrderStatus::Shipped) => Some(
                "a parcel has left; what it holds can only be returned, and the rest given up by `shipped`".to_owned(),
            ),
            (StaffTransition::Processing, _) => Some(only_from(OrderStatus::Verified, here)),
            (StaffTransition::Shipped, _) => Some(only_from(OrderStatus::PartiallyShipped, here)),
            (StaffTransition::Delivered, _) => Some(only_from(OrderStatus::Shipped, here)),
            (StaffTransition::Completed, _) => Some(only_from(OrderStatus::Delivered, here)),
            (StaffTransition::Cancelled, _) => Some(format!("the order is {}", words(here.name()))),
        }
    }

    fn unpaid(&self) -> String {
        match self.region() {
            PaymentStatus::Failed => "the payment failed; cancel the order or collect the money otherwise".to_owned(),
            region => format!("the payment is {}", words(region.name())),
        }
    }
}

fn only_from(from: OrderStatus, here: OrderStatus) -> String {
    format!("only an order that is {} can; this one is {}", words(from.name()), words(here.name()))
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}
