//! The operators' transitions: one table, which `decide` obeys and the view shows, so that no front computes the rules
//! a second time.

use super::{
    NextTransition, Order, OrderEvent, OrderRejection, OrderStatus, OrderView, PaymentStatus, StaffTransition,
    decide::Decision,
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
        match self.position().blocked_reason(to) {
            None => Ok(vec![OrderEvent::Moved { to, at: now }]),
            Some(reason) => Err(OrderRejection::IllegalMove { from: self.lifecycle, to, reason }),
        }
    }

    fn position(&self) -> Position {
        Position {
            here: self.lifecycle,
            payment: self.region(),
            is_free: self.is_free(),
            writing_off: !self.parcels.is_empty(),
        }
    }
}

impl OrderView {
    /// Built for the answer that shows them: an order is viewed far more often than it is shown.
    pub fn next_transitions(&self) -> Vec<NextTransition> {
        let position = Position {
            here: self.lifecycle,
            payment: self.payment_status,
            is_free: self.is_free(),
            writing_off: self.writing_off,
        };
        let next = |to| {
            let reason = position.blocked_reason(to);
            NextTransition { to, allowed: reason.is_none(), reason }
        };
        StaffTransition::ALL.iter().copied().map(next).collect()
    }
}

/// What the legality of a transition depends on.
struct Position {
    here: OrderStatus,
    payment: PaymentStatus,
    is_free: bool,
    /// A parcel left that the stock has not written off.
    writing_off: bool,
}

impl Position {
    /// Why the transition is not legal now; `None` when it is.
    fn blocked_reason(&self, to: StaffTransition) -> Option<String> {
        let here = self.here;
        if here == to.target() {
            return Some(format!("the order is {} already", words(here.name())));
        }
        match (to, here) {
            (StaffTransition::Processing, OrderStatus::Verified) if self.payment.is_paid() || self.is_free => None,
            (StaffTransition::Processing, OrderStatus::Verified) => Some(self.unpaid()),
            (StaffTransition::Shipped, OrderStatus::PartiallyShipped)
            | (StaffTransition::Delivered, OrderStatus::Shipped)
                if self.writing_off =>
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
            (StaffTransition::Cancelled, OrderStatus::Expired) if self.payment.is_open() => None,
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
        match self.payment {
            PaymentStatus::Failed => "the payment failed; cancel the order or collect the money otherwise".to_owned(),
            payment => format!("the payment is {}", words(payment.name())),
        }
    }
}

fn only_from(from: OrderStatus, here: OrderStatus) -> String {
    format!("only an order that is {} can; this one is {}", words(from.name()), words(here.name()))
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}
