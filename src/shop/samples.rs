//! Views for the tests of this room, and what they are asked.

use serde_json::Value;
use uuid::Uuid;

use crate::{
    domain::{
        ids::{OrderId, UserId},
        key::EntityKey,
        kinds::{AnyView, Kind},
        order::OrderStatus,
        stock::StockView,
        time::Timestamp,
    },
    live::{Audience, Committed, Detail, TopicError, frames},
    testing::an_order,
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
    let view = an_order().id(order_id(n)).user(user).pay_by(Timestamp(900_000)).status(lifecycle).view();
    Committed { key: EntityKey::new(Kind::Order, order_id(n).to_string()), version, view: AnyView::Order(view) }
}
