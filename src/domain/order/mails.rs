//! The mails that an order owes its shopper, each until it is queued.
//!
//! Owed from the event on that is told of, so that a crash loses none, and named by it, so that none is queued twice.
//! Only where the placement says so: an order of before mails existed owes none. Deliberately absent: mails of orders
//! that were never sold (their shopper stands in front of the page), except that money came back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{CheckoutSnapshot, Fulfilment, Order, OrderEffect, OrderEvent, PaymentUpdate, StaffTransition};
use crate::domain::{
    ids::{FulfilmentId, MailId, OrderId, Sku},
    mail::{Letter, LetterLine, ParcelLine, Says},
    money::Money,
    pricing::Line,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderMail {
    Confirmed,
    Cancelled,
    /// Given back so far, in minor units.
    Refunded {
        total: i64,
    },
    Parcel {
        fulfilment: FulfilmentId,
    },
}

impl OrderMail {
    /// Frozen: a mail's id is made of it.
    pub fn purpose(&self) -> String {
        match self {
            Self::Confirmed => "confirmed".to_owned(),
            Self::Cancelled => "cancelled".to_owned(),
            Self::Refunded { total } => format!("refunded/{total}"),
            Self::Parcel { fulfilment } => format!("parcel/{fulfilment}"),
        }
    }

    pub fn id(&self, order: OrderId) -> MailId {
        MailId::of(order.0, &self.purpose())
    }
}

impl Order {
    /// After `event` was applied. Bounded by the parcels and refunds that an order may have.
    pub(super) fn owe_mail(&mut self, event: &OrderEvent) {
        if self.erased || !self.placement.as_ref().is_some_and(|placement| placement.mails) {
            return;
        }
        let mail = match event {
            OrderEvent::Verified { .. } => OrderMail::Confirmed,
            OrderEvent::Moved { to: StaffTransition::Cancelled, .. } if self.number.is_some() => OrderMail::Cancelled,
            OrderEvent::PaymentMoved { news: PaymentUpdate::Refunded { total }, .. } => {
                OrderMail::Refunded { total: total.amount }
            }
            OrderEvent::Fulfilled { fulfilment, .. } => OrderMail::Parcel { fulfilment: *fulfilment },
            OrderEvent::MailQueued { mail } => {
                self.mails.retain(|owed| owed != mail);
                return;
            }
            OrderEvent::Placed { .. }
            | OrderEvent::HoldGranted { .. }
            | OrderEvent::HoldRefused { .. }
            | OrderEvent::HoldCommitted { .. }
            | OrderEvent::HoldLost { .. }
            | OrderEvent::HoldReleased { .. }
            | OrderEvent::Reserved
            | OrderEvent::Rejected
            | OrderEvent::Expired { .. }
            | OrderEvent::PaymentBegun { .. }
            | OrderEvent::PaymentOpened { .. }
            | OrderEvent::PaymentMoved { .. }
            | OrderEvent::Revived { .. }
            | OrderEvent::RevivalFailed { .. }
            | OrderEvent::CartSettled
            | OrderEvent::CaptureAsked { .. }
            | OrderEvent::UnwindAsked { .. }
            | OrderEvent::Moved { .. }
            | OrderEvent::ParcelShipped { .. }
            | OrderEvent::Superseded { .. }
            | OrderEvent::PredecessorGone { .. }
            | OrderEvent::PredecessorPaid { .. }
            | OrderEvent::RestRefundAsked { .. }
            | OrderEvent::HoldOverShare { .. }
            | OrderEvent::PaymentCovered { .. }
            | OrderEvent::Erased { .. } => return,
        };
        self.mails.push(mail);
    }

    pub(super) fn pending_mails(&self) -> impl Iterator<Item = OrderEffect> {
        self.placement.iter().flat_map(move |placement| {
            self.mails.iter().filter_map(move |owed| {
                let says = self.says(placement, owed)?;
                let of = (!placement.by_account).then_some(placement.order);
                let letter = Letter { to: placement.email.clone(), user: placement.user, says, of };
                Some(OrderEffect::QueueMail { order: placement.order, mail: owed.clone(), letter: Arc::new(letter) })
            })
        })
    }

    pub(super) fn mail_queued(&self, mail: &OrderMail) -> Vec<OrderEvent> {
        self.mails.contains(mail).then(|| OrderEvent::MailQueued { mail: mail.clone() }).into_iter().collect()
    }

    /// `None` for what an order without a number never owes.
    fn says(&self, placement: &CheckoutSnapshot, owed: &OrderMail) -> Option<Says> {
        let (order, totals) = (placement.order, placement.totals);
        Some(match owed {
            OrderMail::Confirmed => {
                Says::OrderConfirmed { order, number: self.number?, lines: bought(placement), totals }
            }
            OrderMail::Cancelled => Says::OrderCancelled { order, number: self.number?, paid: !placement.is_free() },
            OrderMail::Refunded { total } => {
                Says::OrderRefunded { order, number: self.number, total: Money::new(*total, totals.total.currency) }
            }
            OrderMail::Parcel { fulfilment } => {
                let parcel = self.fulfilments.iter().find(|known| known.id == *fulfilment)?;
                let (carrier, tracking) = (parcel.carrier.clone(), parcel.tracking.clone());
                Says::ParcelSent { order, number: self.number?, parcel: sent(placement, parcel), carrier, tracking }
            }
        })
    }
}

fn bought(placement: &CheckoutSnapshot) -> Vec<LetterLine> {
    let line = |line: &Line| LetterLine { name: line.name.clone(), units: line.quantity, price: line.line_total };
    placement.lines.iter().map(line).collect()
}

fn sent(placement: &CheckoutSnapshot, parcel: &Fulfilment) -> Vec<ParcelLine> {
    let name = |sku: &Sku| placement.lines.iter().find(|line| line.sku == *sku).map(|line| line.name.clone());
    let lines = parcel.lines.iter();
    lines
        .map(|(sku, units)| ParcelLine { name: name(sku).unwrap_or_else(|| sku.to_string()), units: units.get() })
        .collect()
}
