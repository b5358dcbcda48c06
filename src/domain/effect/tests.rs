//! The table's rows that are not one to one, and whole checkouts in a small host ([`world`]).

mod provider;
mod rules;
mod world;

use std::num::NonZeroU32;

use uuid::Uuid;

use super::*;
use crate::domain::{
    key::EntityKey,
    kinds::{AnyState, Kind},
    numbers::NumbersView,
    order::OrderCommand,
    payment::{PaymentCommand, PaymentRejection},
    stock::StockRejection,
};

fn order() -> OrderId {
    OrderId(Uuid::from_u128(1))
}

fn sku() -> Sku {
    Sku::parse("TEA").unwrap()
}

fn accepted(kind: Kind) -> Outcome {
    Outcome::Accepted(Some(AnyState::new(kind).view()))
}

#[track_caller]
fn comes_back(effect: &Effect, outcome: Outcome, expected: OrderCommand) {
    match effect.outcome(outcome) {
        Some(AnyCommand::Order(command)) => assert_eq!(command, expected),
        other => panic!("{other:?}"),
    }
}

fn hold(attempt: u8) -> Effect {
    Effect::Hold { order: order(), sku: sku(), units: NonZeroU32::MIN, until: Timestamp(9), attempt }
}

#[test]
fn a_new_attempt_has_a_new_id() {
    assert_eq!(hold(1).id(), "hold/TEA/1");
    assert_ne!(hold(1).id(), hold(2).id());
    assert_eq!(Effect::ReleaseHold { order: order(), sku: sku(), attempt: 3 }.id(), "release/TEA/3");
}

#[test]
fn a_hold_goes_to_its_sku_and_says_what_is_available() {
    match hold(1).request() {
        Request::Entity(key, AnyCommand::Stock(_)) => assert_eq!(key, EntityKey::new(Kind::Stock, "TEA")),
        other => panic!("{other:?}"),
    }
    comes_back(&hold(1), accepted(Kind::Stock), OrderCommand::HoldGranted { sku: sku(), attempt: 1 });
    let short = StockRejection::OutOfStock { requested: NonZeroU32::MIN, available: 7 };
    let refused = |available| OrderCommand::HoldRefused { sku: sku(), available, attempt: 1 };
    comes_back(&hold(1), Outcome::Refused(AnyRejection::Stock(short)), refused(7));
    let full = StockRejection::TooManyHolds { max: 1 };
    comes_back(&hold(1), Outcome::Refused(AnyRejection::Stock(full)), refused(0));
}

#[test]
fn a_commit_without_its_hold_is_a_lost_hold() {
    let commit = Effect::CommitHold { order: order(), sku: sku(), attempt: 2 };
    let gone = Outcome::Refused(AnyRejection::Stock(StockRejection::NoHold { order: order() }));
    comes_back(&commit, gone, OrderCommand::HoldGone { sku: sku(), attempt: 2 });
    comes_back(&commit, accepted(Kind::Stock), OrderCommand::HoldCommitted { sku: sku(), attempt: 2 });
}

#[test]
fn only_our_own_number_counts() {
    let allot = Effect::AllotNumber { order: order() };
    let said = |last| Outcome::Accepted(Some(AnyView::Numbers(NumbersView { last })));
    comes_back(&allot, said(Some((order(), 1001))), OrderCommand::NumberAllotted { number: 1001 });
    assert!(allot.outcome(said(Some((OrderId(Uuid::from_u128(2)), 1002)))).is_none());
    assert!(allot.outcome(said(None)).is_none());
}

#[test]
fn an_order_that_does_not_listen_has_still_been_told() {
    let payment = PaymentId(Uuid::from_u128(3));
    let status = PaymentStatus::Voided;
    let tell = Effect::NotifyOrder { order: order(), payment, news: PaymentUpdate::Voided, status, refunded: 0 };
    let refused = Outcome::Refused(AnyRejection::Payment(PaymentRejection::NotOpened));
    for outcome in [accepted(Kind::Order), refused] {
        match tell.outcome(outcome) {
            Some(AnyCommand::Payment(command)) => {
                assert_eq!(command, PaymentCommand::OrderNotified { status, refunded: 0 })
            }
            other => panic!("{other:?}"),
        }
    }
}
