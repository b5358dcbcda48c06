//! The bytes of an order on the wire, the permission to subscribe, and the board's contents.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    domain::ids::UserId,
    identity::PermissionSet,
    shop::samples::{self, frame},
};

#[test]
fn an_order_tells_its_hold_only_while_it_awaits_payment() {
    let topic = format!("order.{}", samples::order_id(9));
    let waiting = frame(&topic, &samples::order(9, UserId::default()), Sight::own(), false);
    assert_eq!(waiting["view"]["hold_expires_at"], "1970-01-01T00:15:00.000Z");
    assert_eq!(waiting["view"]["status"], "awaiting_payment");
    assert_eq!(waiting["view"]["stock"][0], json!({"sku": "TEE-RED-M", "units": 2, "shipped": 0, "state": "held"}));
    assert_eq!(waiting["view"]["totals"]["total"], json!({"amount": 2490, "currency": "EUR"}));
    let sold = samples::order_at(9, UserId::default(), 2, OrderStatus::Verified);
    assert_eq!(frame(&topic, &sold, Sight::own(), false)["view"]["hold_expires_at"], Value::Null);
}

#[test]
fn an_order_leaves_the_board_when_it_is_terminal() {
    for status in OrderStatus::ALL {
        let change = samples::order_at(9, UserId::default(), 5, *status);
        let frame = frame("board", &change, Sight::with(PermissionSet::ALL), false);
        assert_eq!(
            (&frame["key"], &frame["view"]["lines"][0]["quantity"]),
            (&json!(samples::order_id(9).to_string()), &json!(2))
        );
        assert_eq!(frame.get("gone"), status.is_terminal().then_some(&json!(true)), "{status:?}");
    }
}

#[test]
fn an_order_is_its_owners_and_nobody_can_probe() {
    let owner = UserId(Uuid::from_u128(1));
    let order = samples::order(3, owner);
    samples::nobody_else_may_listen(&format!("order.{}", order.key.id), owner, &order);
}

#[test]
fn a_view_of_another_kind_is_no_frame() {
    let stock = samples::stock("TEE", 1, 1);
    assert!(
        Board.frame(&stock, Sight::with(PermissionSet::ALL)).is_none()
            && OneOrder.frame(&stock, Sight::own()).is_none()
    );
}
