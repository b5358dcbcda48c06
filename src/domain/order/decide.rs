//! The list of an order's commands. An outcome of a pending effect is never refused: for a late or repeated outcome the
//! order has moved on, and the decision is no event.

use super::{HoldState, Order, OrderCommand, OrderEvent, OrderRejection, OrderStatus};
use crate::domain::time::Timestamp;

pub(super) type Decision = Result<Vec<OrderEvent>, OrderRejection>;

impl Order {
    pub(super) fn decide_command(&self, command: &OrderCommand, now: Timestamp) -> Decision {
        match command {
            OrderCommand::Place(placement) => self.place(placement, now),
            OrderCommand::HoldGranted { sku, attempt } => Ok(self.hold_granted(sku, *attempt)),
            OrderCommand::HoldRefused { sku, available, attempt } => Ok(self.hold_refused(sku, *available, *attempt)),
            OrderCommand::HoldOverShare { sku, remaining, attempt } => {
                Ok(self.hold_over_share(sku, *remaining, *attempt))
            }
            OrderCommand::HoldCommitted { sku, attempt } => Ok(self.hold_committed(sku, *attempt)),
            OrderCommand::HoldGone { sku, attempt } => Ok(self.hold_gone(sku, *attempt, now)),
            OrderCommand::HoldReleased { sku, attempt } => Ok(self.hold_released(sku, *attempt)),
            OrderCommand::NumberAllotted { number } => Ok(self.number_allotted(*number, now)),
            OrderCommand::CartSettled => Ok(self.cart_settled()),
            OrderCommand::ParcelShipped { fulfilment, sku } => Ok(self.parcel_shipped(*fulfilment, sku)),
            OrderCommand::PaymentOpened { payment } => Ok(self.payment_opened(*payment)),
            OrderCommand::CaptureAsked { payment } => Ok(self.capture_asked(*payment)),
            OrderCommand::PaymentUnwinding { payment } => Ok(self.unwind_asked(*payment)),
            OrderCommand::BeginPayment { payment, provider, token } => {
                self.begin_payment(*payment, provider, token, now)
            }
            OrderCommand::PaymentUpdate { payment, news } => self.payment_news(*payment, news, now),
            OrderCommand::Transition { to } => self.transition(*to, now),
            OrderCommand::Fulfil { fulfilment, lines, carrier, tracking } => {
                self.fulfil(*fulfilment, lines, carrier, tracking, now)
            }
            OrderCommand::RestRefundAsked { payment } => Ok(self.rest_refund_asked(*payment)),
            OrderCommand::GiveUp { by } => self.give_up_for(*by, now),
            OrderCommand::PredecessorGone { order } => Ok(self.predecessor_gone(*order)),
            OrderCommand::PredecessorPaid { order } => Ok(self.predecessor_paid(*order)),
            OrderCommand::MailQueued { mail } => Ok(self.mail_queued(mail)),
            OrderCommand::Erase => self.erase(now),
            OrderCommand::Wake => Ok(self.wake_up(now)),
        }
    }

    fn erase(&self, now: Timestamp) -> Decision {
        match &self.placement {
            None => Ok(vec![]),
            Some(_) if self.erased => Ok(vec![]),
            Some(_) if self.lifecycle.needs_its_person() => Err(OrderRejection::UnderWay { lifecycle: self.lifecycle }),
            Some(_) => Ok(vec![OrderEvent::Erased { at: now }]),
        }
    }

    fn wake_up(&self, now: Timestamp) -> Vec<OrderEvent> {
        match self.expires_at() {
            Some(pay_by) if pay_by <= now => vec![OrderEvent::Expired { at: now }],
            Some(_) | None => vec![],
        }
    }

    fn number_allotted(&self, number: u64, now: Timestamp) -> Vec<OrderEvent> {
        match self.lacks_only_its_number() {
            true => vec![OrderEvent::Verified { number, at: now }],
            false => vec![],
        }
    }

    /// Paid, and every unit committed: from now on the order is not undone by itself.
    pub(super) fn lacks_only_its_number(&self) -> bool {
        self.lifecycle == OrderStatus::AwaitingPayment && self.paid() && self.all_stock(HoldState::Committed)
    }
}
