//! Orders whose stock is held at their payment: placed without a hold, so that an order that nobody pays keeps no units.
//!
//! A payment begins, every SKU is held, and only then its provider is asked (the payment is *covered*). Invariant: no
//! money is authorised before every unit is held. Where a SKU is refused the payment ends unasked and the order is
//! rejected with the numbers, as at checkout; the cart keeps its lines. A payment that is declined gives the units back,
//! and the next one asks the stock again. Deliberately absent: the holds themselves, which are the same as everybody's.

use super::{Attempt, HoldAt, HoldState, Order, OrderEvent, PaymentStatus, PaymentUpdate};

impl Order {
    /// Reasons of a payment that ended before its provider was asked.
    pub const SHORT: &str = "out_of_stock";
    pub const ENDED: &str = "order_ended";

    pub(super) fn is_held_at_payment(&self) -> bool {
        let placement = self.placement.as_deref();
        placement.is_some_and(|placement| placement.hold_at == HoldAt::Payment && !placement.is_free())
    }

    /// A payment waits for the order's stock: its provider was not asked, and there is nothing to undo.
    pub(super) fn uncovered(&self) -> Option<&Attempt> {
        self.payment.as_ref().filter(|payment| !payment.covered && payment.region.is_open())
    }

    /// Whether units are requested now.
    pub(super) fn asks_for_stock(&self) -> bool {
        !self.is_held_at_payment() || self.region().is_open() || self.region().is_paid()
    }

    /// All replies first, as at checkout; units of an earlier payment are on their way back before they are held again.
    pub(super) fn covering(&self, refused: bool) -> Option<OrderEvent> {
        let payment = self.uncovered()?.id;
        if self.any_stock(|state| state.is_wanted() || state == HoldState::Releasing) {
            return None;
        }
        Some(match refused {
            true => self.unasked(Self::SHORT)?,
            false => OrderEvent::PaymentCovered { payment },
        })
    }

    /// Ends a payment whose provider was not asked.
    pub(super) fn unasked(&self, reason: &str) -> Option<OrderEvent> {
        let payment = self.uncovered()?.id;
        Some(OrderEvent::PaymentMoved { payment, news: PaymentUpdate::Failed { reason: reason.to_owned() } })
    }

    /// The units wait for a payment, not for the shopper's next card.
    pub(super) fn give_back_unpaid(&mut self) {
        let ended = matches!(self.region(), PaymentStatus::Failed | PaymentStatus::Voided);
        if ended && self.is_held_at_payment() {
            for line in self.stock.iter_mut().filter(|line| line.state == HoldState::Held) {
                line.state = HoldState::Releasing;
            }
        }
    }
}
