//! What a payment's events state for their order, and what of the order they rest on.

use super::{Payment, PaymentEvent};
use crate::domain::{key::EntityKey, kinds::Kind, order, rests::Rest};

pub const OPENED: &str = "opened";
pub const CAPTURE_ASKED: &str = "capture_asked";
pub const UNWIND_ASKED: &str = "unwind_asked";

pub(super) fn stated(event: &PaymentEvent) -> Option<&'static str> {
    match event {
        PaymentEvent::Opened { .. } => Some(OPENED),
        PaymentEvent::CaptureAsked => Some(CAPTURE_ASKED),
        PaymentEvent::UnwindAsked => Some(UNWIND_ASKED),
        PaymentEvent::ActionRequired { .. }
        | PaymentEvent::Authorized { .. }
        | PaymentEvent::Declined { .. }
        | PaymentEvent::Captured
        | PaymentEvent::CaptureFailed { .. }
        | PaymentEvent::VoidAsked
        | PaymentEvent::Voided
        | PaymentEvent::RefundAsked { .. }
        | PaymentEvent::Refunded { .. }
        | PaymentEvent::RefundFailed { .. }
        | PaymentEvent::OrderNotified { .. } => None,
    }
}

impl Payment {
    pub(super) fn outcomes_of_order(&self, event: &PaymentEvent) -> Vec<Rest> {
        let (PaymentEvent::OrderNotified { status, refunded }, Some(request)) = (event, &self.request) else {
            return Vec::new();
        };
        let order = EntityKey::new(Kind::Order, request.order.to_string());
        // An order that had moved on records nothing.
        vec![Rest::on(order, order::rests::heard(request.payment, *status, *refunded)).perhaps()]
    }
}
