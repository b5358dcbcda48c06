//! An unsold order's money goes back by itself, decided in the same append as the event that causes it. Authorised:
//! void. Waiting for the shopper: failed at once, and voided should the shopper still agree. Being captured: wait for the
//! capture, then refund. Captured: refund.

use uuid::Uuid;

use super::{Payment, PaymentEvent, Void};
use crate::domain::{entity::Entity, ids::RefundId, money::Money, order::PaymentStatus};

impl Payment {
    /// The reason of refunds that unwinding asks for.
    pub const UNSOLD: &str = "the order was not sold";

    pub(super) fn with_consequences(&self, mut events: Vec<PaymentEvent>) -> Vec<PaymentEvent> {
        if events.is_empty() {
            return events;
        }
        let mut draft = self.clone();
        events.iter().for_each(|event| draft.apply(event));
        // A challenge is declined once, a void is requested once and a refund leaves nothing refundable, so this ends.
        while let Some(event) = draft.consequence() {
            draft.apply(&event);
            events.push(event);
        }
        events
    }

    fn consequence(&self) -> Option<PaymentEvent> {
        // Nobody waits for the shopper's answer any more; should it come, it is an authorisation that came too late.
        if self.unwind && self.status == PaymentStatus::RequiresAction {
            return Some(PaymentEvent::Declined { code: Self::GIVEN_UP.to_owned() });
        }
        let late = self.status == PaymentStatus::Failed && self.authorised && !self.capture_asked;
        let unsold = self.status == PaymentStatus::Authorized && self.unwind && !self.capture_asked;
        if (late || unsold) && self.void == Void::No {
            return Some(PaymentEvent::VoidAsked);
        }
        let asked = self.refunds.iter().filter(|refund| refund.reason == Self::UNSOLD).count();
        if !self.unwind || self.refundable() <= 0 || asked >= Self::UNWINDS_MAX {
            return None;
        }
        let amount = Money::new(self.refundable(), self.amount().currency);
        Some(PaymentEvent::RefundAsked { refund: self.unwind_id(asked)?, amount, reason: Self::UNSOLD.to_owned() })
    }

    /// Made from the payment's id, since the domain has no random numbers: a replay makes the same.
    fn unwind_id(&self, asked: usize) -> Option<RefundId> {
        let payment = self.request.as_ref()?.payment;
        Some(RefundId(Uuid::new_v5(&payment.0, format!("unwind/{asked}").as_bytes())))
    }
}
