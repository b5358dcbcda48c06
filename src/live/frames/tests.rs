//! The bytes on the wire, for each topic and audience.

use serde_json::{Value, json};

use super::{samples, *};
use crate::domain::{cart::CartView, ids::UserId, key::EntityKey, kinds::Kind};

fn frame(topic: &str, change: &Committed, level: Level, counts: bool) -> Value {
    let parsed = Topic::parse(topic).unwrap();
    serde_json::from_str(encode(&parsed, topic, change, level, counts).unwrap().as_str()).unwrap()
}

#[test]
fn the_public_sees_availability_and_staff_see_counts() {
    let change = samples::stock("TEE", 18, 5);
    let public = json!({"topic": "stock.TEE", "version": 18, "view": {"sku": "TEE", "availability": "low"}});
    assert_eq!(frame("stock.TEE", &change, Level::Public, false), public);
    assert_eq!(frame("stock.TEE", &change, Level::Public, true)["view"]["available"], 5);
    let levels = json!({"topic": "stock", "key": "TEE", "version": 18, "view": {"sku": "TEE", "on_hand": 7, "held": 2,
        "committed": 0, "available": 5, "threshold": 5, "availability": "low"}});
    assert_eq!(frame("stock", &change, Level::Staff, false), levels);
    assert_eq!(frame("stock.TEE", &samples::stock("TEE", 1, 0), Level::Public, false)["view"]["availability"], "out");
    assert_eq!(
        frame("stock.TEE", &samples::stock("TEE", 1, 6), Level::Public, false)["view"]["availability"],
        "in_stock"
    );
}

#[test]
fn an_order_tells_its_hold_only_while_it_awaits_payment() {
    let id = samples::order_id(9).to_string();
    let waiting = frame(&format!("order.{id}"), &samples::order(9, UserId::default()), Level::Public, false);
    assert_eq!(waiting["view"]["hold_expires_at"], "1970-01-01T00:15:00.000Z");
    assert_eq!(waiting["view"]["lifecycle"], "awaiting_payment");
    assert_eq!(waiting["view"]["stock"][0], json!({"sku": "TEE-RED-M", "units": 2, "shipped": 0, "state": "held"}));
    assert_eq!(waiting["view"]["total"], json!({"amount": 2490, "currency": "EUR"}));
    let sold = samples::order_at(9, UserId::default(), 2, OrderStatus::Verified);
    assert_eq!(frame(&format!("order.{id}"), &sold, Level::Public, false)["view"]["hold_expires_at"], Value::Null);
}

#[test]
fn an_order_leaves_the_board_when_it_is_terminal() {
    let open = frame("board", &samples::order(9, UserId::default()), Level::Staff, false);
    assert_eq!((&open["key"], &open["view"]["items"]), (&json!(samples::order_id(9).to_string()), &json!(2)));
    assert_eq!(open.get("gone"), None);
    let ended = samples::order_at(9, UserId::default(), 5, OrderStatus::Cancelled);
    assert_eq!(frame("board", &ended, Level::Staff, false)["gone"], true);
}

#[test]
fn a_cart_carries_its_id_and_not_its_owner() {
    let id = "01920000-0000-7000-8000-000000000001";
    let view = AnyView::Cart(CartView { owner: Some(UserId::default()), ..CartView::default() });
    let change = Committed { key: EntityKey::new(Kind::Cart, id), version: 2, view };
    let shown = json!({"id": id, "lines": [], "total": null, "items": 0});
    assert_eq!(frame(&format!("cart.{id}"), &change, Level::Public, false)["view"], shown);
}

#[test]
fn a_view_of_another_kind_is_no_frame() {
    assert_eq!(encode(&Topic::Board, "board", &samples::stock("TEE", 1, 1), Level::Staff, false), None);
}
