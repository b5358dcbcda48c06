//! The outcomes that an order's events rest on, and what they state for its payment.

use super::{Order, OrderEvent, PaymentStatus, PaymentUpdate};
use crate::domain::{
    cart::Cart,
    ids::{CartId, OrderId, PaymentId, Sku},
    key::EntityKey,
    kinds::Kind,
    mail::Mail,
    numbers::Numbers,
    payment,
    rests::Rest,
    stock,
};

/// The order has recorded this status of the payment.
pub fn heard(payment: PaymentId, status: PaymentStatus, refunded: i64) -> String {
    format!("heard/{payment}/{}/{refunded}", status.name())
}

/// The order was given up for a newer one of its cart.
fn superseded(by: OrderId) -> String {
    format!("superseded/{by}")
}

fn of_stock(sku: &Sku, what: String) -> Rest {
    Rest::on(EntityKey::new(Kind::Stock, sku.as_str()), what)
}

fn of_payment(payment: PaymentId, what: &str) -> Rest {
    Rest::on(EntityKey::new(Kind::Payment, payment.to_string()), what.to_owned())
}

fn of_cart(cart: CartId, what: String) -> Rest {
    Rest::on(EntityKey::new(Kind::Cart, cart.to_string()), what)
}

impl Order {
    pub(super) fn stated(&self, event: &OrderEvent) -> Option<String> {
        if let OrderEvent::Superseded { by, .. } = event {
            return Some(superseded(*by));
        }
        let OrderEvent::PaymentMoved { payment, news } = event else { return None };
        let refunded = match news {
            PaymentUpdate::Refunded { total } => total.amount,
            PaymentUpdate::RequiresAction
            | PaymentUpdate::Authorized { .. }
            | PaymentUpdate::Captured { .. }
            | PaymentUpdate::Voided
            | PaymentUpdate::Failed { .. } => 0,
        };
        Some(heard(*payment, self.region_after(news), refunded))
    }

    pub(super) fn outcomes(&self, event: &OrderEvent) -> Vec<Rest> {
        let Some(placement) = &self.placement else { return Vec::new() };
        let order = placement.order;
        let attempt = |sku: &Sku| self.stock.iter().find(|line| line.sku == *sku).map_or(0, |line| line.attempt);
        let rest = match event {
            OrderEvent::HoldGranted { sku } => of_stock(sku, stock::rests::held(order)).nth(attempt(sku)),
            OrderEvent::HoldCommitted { sku } => of_stock(sku, stock::rests::committed(order)),
            // A hold that has expired, or never was, is released without an event.
            OrderEvent::HoldReleased { sku } => {
                of_stock(sku, stock::rests::released(order)).nth(attempt(sku)).perhaps()
            }
            OrderEvent::ParcelShipped { fulfilment, sku } => of_stock(sku, stock::rests::shipped(*fulfilment)),
            OrderEvent::Verified { number, .. } => {
                Rest::on(EntityKey::new(Kind::Numbers, Numbers::ID), Numbers::allotted_to(order, *number))
            }
            OrderEvent::CartSettled => match placement.cart {
                Some(cart) => of_cart(cart, Cart::settled_for(order)),
                None => return Vec::new(),
            },
            OrderEvent::PaymentOpened { payment } => of_payment(*payment, payment::rests::OPENED),
            // A payment that cannot be captured or undone any more accepts in silence.
            OrderEvent::CaptureAsked { payment } => of_payment(*payment, payment::rests::CAPTURE_ASKED).perhaps(),
            OrderEvent::UnwindAsked { payment } => of_payment(*payment, payment::rests::UNWIND_ASKED).perhaps(),
            // An order that was given up before accepts in silence.
            OrderEvent::PredecessorGone { order: older } => {
                Rest::on(EntityKey::new(Kind::Order, older.to_string()), superseded(order)).perhaps()
            }
            OrderEvent::MailQueued { mail } => Rest::on(mail.id(order).key(), Mail::QUEUED.to_owned()),
            // A payment's update is a command that the payment's effect sent: its id names its cause.
            OrderEvent::PaymentMoved { .. }
            | OrderEvent::Placed { .. }
            | OrderEvent::HoldRefused { .. }
            | OrderEvent::HoldOverShare { .. }
            | OrderEvent::HoldLost { .. }
            | OrderEvent::Reserved
            | OrderEvent::Rejected
            | OrderEvent::Expired { .. }
            | OrderEvent::PaymentBegun { .. }
            | OrderEvent::PaymentCovered { .. }
            | OrderEvent::Erased { .. }
            | OrderEvent::Revived { .. }
            | OrderEvent::RevivalFailed { .. }
            | OrderEvent::Moved { .. }
            | OrderEvent::Fulfilled { .. }
            | OrderEvent::Superseded { .. }
            | OrderEvent::PredecessorPaid { .. }
            | OrderEvent::RestRefundAsked { .. } => return Vec::new(),
        };
        vec![rest]
    }
}
