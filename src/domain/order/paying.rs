//! The order's side of a payment: one attempt at a time, and updates that only count forwards.

use super::{Attempt, Order, OrderEvent, OrderRejection, OrderStatus, PaymentStatus, PaymentUpdate, decide::Decision};
use crate::domain::{ids::PaymentId, time::Timestamp};

impl Order {
    pub(super) fn begin_payment(&self, id: PaymentId, provider: &str, token: &str, now: Timestamp) -> Decision {
        if self.placement.is_none() {
            return Err(OrderRejection::NotPlaced);
        }
        if self.former.contains(&id) {
            return Ok(vec![]);
        }
        if let Some(payment) = self.payment.as_ref().filter(|payment| payment.id == id) {
            return match payment.provider == provider && payment.token == token {
                true => Ok(vec![]),
                false => Err(OrderRejection::PaymentUnderWay { payment: id }),
            };
        }
        if self.number.is_some() && !self.lifecycle.is_given_up() || self.paid() {
            return Err(OrderRejection::AlreadyPaid);
        }
        // The alarm may be late; its decision holds already.
        let overdue = self.expires_at().is_some_and(|pay_by| pay_by <= now);
        let lifecycle = if overdue { OrderStatus::Expired } else { self.lifecycle };
        if lifecycle != OrderStatus::AwaitingPayment {
            return Err(OrderRejection::NotPayable { lifecycle });
        }
        match &self.payment {
            Some(payment) if payment.region.is_open() => {
                return Err(OrderRejection::PaymentUnderWay { payment: payment.id });
            }
            Some(_) | None => {}
        }
        if self.former.len() + 1 >= Self::PAYMENTS_MAX {
            return Err(OrderRejection::TooMany { what: "payments of one order".to_owned(), max: Self::PAYMENTS_MAX });
        }
        Ok(vec![OrderEvent::PaymentBegun { payment: id, provider: provider.to_owned(), token: token.to_owned() }])
    }

    pub(super) fn payment_news(&self, id: PaymentId, news: &PaymentUpdate, now: Timestamp) -> Decision {
        if self.placement.is_none() {
            return Err(OrderRejection::NotPlaced);
        }
        if self.former.contains(&id) {
            return Ok(vec![]);
        }
        let unknown = OrderRejection::UnknownPayment { payment: id };
        let payment = self.payment.as_ref().filter(|payment| payment.id == id).ok_or(unknown)?;
        if !self.is_news(payment, news) {
            return Ok(vec![]);
        }
        // The alarm may be days late, after an outage: then the expiry comes first.
        let overdue = self.expires_at().filter(|_| self.revivable_until() < now && self.region_after(news).is_paid());
        let mut events: Vec<_> = overdue.map(|_| OrderEvent::Expired { at: now }).into_iter().collect();
        events.push(OrderEvent::PaymentMoved { payment: id, news: news.clone() });
        Ok(events)
    }

    fn is_news(&self, payment: &Attempt, news: &PaymentUpdate) -> bool {
        let forward = payment.region.precedes(self.region_after(news));
        match news {
            PaymentUpdate::Refunded { total } => forward && total.amount > payment.refunded,
            PaymentUpdate::RequiresAction
            | PaymentUpdate::Authorized { .. }
            | PaymentUpdate::Captured { .. }
            | PaymentUpdate::Voided
            | PaymentUpdate::Failed { .. } => forward,
        }
    }

    pub(super) fn region_after(&self, news: &PaymentUpdate) -> PaymentStatus {
        match news {
            PaymentUpdate::RequiresAction => PaymentStatus::RequiresAction,
            PaymentUpdate::Authorized { .. } => PaymentStatus::Authorized,
            PaymentUpdate::Captured { .. } => PaymentStatus::Captured,
            PaymentUpdate::Refunded { total } => {
                let whole = self.placement.as_ref().map_or(0, |placement| placement.totals.total.amount);
                if total.amount < whole { PaymentStatus::PartiallyRefunded } else { PaymentStatus::Refunded }
            }
            PaymentUpdate::Voided => PaymentStatus::Voided,
            PaymentUpdate::Failed { .. } => PaymentStatus::Failed,
        }
    }

    pub(super) fn payment_opened(&self, id: PaymentId) -> Vec<OrderEvent> {
        self.once(id, |payment| !payment.opened, OrderEvent::PaymentOpened { payment: id })
    }

    pub(super) fn capture_asked(&self, id: PaymentId) -> Vec<OrderEvent> {
        // If the update overtook this outcome there is nothing to remember: only an authorised payment is captured.
        let new = |payment: &Attempt| !payment.capture_asked && payment.region == PaymentStatus::Authorized;
        self.once(id, new, OrderEvent::CaptureAsked { payment: id })
    }

    pub(super) fn unwind_asked(&self, id: PaymentId) -> Vec<OrderEvent> {
        self.once(id, |payment| !payment.unwind_asked, OrderEvent::UnwindAsked { payment: id })
    }

    fn once(&self, id: PaymentId, new: impl Fn(&Attempt) -> bool, event: OrderEvent) -> Vec<OrderEvent> {
        let payment = self.payment.as_ref().filter(|payment| payment.id == id);
        payment.filter(|payment| new(payment)).map(|_| event).into_iter().collect()
    }
}
