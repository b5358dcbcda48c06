//! Views for the tests of this room.

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
    live::Committed,
    testing::an_order,
};

pub fn stock(sku: &str, version: u64, available: u64) -> Committed {
    let view = StockView {
        on_hand: available + 2,
        available,
        held: 2,
        threshold: 5,
        received: available + 2,
        ..StockView::default()
    };
    Committed { key: EntityKey::new(Kind::Stock, sku), version, view: AnyView::Stock(view), at: Timestamp(0) }
}

pub fn order_id(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

pub fn order(n: u128, user: UserId) -> Committed {
    order_at(n, user, 1, OrderStatus::AwaitingPayment)
}

pub fn order_at(n: u128, user: UserId, version: u64, lifecycle: OrderStatus) -> Committed {
    let view = an_order().id(order_id(n)).user(user).pay_by(Timestamp(900_000)).status(lifecycle).view();
    Committed {
        key: EntityKey::new(Kind::Order, order_id(n).to_string()),
        version,
        view: AnyView::Order(view),
        at: Timestamp(0),
    }
}
