//! The provider's events, by answer or by webhook: late, twice or out of order. An event that does not move the payment
//! forwards is never refused and records nothing.

use super::{Payment, PaymentEvent, ProviderEvent, Void};
use crate::domain::order::PaymentStatus;

impl Payment {
    pub(super) fn provider_news(&self, news: &ProviderEvent) -> Vec<PaymentEvent> {
        self.moved_by(news).into_iter().collect()
    }

    fn moved_by(&self, news: &ProviderEvent) -> Option<PaymentEvent> {
        let authorized = self.status == PaymentStatus::Authorized;
        match news {
            ProviderEvent::RequiresAction { reference, continue_url } => {
                let (reference, continue_url) = (reference.clone(), continue_url.clone());
                let pending = self.status == PaymentStatus::Pending;
                pending.then_some(PaymentEvent::ActionRequired { reference, continue_url })
            }
            // Also on a failed payment, once: that authorisation has to be voided.
            ProviderEvent::Authorized { reference } => {
                let waited_for = self.status.is_open() || self.status == PaymentStatus::Failed;
                (waited_for && !self.authorised).then(|| PaymentEvent::Authorized { reference: reference.clone() })
            }
            ProviderEvent::Declined { code } => {
                self.status.is_open().then(|| PaymentEvent::Declined { code: code.clone() })
            }
            // A void in flight may lose against the capture; the money is then taken, regardless of the sender.
            ProviderEvent::Captured => authorized.then_some(PaymentEvent::Captured),
            ProviderEvent::Voided => (authorized || self.void == Void::Asked).then_some(PaymentEvent::Voided),
            ProviderEvent::CaptureFailed { .. } if self.void == Void::Asked => Some(PaymentEvent::Voided),
            ProviderEvent::CaptureFailed { code } => {
                (authorized && self.capture_asked).then(|| PaymentEvent::CaptureFailed { code: code.clone() })
            }
            ProviderEvent::Refunded { refund } => {
                self.is_pending(*refund).then_some(PaymentEvent::Refunded { refund: *refund })
            }
            ProviderEvent::RefundFailed { refund, code } => {
                self.is_pending(*refund).then(|| PaymentEvent::RefundFailed { refund: *refund, code: code.clone() })
            }
        }
    }
}
