//! Samples of the order's events.

use std::sync::Arc;

use souk::domain::{
    ids::CartId,
    kinds::AnyEvent,
    order::{Address, CapturePolicy, CheckoutSnapshot, HoldAt, OrderEvent, OrderMail, PaymentUpdate, StaffTransition},
    pricing::{Basket, Quote},
    stock::Share,
};

use super::ids::{AT, eur, fulfilment_id, id, order_id, payment_id, sku, text, units, user_id};

fn placement() -> CheckoutSnapshot {
    let Quote { lines, totals } =
        Basket::new([(sku(), text("T-shirt"), 2, eur(1999))], eur(490), 1900).quote().unwrap();
    CheckoutSnapshot {
        order: order_id(),
        user: user_id(),
        cart: Some(CartId(id(7))),
        email: text("shopper@example.org"),
        shipping_address: Address {
            name: text("Ada Example"),
            line1: text("1 Market Street"),
            line2: None,
            city: text("Köln"),
            region: None,
            postal_code: text("50667"),
            country: text("DE"),
            phone: Some(text("+49 221 1")),
        },
        billing_address: None,
        shipping_method: text("standard"),
        lines,
        totals,
        pay_by: AT,
        capture: CapturePolicy::OnVerified,
        replaces: vec![],
        revivable_until: None,
        hold_at: HoldAt::Checkout,
        share: None,
        mails: false,
        by_account: false,
    }
}

pub fn order() -> Vec<AnyEvent> {
    let (payment, fulfilment) = (payment_id(), fulfilment_id());
    let moved = |news| OrderEvent::PaymentMoved { payment, news };
    let events = [
        OrderEvent::Placed { placement: Arc::new(placement()), at: AT },
        OrderEvent::HoldGranted { sku: sku() },
        OrderEvent::HoldRefused { sku: sku(), available: 1 },
        OrderEvent::HoldCommitted { sku: sku() },
        OrderEvent::HoldLost { sku: sku(), at: AT },
        OrderEvent::HoldReleased { sku: sku() },
        OrderEvent::Reserved,
        OrderEvent::Rejected,
        OrderEvent::Expired { at: AT },
        OrderEvent::PaymentBegun { payment, provider: text("sandbox"), token: text("tok_ok") },
        OrderEvent::PaymentOpened { payment },
        moved(PaymentUpdate::RequiresAction),
        moved(PaymentUpdate::Authorized { amount: eur(4488) }),
        moved(PaymentUpdate::Captured { amount: eur(4488) }),
        moved(PaymentUpdate::Refunded { total: eur(500) }),
        moved(PaymentUpdate::Voided),
        moved(PaymentUpdate::Failed { reason: text("card_declined") }),
        OrderEvent::Revived { payment, at: AT },
        OrderEvent::RevivalFailed { at: AT },
        OrderEvent::Verified { number: 1001, at: AT },
        OrderEvent::CartSettled,
        OrderEvent::CaptureAsked { payment },
        OrderEvent::UnwindAsked { payment },
        OrderEvent::Moved { to: StaffTransition::Processing, at: AT },
        OrderEvent::Moved { to: StaffTransition::Delivered, at: AT },
        OrderEvent::Moved { to: StaffTransition::Completed, at: AT },
        OrderEvent::Moved { to: StaffTransition::Cancelled, at: AT },
        OrderEvent::Fulfilled {
            fulfilment,
            lines: vec![(sku(), units(2))],
            carrier: Some(text("Post")),
            tracking: None,
            at: AT,
        },
        OrderEvent::ParcelShipped { fulfilment, sku: sku() },
        OrderEvent::Superseded { by: order_id(), at: AT },
        OrderEvent::PredecessorGone { order: order_id() },
        OrderEvent::PredecessorPaid { order: order_id() },
        OrderEvent::RestRefundAsked { payment },
        OrderEvent::Moved { to: StaffTransition::Shipped, at: AT },
        OrderEvent::Placed {
            placement: Arc::new(CheckoutSnapshot {
                replaces: vec![order_id()],
                revivable_until: Some(AT),
                ..placement()
            }),
            at: AT,
        },
        OrderEvent::HoldOverShare { sku: sku(), remaining: 3 },
        OrderEvent::PaymentCovered { payment },
        OrderEvent::Placed {
            placement: Arc::new(CheckoutSnapshot {
                hold_at: HoldAt::Payment,
                share: Some(Share { units: 10, percent: 25 }),
                ..placement()
            }),
            at: AT,
        },
        OrderEvent::Placed { placement: Arc::new(CheckoutSnapshot { mails: true, ..placement() }), at: AT },
        OrderEvent::MailQueued { mail: OrderMail::Confirmed },
        OrderEvent::MailQueued { mail: OrderMail::Cancelled },
        OrderEvent::MailQueued { mail: OrderMail::Refunded { total: 500 } },
        OrderEvent::MailQueued { mail: OrderMail::Parcel { fulfilment } },
        OrderEvent::Placed { placement: Arc::new(CheckoutSnapshot { by_account: true, ..placement() }), at: AT },
        OrderEvent::Erased { at: AT },
    ];
    events.into_iter().map(AnyEvent::Order).collect()
}
