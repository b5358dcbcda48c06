//! The bytes of an order on the wire, the permission to subscribe, and the board's contents.

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{
    domain::ids::UserId,
    live::Audience,
    shop::samples::{self, frame},
};

#[test]
fn an_order_tells_its_hold_only_while_it_awaits_payment() {
    let topic = format!("order.{}", samples::order_id(9));
    let waiting = frame(&topic, &samples::order(9, UserId::default()), Sight::OWN, false);
    assert_eq!(waiting["view"]["hold_expires_at"], "1970-01-01T00:15:00.000Z");
    assert_eq!(waiting["view"]["status"], "awaiting_payment");
    assert_eq!(waiting["view"]["stock"][0], json!({"sku": "TEE-RED-M", "units": 2, "shipped": 0, "state": "held"}));
    assert_eq!(waiting["view"]["totals"]["total"], json!({"amount": 2490, "currency": "EUR"}));
    let sold = samples::order_at(9, UserId::default(), 2, OrderStatus::Verified);
    assert_eq!(frame(&topic, &sold, Sight::OWN, false)["view"]["hold_expires_at"], Value::Null);
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
        Board.frame(&stock, Sight::with(PermissionSet::ALL)).is_none() && OneOrder.frame(&stock, Sight::OWN).is_none()
    );
}

/// Over the whole frame: no member of another name shows what is hidden.
#[test]
fn who_lacks_a_permission_sees_no_amount_or_no_person_and_the_owner_sees_all() {
    let (money, person) = (["amount", "EUR"], ["ada@example.org", "1 Mill Lane", "postal_code"]);
    let order = samples::order(9, UserId::default());
    let frame = |sight| frame("board", &order, sight, false)["view"].to_string();
    let full = frame(Sight::OWN);
    assert_eq!(full, frame(Sight::with(PermissionSet::ALL)));
    for word in money.iter().chain(&person) {
        assert!(full.contains(word), "{word} is in no order: {full}");
    }
    let has = |text: &str, words: &[&str]| words.iter().any(|word| text.contains(word));
    let packer = frame(Sight::with(PermissionSet::of(&[Permission::CustomersRead])));
    assert!(!has(&packer, &money) && has(&packer, &person), "{packer}");
    let analyst = frame(Sight::with(PermissionSet::of(&[Permission::MoneyRead])));
    assert!(has(&analyst, &money) && !has(&analyst, &person), "{analyst}");
    let neither = frame(Sight::default());
    assert!(!has(&neither, &money) && !has(&neither, &person) && neither.contains("TEE-RED-M"), "{neither}");
}

#[test]
fn a_listener_sees_by_what_the_family_shows_and_owners_of_one_order_see_it_whole() {
    let owner = UserId(Uuid::from_u128(7));
    let order = samples::order(9, owner);
    let one = samples::topics(false).parse(&format!("order.{}", samples::order_id(9))).unwrap();
    let board = samples::topics(false).parse("board").unwrap();
    let of = |user, permissions: &[Permission]| Audience {
        user: Some(user),
        permissions: PermissionSet::of(permissions),
        ..Audience::default()
    };
    let packer = of(UserId::default(), &[Permission::OrdersRead, Permission::OrdersFulfil, Permission::CustomersRead]);
    let seen = Sight::with(PermissionSet::of(&[Permission::CustomersRead]));
    assert_eq!((one.sight(&packer, Some(&order)), board.sight(&packer, None)), (seen, seen));
    assert_eq!(one.sight(&of(owner, &[]), Some(&order)), Sight::OWN);
    assert_eq!(board.sight(&of(owner, &[Permission::OrdersRead]), None), Sight::default());
    let boss = |user| one.sight(&of(user, Permission::ALL), Some(&order));
    assert_eq!(boss(owner), boss(UserId::default()), "one frame for all who see the whole order");
}
