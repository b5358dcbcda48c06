//! Samples of stock, cart, numbers, payment, note, role, superadmins and erasure.

use souk::domain::{
    cart::{CartEvent, Gift, GiftLine, Item},
    erasure::ErasureEvent,
    ids::{CartId, SessionId},
    key::EntityKey,
    kinds::{AnyEvent, Kind},
    note::NoteEvent,
    numbers::NumbersEvent,
    order::PaymentStatus,
    payment::PaymentEvent,
    personal::Subject,
    role::{RoleEvent, RoleName},
    stock::{StockEvent, StockPolicy},
    superadmins::SuperadminsEvent,
};

use super::ids::{AT, eur, fulfilment_id, id, order_id, payment_id, refund_id, sku, text, units, user_id};

pub fn stock() -> Vec<AnyEvent> {
    let (order, fulfilment) = (order_id(), fulfilment_id());
    let events = [
        StockEvent::Received { units: units(40), reference: Some(text("PO 7")) },
        StockEvent::Received { units: units(1), reference: None },
        StockEvent::Adjusted { delta: -2, reason: text("broken") },
        StockEvent::Held { order, units: units(2), until: AT, attempt: 0 },
        StockEvent::Committed { order },
        StockEvent::Released { order },
        StockEvent::Expired { order },
        StockEvent::Shipped { order, fulfilment, units: units(2) },
        StockEvent::ReturnedToStock { order, units: units(1), reason: text("does not fit") },
        StockEvent::ThresholdSet { units: 5 },
        StockEvent::PolicySet { policy: StockPolicy::Tracked },
        StockEvent::PolicySet { policy: StockPolicy::Untracked },
        StockEvent::PolicySet { policy: StockPolicy::Backorder { up_to: units(10) } },
        StockEvent::HeldFor { order, units: units(2), until: AT, attempt: 1, user: user_id() },
    ];
    events.into_iter().map(AnyEvent::Stock).collect()
}

pub fn cart() -> Vec<AnyEvent> {
    let item = Item { sku: sku(), name: text("T-shirt \"Köln\""), unit_price: eur(1999) };
    let (known, login) = (item.clone(), SessionId(id(40)));
    let events = [
        CartEvent::LineSet { owner: user_id(), item: item.clone(), quantity: 2, at: AT },
        CartEvent::LineRemoved { sku: sku(), at: AT },
        CartEvent::Settled { order: order_id(), bought: vec![(sku(), 2)], at: AT },
        CartEvent::Expired,
        CartEvent::OfferChanged { gone: vec![sku()], back: vec![] },
        CartEvent::CheckoutBegun { order: order_id(), at: AT },
        CartEvent::LinesChanged { owner: Some(user_id()), items: vec![(item, 2)], quantities: vec![], at: AT },
        CartEvent::LinesChanged { owner: None, items: vec![], quantities: vec![(sku(), 3), (sku(), 0)], at: AT },
        CartEvent::GiftBegun {
            gift: Gift {
                login,
                to: CartId(id(7)),
                owner: user_id(),
                lines: vec![GiftLine { item: known.clone(), units: 2, max: 5 }],
            },
            at: AT,
        },
        CartEvent::GiftTaken { login },
        CartEvent::GiftReturned { login },
        CartEvent::LineMerged { login, item: known, wanted: 6, quantity: 5, at: AT },
        CartEvent::Merged { login, owner: user_id(), at: AT },
    ];
    events.into_iter().map(AnyEvent::Cart).collect()
}

pub fn numbers() -> Vec<AnyEvent> {
    vec![AnyEvent::Numbers(NumbersEvent::Allotted { order: order_id(), number: 1001 })]
}

pub fn payment() -> Vec<AnyEvent> {
    let (reference, refund) = (text("sb_1"), refund_id());
    let events = [
        PaymentEvent::Opened {
            payment: payment_id(),
            order: order_id(),
            user: user_id(),
            amount: eur(4997),
            provider: text("sandbox"),
            token: text("tok_ok"),
            at: AT,
        },
        PaymentEvent::ActionRequired { reference: reference.clone(), continue_url: text("https://pay.example/1") },
        PaymentEvent::Authorized { reference },
        PaymentEvent::Declined { code: text("card_declined") },
        PaymentEvent::CaptureAsked,
        PaymentEvent::Captured,
        PaymentEvent::CaptureFailed { code: text("lapsed") },
        PaymentEvent::UnwindAsked,
        PaymentEvent::VoidAsked,
        PaymentEvent::Voided,
        PaymentEvent::RefundAsked { refund, amount: eur(500), reason: text("late") },
        PaymentEvent::Refunded { refund },
        PaymentEvent::RefundFailed { refund, code: text("closed") },
        PaymentEvent::OrderNotified { status: PaymentStatus::PartiallyRefunded, refunded: 500 },
    ];
    events.into_iter().map(AnyEvent::Payment).collect()
}

pub fn note() -> Vec<AnyEvent> {
    let (about, by) = (EntityKey::new(Kind::Order, order_id().to_string()), text("user:1"));
    let events = [NoteEvent::Written { about, text: text("two boxes"), by, at: AT }, NoteEvent::Removed];
    events.into_iter().map(AnyEvent::Note).collect()
}

pub fn role() -> Vec<AnyEvent> {
    let name = RoleName::parse("night-shift").unwrap();
    let permissions = [text("orders.read"), text("orders.fulfil")].into();
    let events = [RoleEvent::Put { name, permissions, description: text("packs at night") }, RoleEvent::Deleted];
    events.into_iter().map(AnyEvent::Role).collect()
}

pub fn erasure() -> Vec<AnyEvent> {
    let asked = |subject| ErasureEvent::Asked { subject, round: 1, at: AT };
    let events = [asked(Subject::User(user_id())), asked(Subject::Order(order_id())), ErasureEvent::Done { at: AT }];
    events.into_iter().map(AnyEvent::Erasure).collect()
}

pub fn superadmins() -> Vec<AnyEvent> {
    let user = user_id();
    let events = [
        SuperadminsEvent::PromotionAsked { user, step: 1 },
        SuperadminsEvent::Promoted { user, step: 1 },
        SuperadminsEvent::PromotionRefused { user, step: 2 },
        SuperadminsEvent::DemotionAsked { user, step: 3 },
        SuperadminsEvent::Demoted { user, step: 3 },
    ];
    events.into_iter().map(AnyEvent::Superadmins).collect()
}
