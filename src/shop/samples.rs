//! Views for the tests of this room, and what they are asked.

use std::sync::Arc;

use serde_json::Value;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{OrderId, Sku, UserId},
        key::EntityKey,
        kinds::{AnyView, Kind},
        money::{Currency, Money},
        order::{
            Address, CapturePolicy, CheckoutSnapshot, HoldState, OrderStatus, OrderStockLine, OrderView, PaymentStatus,
        },
        pricing::{Line, Totals},
        stock::StockView,
        time::Timestamp,
    },
    live::{Audience, Committed, Detail, TopicError, frames},
};

/// The frame of a change as a client reads it.
pub fn frame(topic: &str, change: &Committed, detail: Detail, counts: bool) -> Value {
    let topic = super::topics(counts).parse(topic).unwrap();
    serde_json::from_slice(frames::encode(&topic, change, detail).unwrap().text.as_bytes()).unwrap()
}

/// The owner and staff may; to all others it looks as if there were nothing.
pub fn nobody_else_may_listen(topic: &str, owner: UserId, current: &Committed) {
    let topic = super::topics(false).parse(topic).unwrap();
    let of = |user: u128| Audience { user: Some(UserId(Uuid::from_u128(user))), ..Audience::default() };
    let staff = Audience { staff: true, ..Audience::default() };
    for friend in [Audience { user: Some(owner), ..Audience::default() }, staff] {
        assert_eq!(topic.may_listen(&friend, Some(current)), Ok(()));
    }
    for stranger in [Audience::default(), of(owner.0.as_u128() + 1)] {
        assert_eq!(topic.may_listen(&stranger, Some(current)), Err(TopicError::NotFound));
        assert_eq!(topic.may_listen(&stranger, None), Err(TopicError::NotFound));
    }
}

pub fn stock(sku: &str, version: u64, available: u64) -> Committed {
    let view = StockView {
        on_hand: available + 2,
        available,
        held: 2,
        threshold: 5,
        received: available + 2,
        ..StockView::default()
    };
    Committed { key: EntityKey::new(Kind::Stock, sku), version, view: AnyView::Stock(view) }
}

pub fn order_id(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

pub fn order(n: u128, user: UserId) -> Committed {
    order_at(n, user, 1, OrderStatus::AwaitingPayment)
}

pub fn order_at(n: u128, user: UserId, version: u64, lifecycle: OrderStatus) -> Committed {
    let eur = |amount| Money { amount, currency: Currency::EUR };
    let sku = Sku::parse("TEE-RED-M").unwrap();
    let line = Line {
        sku: sku.clone(),
        name: "Tee".into(),
        quantity: 2,
        unit_price: eur(1000),
        line_total: eur(2000),
        tax: eur(319),
    };
    let address = Address {
        name: "A".into(),
        line1: "B".into(),
        line2: None,
        city: "C".into(),
        region: None,
        postal_code: "1".into(),
        country: "DE".into(),
        phone: None,
    };
    let placement = CheckoutSnapshot {
        order: order_id(n),
        user,
        cart: None,
        email: "a@example.org".into(),
        shipping_address: address,
        billing_address: None,
        shipping_method: "standard".into(),
        lines: vec![line],
        totals: Totals { items: eur(2000), shipping: eur(490), discount: eur(0), tax: eur(398), total: eur(2490) },
        pay_by: Timestamp(900_000),
        capture: CapturePolicy::OnVerified,
    };
    let view = OrderView {
        lifecycle,
        payment_status: PaymentStatus::None,
        payment: None,
        number: None,
        placement: Some(Arc::new(placement)),
        placed_at: Timestamp(0),
        stock: vec![OrderStockLine { sku, units: 2, shipped: 0, state: HoldState::Held }],
        fulfilments: vec![],
        next: vec![],
        settled: false,
    };
    Committed { key: EntityKey::new(Kind::Order, order_id(n).to_string()), version, view: AnyView::Order(view) }
}
