//! Views for the tests of this room, and their shared checks.

use serde_json::{Value, json};
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
    identity::PermissionSet,
    live::{Audience, Committed, Sight, Text, TopicError, Topics, frames},
    shop::Front,
    testing::an_order,
};

/// Every topic of the shop.
pub fn topics(public_stock_counts: bool) -> Topics {
    super::topics(&Front::empty(public_stock_counts))
}

/// The frame of a change, parsed as by a client.
pub fn frame(topic: &str, change: &Committed, sight: Sight, counts: bool) -> Value {
    let topic = topics(counts).parse(topic).unwrap();
    serde_json::from_slice(frames::encode(&topic, change, sight).unwrap().text.as_bytes()).unwrap()
}

/// The whole live protocol by example.
pub fn live_protocol() -> Value {
    let (user, id) = (UserId::default(), order_id(9).to_string());
    let cart_id = "01920000-0000-7000-8000-000000000001";
    let cart = Committed {
        key: EntityKey::new(Kind::Cart, cart_id),
        version: 2,
        view: AnyView::Cart(crate::domain::cart::CartView { owner: Some(user), ..Default::default() }),
    };
    let staff = Sight::with(PermissionSet::ALL);
    let waiting = order(9, user);
    let ended = order_at(9, user, 5, OrderStatus::Cancelled);
    let cart_topic = format!("cart.{cart_id}");
    let order_topic = format!("order.{id}");
    let error = |topic, code, message| text(frames::error(topic, code, message));
    json!({
        "topics": crate::http::docs::admitted(&topics(false)),
        "client": [
            {"op": "subscribe", "topics": ["stock.TEE", order_topic], "since": {"stock.TEE": 17}},
            {"op": "unsubscribe", "topics": ["stock.TEE"]},
            {"op": "authenticate", "access_token": "..."},
            {"op": "ping"},
        ],
        "frames": {
            "stock.<sku>, everybody": frame("stock.TEE", &stock("TEE", 18, 5), Sight::default(), false),
            "stock.<sku>, where counts are public": frame("stock.TEE", &stock("TEE", 18, 5), Sight::default(), true),
            "stock.<sku>, staff": frame("stock.TEE", &stock("TEE", 18, 5), staff, false),
            "stock, staff": frame("stock", &stock("TEE", 18, 5), staff, false),
            "cart.<id>": frame(&cart_topic, &cart, Sight::default(), false),
            "order.<id>": frame(&order_topic, &waiting, Sight::OWN, false),
            "board, staff": frame("board", &waiting, staff, false),
            "board, staff, an order that has ended": frame("board", &ended, staff, false),
        },
        "server": [
            error(Some("order.x"), "bad_topic", "..."),
            error(None, "slow_down", "..."),
            text(frames::reset(&topics(false).parse("board").unwrap())),
            {"op": "authenticated"},
            {"op": "pong"},
        ],
        "refusals": ["bad_topic", "not_found", "staff_only", "too_many_topics", "bad_message", "unauthorized", "slow_down"],
    })
}

fn text(frame: Text) -> Value {
    serde_json::from_slice(frame.as_bytes()).unwrap()
}

/// The owner and staff may subscribe; for all others the entity does not exist.
pub fn nobody_else_may_listen(topic: &str, owner: UserId, current: &Committed) {
    let topic = topics(false).parse(topic).unwrap();
    let of = |user: u128| Audience { user: Some(UserId(Uuid::from_u128(user))), ..Audience::default() };
    let staff = Audience { permissions: PermissionSet::ALL, ..Audience::default() };
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
