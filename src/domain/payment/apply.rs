//! Applies each event to a payment.

use super::{Payment, PaymentEvent, Refund, RefundStatus, Request, Void};
use crate::domain::{ids::RefundId, order::PaymentStatus};

impl Payment {
    pub(super) fn apply_event(&mut self, event: &PaymentEvent) {
        match event {
            PaymentEvent::Opened { payment, order, user, amount, provider, token, at } => {
                self.status = PaymentStatus::Pending;
                self.request = Some(Box::new(Request {
                    payment: *payment,
                    order: *order,
                    user: *user,
                    amount: *amount,
                    provider: provider.clone(),
                    token: token.clone(),
                    at: *at,
                }));
            }
            PaymentEvent::ActionRequired { reference, continue_url } => {
                self.status = PaymentStatus::RequiresAction;
                self.reference = Some(reference.clone());
                self.continue_url = Some(continue_url.clone());
            }
            PaymentEvent::Authorized { reference } => {
                self.authorised = true;
                self.reference = Some(reference.clone());
                if self.status.is_open() {
                    self.status = PaymentStatus::Authorized;
                }
            }
            PaymentEvent::Declined { code } => self.fail(code),
            PaymentEvent::CaptureAsked => self.capture_asked = true,
            PaymentEvent::Captured => (self.status, self.void) = (PaymentStatus::Captured, Void::No),
            PaymentEvent::CaptureFailed { code } => self.fail(code),
            PaymentEvent::UnwindAsked => self.unwind = true,
            PaymentEvent::VoidAsked => self.void = Void::Asked,
            PaymentEvent::Voided => {
                self.void = Void::Done;
                // A failed payment whose late authorisation was voided has still failed.
                if self.status == PaymentStatus::Authorized {
                    self.status = PaymentStatus::Voided;
                }
            }
            PaymentEvent::RefundAsked { refund, amount, reason } => self.refunds.push(Refund {
                id: *refund,
                amount: *amount,
                reason: reason.clone(),
                status: RefundStatus::Pending,
            }),
            PaymentEvent::Refunded { refund } => {
                self.set_refund(*refund, RefundStatus::Done);
                let whole = self.refunded() >= self.amount().amount;
                self.status = if whole { PaymentStatus::Refunded } else { PaymentStatus::PartiallyRefunded };
            }
            PaymentEvent::RefundFailed { refund, .. } => self.set_refund(*refund, RefundStatus::Failed),
            PaymentEvent::OrderNotified { status, refunded } => self.notified = (*status, *refunded),
        }
    }

    fn fail(&mut self, code: &str) {
        self.status = PaymentStatus::Failed;
        self.decline_code = Some(code.to_owned());
    }

    fn set_refund(&mut self, id: RefundId, status: RefundStatus) {
        if let Some(refund) = self.refunds.iter_mut().find(|refund| refund.id == id) {
            refund.status = status;
        }
    }
}
