//! The operators' moves: one table, which `decide` obeys and the view shows, so that no front has to
//! compute the rules a second time.

use super::{Lifecycle, Move, NextMove, Order, OrderEvent, OrderRejection, PaymentRegion, decide::Decision};
use crate::domain::time::Timestamp;

impl Move {
    pub const ALL: [Self; 4] = [Self::Processing, Self::Delivered, Self::Completed, Self::Cancelled];

    pub(super) const fn target(self) -> Lifecycle {
        match self {
            Self::Processing => Lifecycle::Processing,
            Self::Delivered => Lifecycle::Delivered,
            Self::Completed => Lifecycle::Completed,
            Self::Cancelled => Lifecycle::Cancelled,
        }
    }
}

impl Order {
    pub(super) fn transition(&self, to: Move, now: Timestamp) -> Decision {
        if self.placement.is_none() {
            return Err(OrderRejection::NotPlaced);
        }
        match self.hindrance(to) {
            None => Ok(vec![OrderEvent::Moved { to, at: now }]),
            Some(reason) => Err(OrderRejection::IllegalMove { from: self.lifecycle, to, reason }),
        }
    }

    pub(super) fn next_moves(&self) -> Vec<NextMove> {
        let next = |to| {
            let reason = self.hindrance(to);
            NextMove { to, allowed: reason.is_none(), reason }
        };
        Move::ALL.into_iter().map(next).collect()
    }

    /// Why the move is not legal now; `None` when it is.
    fn hindrance(&self, to: Move) -> Option<String> {
        let here = self.lifecycle;
        if here == to.target() {
            return Some(format!("the order is {} already", words(here.name())));
        }
        match (to, here) {
            (Move::Processing, Lifecycle::Verified) if self.paid() => None,
            (Move::Processing, Lifecycle::Verified) => Some(self.unpaid()),
            (Move::Delivered, Lifecycle::Shipped) if !self.parcels.is_empty() => {
                Some("the stock is still writing the parcels off".to_owned())
            }
            (Move::Delivered, Lifecycle::Shipped) | (Move::Completed, Lifecycle::Delivered) => None,
            (Move::Cancelled, Lifecycle::AwaitingPayment | Lifecycle::Verified | Lifecycle::Processing) => None,
            (Move::Cancelled, Lifecycle::Placing) => Some("the stock has not answered yet".to_owned()),
            (Move::Cancelled, Lifecycle::PartiallyShipped | Lifecycle::Shipped) => {
                Some("a parcel has left; what it holds can only be returned".to_owned())
            }
            (Move::Processing, _) => Some(only_from(Lifecycle::Verified, here)),
            (Move::Delivered, _) => Some(only_from(Lifecycle::Shipped, here)),
            (Move::Completed, _) => Some(only_from(Lifecycle::Delivered, here)),
            (Move::Cancelled, _) => Some(format!("the order is {}", words(here.name()))),
        }
    }

    fn unpaid(&self) -> String {
        match self.region() {
            PaymentRegion::Failed => "the payment failed; cancel the order or collect the money otherwise".to_owned(),
            region => format!("the payment is {}", words(region.name())),
        }
    }
}

fn only_from(from: Lifecycle, here: Lifecycle) -> String {
    format!("only an order that is {} can; this one is {}", words(from.name()), words(here.name()))
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}
