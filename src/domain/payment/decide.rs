//! The shop's commands to a payment, from its order and from operators.

use super::{Payment, PaymentCommand, PaymentEvent, PaymentRejection, Refund, RefundStatus, Request, Void};
use crate::domain::{ids::RefundId, money::Money, order::PaymentStatus, time::Timestamp};

type Decision = Result<Vec<PaymentEvent>, PaymentRejection>;

impl Payment {
    pub(super) fn decide_command(&self, command: &PaymentCommand, now: Timestamp) -> Decision {
        if let PaymentCommand::Open { payment, order, user, amount, provider, token } = command {
            let (provider, token) = (provider.clone(), token.clone());
            let (payment, order, user, amount) = (*payment, *order, *user, *amount);
            return self.open(Request { payment, order, user, amount, provider, token, at: now });
        }
        if self.request.is_none() {
            return Err(PaymentRejection::NotOpened);
        }
        match command {
            // Handled above; for a repetition the result is the same.
            PaymentCommand::Open { .. } => Err(PaymentRejection::AlreadyOpened),
            PaymentCommand::Provider(news) => Ok(self.provider_news(news)),
            PaymentCommand::Capture => self.capture(),
            PaymentCommand::Unwind if self.unwind => Ok(vec![]),
            PaymentCommand::Unwind => Ok(vec![PaymentEvent::UnwindAsked]),
            PaymentCommand::Void => self.ask_void(),
            PaymentCommand::Refund { refund, amount, reason } => self.refund(*refund, *amount, reason),
            PaymentCommand::OrderNotified { status, refunded } => Ok(self.heard(*status, *refunded)),
            PaymentCommand::Wake => Ok(self.wake_up(now)),
        }
    }

    fn open(&self, request: Request) -> Decision {
        match &self.request {
            // `at` alone may differ: it is the same request, later.
            Some(known) if **known == (Request { at: known.at, ..request.clone() }) => Ok(vec![]),
            Some(_) => Err(PaymentRejection::AlreadyOpened),
            None => {
                let Request { payment, order, user, amount, provider, token, at } = request;
                Ok(vec![PaymentEvent::Opened { payment, order, user, amount, provider, token, at }])
            }
        }
    }

    fn capture(&self) -> Decision {
        let status = self.status;
        match status {
            PaymentStatus::Captured | PaymentStatus::PartiallyRefunded => Ok(vec![]),
            PaymentStatus::Authorized if self.void == Void::No && self.capture_asked => Ok(vec![]),
            PaymentStatus::Authorized if self.void == Void::No && !self.unwind => Ok(vec![PaymentEvent::CaptureAsked]),
            PaymentStatus::None
            | PaymentStatus::Pending
            | PaymentStatus::RequiresAction
            | PaymentStatus::Authorized
            | PaymentStatus::Refunded
            | PaymentStatus::Voided
            | PaymentStatus::Failed => Err(PaymentRejection::NotCapturable { status }),
        }
    }

    fn ask_void(&self) -> Decision {
        let status = self.status;
        match (status, self.void) {
            (PaymentStatus::Voided, _) | (PaymentStatus::Authorized, Void::Asked) => Ok(vec![]),
            // The provider has not decided: it is undone whenever it answers.
            (PaymentStatus::Pending | PaymentStatus::RequiresAction, _) if self.unwind => Ok(vec![]),
            (PaymentStatus::Pending | PaymentStatus::RequiresAction, _) => Ok(vec![PaymentEvent::UnwindAsked]),
            // A capture in flight may have succeeded: it has to end first, then it can be refunded.
            (PaymentStatus::Authorized, Void::No) if !self.capture_asked => Ok(vec![PaymentEvent::VoidAsked]),
            (_, Void::No | Void::Asked | Void::Done) => Err(PaymentRejection::NotVoidable { status }),
        }
    }

    fn refund(&self, id: RefundId, amount: Option<Money>, reason: &str) -> Decision {
        if let Some(known) = self.refunds.iter().find(|known| known.id == id) {
            let same = known.reason == reason && amount.is_none_or(|amount| amount == known.amount);
            return if same { Ok(vec![]) } else { Err(PaymentRejection::RefundConflict { refund: id }) };
        }
        if !matches!(self.status, PaymentStatus::Captured | PaymentStatus::PartiallyRefunded) {
            return Err(PaymentRejection::NotRefundable { status: self.status });
        }
        let (refundable, currency) = (self.refundable(), self.amount().currency);
        let amount = amount.unwrap_or(Money::new(refundable, currency));
        if amount.amount <= 0 || amount.amount > refundable {
            return Err(PaymentRejection::RefundsTooMuch { requested: amount.amount, refundable });
        }
        if amount.currency != currency {
            let (refund, payment) = (amount.currency.to_string(), currency.to_string());
            return Err(PaymentRejection::CurrencyMismatch { refund, payment });
        }
        if self.refunds.len() >= Self::REFUNDS_MAX {
            return Err(PaymentRejection::TooManyRefunds { max: Self::REFUNDS_MAX });
        }
        Ok(vec![PaymentEvent::RefundAsked { refund: id, amount, reason: reason.to_owned() }])
    }

    /// A notification of an older status settles nothing: the newest one is still pending.
    fn heard(&self, status: PaymentStatus, refunded: i64) -> Vec<PaymentEvent> {
        let news = (status, refunded);
        match news == (self.status, self.refunded()) && news != self.notified {
            true => vec![PaymentEvent::OrderNotified { status, refunded }],
            false => vec![],
        }
    }

    fn wake_up(&self, now: Timestamp) -> Vec<PaymentEvent> {
        match self.authorize_by() {
            Some(by) if by <= now => vec![PaymentEvent::Declined { code: Self::TIMED_OUT.to_owned() }],
            Some(_) | None => vec![],
        }
    }

    pub(super) fn is_pending(&self, id: RefundId) -> bool {
        let pending = |refund: &Refund| refund.id == id && refund.status == RefundStatus::Pending;
        self.refunds.iter().any(pending)
    }
}
