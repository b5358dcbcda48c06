//! The order's effects: their frozen ids, and the rows of the table that are not one to one.

use super::*;
use crate::domain::{
    effect::{Outcome, Request},
    external::AnyAnswer,
    key::EntityKey,
    kinds::{AnyCommand, AnyRejection, AnyState, AnyView, Kind},
    numbers::NumbersView,
    payment::ProviderEvent,
    stock::StockRejection,
};

fn accepted(kind: Kind) -> Outcome {
    Outcome::Accepted(Some(AnyState::new(kind).view()))
}

fn hold(attempt: u8) -> OrderEffect {
    OrderEffect::Hold {
        order: order_id(),
        sku: a(),
        units: units(1),
        until: Timestamp(9),
        attempt,
        instead_of: vec![],
        buyer: None,
    }
}

#[test]
fn the_ids_are_frozen_and_a_new_attempt_has_a_new_one() {
    let (order, sku, payment) = (order_id(), a(), pay_id(1));
    assert_eq!(hold(1).id(), "hold/A/1");
    assert_eq!(hold(2).id(), "hold/A/2");
    assert_eq!(OrderEffect::CommitHold { order, sku: sku.clone(), attempt: 2 }.id(), "commit/A/2");
    assert_eq!(OrderEffect::ReleaseHold { order, sku: sku.clone(), attempt: 3 }.id(), "release/A/3");
    let ship = OrderEffect::ShipHold { order, sku, fulfilment: parcel(1), units: units(1) };
    assert_eq!(ship.id(), format!("ship/{}/A", parcel(1)));
    assert_eq!(OrderEffect::AllotNumber { order }.id(), "number");
    assert_eq!(OrderEffect::SettleCart { order, cart: CartId::default(), bought: Vec::new() }.id(), "cart");
    let open = OrderEffect::OpenPayment {
        order,
        payment,
        user: UserId::default(),
        amount: eur(1),
        provider: "sandbox".to_owned(),
        token: "tok_ok".to_owned(),
    };
    assert_eq!(open.id(), format!("open/{payment}"));
    assert_eq!(OrderEffect::AskCapture { order, payment }.id(), format!("capture/{payment}"));
    assert_eq!(OrderEffect::UnwindPayment { order, payment }.id(), format!("unwind/{payment}"));
}

#[test]
fn a_hold_goes_to_its_sku_and_says_what_is_available() {
    match hold(1).request() {
        Request::Entity(key, AnyCommand::Stock(_)) => assert_eq!(key, EntityKey::new(Kind::Stock, "A")),
        other => panic!("{other:?}"),
    }
    let granted = OrderCommand::HoldGranted { sku: a(), attempt: 1 };
    assert_eq!(hold(1).outcome(accepted(Kind::Stock)), Some(granted));
    let short = StockRejection::OutOfStock { requested: units(1), available: 7 };
    let refused = |available| Some(OrderCommand::HoldRefused { sku: a(), available, attempt: 1 });
    assert_eq!(hold(1).outcome(Outcome::Refused(AnyRejection::Stock(short))), refused(7));
    let full = StockRejection::TooManyHolds { max: 1 };
    assert_eq!(hold(1).outcome(Outcome::Refused(AnyRejection::Stock(full))), refused(0));
}

#[test]
fn a_commit_without_its_hold_is_a_lost_hold() {
    let commit = OrderEffect::CommitHold { order: order_id(), sku: a(), attempt: 2 };
    let gone = Outcome::Refused(AnyRejection::Stock(StockRejection::NoHold { order: order_id() }));
    assert_eq!(commit.outcome(gone), Some(OrderCommand::HoldGone { sku: a(), attempt: 2 }));
    assert_eq!(commit.outcome(accepted(Kind::Stock)), Some(OrderCommand::HoldCommitted { sku: a(), attempt: 2 }));
}

#[test]
fn only_our_own_number_counts() {
    let allot = OrderEffect::AllotNumber { order: order_id() };
    let said = |last| Outcome::Accepted(Some(AnyView::Numbers(NumbersView { last })));
    assert_eq!(allot.outcome(said(Some((order_id(), 1001)))), Some(OrderCommand::NumberAllotted { number: 1001 }));
    assert!(allot.outcome(said(Some((OrderId(Uuid::from_u128(999)), 1002)))).is_none());
    assert!(allot.outcome(said(None)).is_none());
}

#[test]
fn an_answer_from_outside_is_no_outcome_of_a_command_to_an_entity() {
    for effect in [hold(1), OrderEffect::AllotNumber { order: order_id() }] {
        assert!(effect.outcome(Outcome::External(AnyAnswer::Payment(ProviderEvent::Captured))).is_none());
    }
}
