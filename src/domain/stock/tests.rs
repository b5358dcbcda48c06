//! Every transition and refusal of a stock, and G1's equation under random commands.

mod policy;
mod share;
mod take_over;

use std::{iter, num::NonZeroU32};

use proptest::prelude::*;
use uuid::Uuid;

use super::{
    ledger::{Ledger, Movement, MovementKind},
    *,
};
use crate::domain::testing::{self, Given, check_stored, replay, stored};

fn given(events: impl IntoIterator<Item = StockEvent>) -> Given<Stock> {
    testing::given(events)
}

fn n(units: u32) -> NonZeroU32 {
    NonZeroU32::new(units).unwrap()
}

fn order(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

fn parcel(n: u128) -> FulfilmentId {
    FulfilmentId(Uuid::from_u128(n))
}

fn received(units: u32) -> StockEvent {
    StockEvent::Received { units: n(units), reference: None }
}

fn held(id: u128, units: u32, until: i64) -> StockEvent {
    StockEvent::Held { order: order(id), units: n(units), until: Timestamp(until), attempt: 0 }
}

fn committed(id: u128) -> StockEvent {
    StockEvent::Committed { order: order(id) }
}

fn expired(id: u128) -> StockEvent {
    StockEvent::Expired { order: order(id) }
}

fn shipped(id: u128, fulfilment: u128, units: u32) -> StockEvent {
    StockEvent::Shipped { order: order(id), fulfilment: parcel(fulfilment), units: n(units) }
}

fn hold(id: u128, units: u32, until: i64) -> StockCommand {
    StockCommand::Hold { order: order(id), units: n(units), until: Timestamp(until), attempt: 0 }
}

fn ship(id: u128, fulfilment: u128, units: u32) -> StockCommand {
    StockCommand::Ship { order: order(id), fulfilment: parcel(fulfilment), units: n(units) }
}

fn adjust(delta: i64) -> StockCommand {
    StockCommand::Adjust { delta, reason: "count".to_owned() }
}

#[test]
fn goods_arrive_and_are_counted() {
    let receive = StockCommand::Receive { units: n(5), reference: Some("PO 7".to_owned()) };
    given([]).when(receive).then([StockEvent::Received { units: n(5), reference: Some("PO 7".to_owned()) }]);
    let adjusted = |delta| StockEvent::Adjusted { delta, reason: "count".to_owned() };
    let stock = given([received(5)]).when(adjust(-5)).then([adjusted(-5)]);
    assert_eq!((stock.view().available, stock.view().adjusted, stock.view().on_hand), (0, -5, 0));
    given([received(5)]).when(adjust(3)).then([adjusted(3)]);
    given([received(5)]).when(adjust(0)).then_nothing();
}

#[test]
fn an_adjustment_never_takes_what_is_set_aside() {
    given([received(5), held(1, 3, 100)])
        .when(adjust(-3))
        .then_rejected(StockRejection::AdjustsBelowZero { delta: -3, available: 2 });
    // ... but takes what a lapsed hold only seems to set aside.
    let taken = StockEvent::Adjusted { delta: -3, reason: "count".to_owned() };
    given([received(5), held(1, 3, 100)]).at(100).when(adjust(-3)).then([expired(1), taken]);
}

#[test]
fn texts_are_bounded_and_not_empty() {
    let bad = |what: &str| StockRejection::BadText { what: what.to_owned(), max: 200 };
    let adjust = |reason: String| StockCommand::Adjust { delta: 1, reason };
    given([]).when(adjust(" ".to_owned())).then_rejected(bad("reason"));
    given([]).when(adjust("x".repeat(201))).then_rejected(bad("reason"));
    given([]).when(adjust("a terminal's \u{1b}[2J".to_owned())).then_rejected(bad("reason"));
    given([]).when(adjust("two\nlines".to_owned())).then_rejected(bad("reason"));
    let receive = StockCommand::Receive { units: n(1), reference: Some(String::new()) };
    given([]).when(receive).then_rejected(bad("reference"));
    let back = StockCommand::ReturnToStock { order: order(1), units: n(1), reason: String::new() };
    given([]).when(back).then_rejected(bad("reason"));
}

#[test]
fn counts_that_do_not_fit_are_refused() {
    let full = StockEvent::Adjusted { delta: i64::MAX, reason: "test".to_owned() };
    given([full.clone()]).when(adjust(1)).then_rejected(StockRejection::Overflow);
    let receive = StockCommand::Receive { units: n(1), reference: None };
    given([full]).when(receive).then_rejected(StockRejection::Overflow);
}

#[test]
fn a_hold_sets_units_aside_once() {
    let stock = given([received(5)]).when(hold(1, 3, 100)).then([held(1, 3, 100)]);
    assert_eq!((stock.view().available, stock.view().held, stock.wake_at()), (2, 3, Some(Timestamp(100))));
    given([received(5), held(1, 3, 100)]).when(hold(1, 3, 200)).then_nothing();
    given([received(5), held(1, 3, 100), committed(1)]).at(900).when(hold(1, 3, 950)).then_nothing();
    given([received(5), held(1, 3, 100)])
        .when(hold(1, 2, 100))
        .then_rejected(StockRejection::HoldConflict { order: order(1), units: n(3) });
    given([received(5), held(1, 3, 100)])
        .when(hold(2, 3, 100))
        .then_rejected(StockRejection::OutOfStock { requested: n(3), available: 2 });
}

#[test]
fn lapsed_holds_make_room_even_when_the_alarm_is_late() {
    let history = [received(5), held(1, 2, 100), held(2, 2, 50), held(3, 1, 500)];
    // The oldest first, and no more than are needed.
    given(history.clone()).at(100).when(hold(4, 2, 900)).then([expired(2), held(4, 2, 900)]);
    given(history.clone()).at(100).when(hold(4, 3, 900)).then([expired(2), expired(1), held(4, 3, 900)]);
    given(history.clone())
        .at(100)
        .when(hold(4, 5, 900))
        .then_rejected(StockRejection::OutOfStock { requested: n(5), available: 4 });
    given(history)
        .at(99)
        .when(hold(4, 3, 900))
        .then_rejected(StockRejection::OutOfStock { requested: n(3), available: 2 });
}

#[test]
fn an_order_whose_hold_lapsed_may_hold_again() {
    let again = [expired(1), held(1, 4, 900)];
    given([received(5), held(1, 4, 100)]).at(100).when(hold(1, 4, 900)).then(again);
    given([received(5), held(1, 4, 100), held(2, 1, 90)]).at(100).when(hold(1, 5, 900)).then([
        expired(1),
        expired(2),
        held(1, 5, 900),
    ]);
    given([received(5), held(1, 4, 100), held(2, 1, 500)])
        .at(100)
        .when(hold(1, 5, 900))
        .then_rejected(StockRejection::OutOfStock { requested: n(5), available: 4 });
}

#[test]
fn a_commit_counts_only_before_the_hold_is_over() {
    let commit = StockCommand::Commit { order: order(1), attempt: 0 };
    let stock = given([received(5), held(1, 3, 100)]).at(99).when(commit.clone()).then([committed(1)]);
    assert_eq!((stock.view().held, stock.view().committed, stock.wake_at()), (0, 3, None));
    given([received(5), held(1, 3, 100), committed(1)]).at(900).when(commit.clone()).then_nothing();
    let none = StockRejection::NoHold { order: order(1) };
    given([received(5), held(1, 3, 100)]).at(100).when(commit.clone()).then_rejected(none.clone());
    given([received(5)]).when(commit).then_rejected(none);
}

#[test]
fn a_release_gives_back_what_is_left() {
    let release = StockCommand::Release { order: order(1), attempt: 0 };
    let released = StockEvent::Released { order: order(1) };
    given([received(5)]).when(release.clone()).then_nothing();
    given([received(5), held(1, 3, 100)]).when(release.clone()).then([released.clone()]);
    let history = [received(5), held(1, 3, 100), committed(1), shipped(1, 7, 1)];
    let stock = given(history).when(release).then([released]);
    assert_eq!((stock.view().available, stock.view().shipped, stock.view().committed), (4, 1, 0));
}

#[test]
fn parcels_leave_once() {
    let sold = [received(5), held(1, 3, 100), committed(1)];
    let stock = given(sold.clone()).when(ship(1, 7, 2)).then([shipped(1, 7, 2)]);
    assert_eq!((stock.view().committed, stock.view().shipped, stock.view().on_hand), (1, 2, 3));
    assert_eq!(stock.decide(&ship(1, 7, 2), Timestamp(0)), Ok(vec![]));
    assert_eq!(
        stock.decide(&ship(1, 8, 2), Timestamp(0)),
        Err(StockRejection::ShipsTooMany { requested: n(2), committed: 1 })
    );
    given([received(5), held(1, 3, 100)])
        .when(ship(1, 7, 1))
        .then_rejected(StockRejection::NotCommitted { order: order(1) });
    // Shipped whole, the hold is over.
    given([received(5), held(1, 3, 100), committed(1), shipped(1, 7, 3)])
        .when(ship(1, 8, 1))
        .then_rejected(StockRejection::NoHold { order: order(1) });
}

#[test]
fn returned_units_are_for_sale_again() {
    let back = |units| StockCommand::ReturnToStock { order: order(1), units: n(units), reason: "fits not".to_owned() };
    let event = StockEvent::ReturnedToStock { order: order(1), units: n(2), reason: "fits not".to_owned() };
    let history = [received(5), held(1, 3, 100), committed(1), shipped(1, 7, 3)];
    let stock = given(history.clone()).when(back(2)).then([event]);
    assert_eq!((stock.view().available, stock.view().shipped), (4, 1));
    given(history).when(back(4)).then_rejected(StockRejection::ReturnsTooMany { requested: n(4), shipped: 3 });
}

#[test]
fn a_threshold_is_set_once() {
    let set = StockCommand::SetThreshold { units: 3 };
    let stock = given([]).when(set.clone()).then([StockEvent::ThresholdSet { units: 3 }]);
    assert_eq!(stock.decide(&set, Timestamp(0)), Ok(vec![]));
}

#[test]
fn the_alarm_expires_a_bounded_number() {
    let many = Stock::EXPIRES_MAX as u128 + 10;
    let history = [received(1000)].into_iter().chain((0..many).map(|id| held(id, 1, 100 + id as i64)));
    let stock: Stock = replay(history);
    assert_eq!(stock.decide(&StockCommand::ExpireHolds, Timestamp(99)), Ok(vec![]));
    assert_eq!(stock.decide(&StockCommand::ExpireHolds, Timestamp(101)), Ok(vec![expired(0), expired(1)]));
    let first = stock.decide(&StockCommand::ExpireHolds, Timestamp(9999)).unwrap();
    assert_eq!(first.len(), Stock::EXPIRES_MAX);
    let mut rest = stock;
    first.iter().for_each(|event| rest.apply(event));
    assert_eq!(rest.wake_at(), Some(Timestamp(100 + Stock::EXPIRES_MAX as i64)));
}

#[test]
fn open_holds_are_bounded() {
    let mut stock: Stock = replay([received(u32::MAX)]);
    for id in 0..Stock::HOLDS_MAX as u128 {
        stock.holds.put(order(id), holds::Hold { units: 1, until: None, attempt: 0, parcels: Vec::new(), buyer: None });
    }
    let new = hold(u128::MAX, 1, 900);
    assert_eq!(stock.decide(&new, Timestamp(0)), Err(StockRejection::TooManyHolds { max: 1_000_000 }));
    stock.apply(&StockEvent::Released { order: order(0) });
    assert_eq!(stock.decide(&new, Timestamp(0)), Ok(vec![held(u128::MAX, 1, 900)]));
}

#[test]
fn the_stock_book_names_units_and_reasons() {
    let mut ledger = Ledger::default();
    let history =
        [received(5), held(1, 3, 100), committed(1), shipped(1, 7, 1), StockEvent::Released { order: order(1) }];
    let lines: Vec<Movement> = history.iter().map(|event| ledger.next(event)).collect();
    let told: Vec<_> = lines.iter().map(|line| (line.kind, line.units, line.quantity)).collect();
    assert_eq!(
        told,
        [
            (MovementKind::Receipt, 5, 5),
            (MovementKind::Hold, -3, 3),
            (MovementKind::Commit, 0, 3),
            (MovementKind::Shipment, 0, 1),
            (MovementKind::Release, 2, 2),
        ]
    );
    assert_eq!((lines[3].order, lines[3].fulfilment), (Some(order(1)), Some(parcel(7))));
    let lost = ledger.next(&StockEvent::Adjusted { delta: -1, reason: "broken".to_owned() });
    assert_eq!((lost.units, lost.quantity, lost.reason.as_deref()), (-1, 1, Some("broken")));
}

fn take_over((id, units, until, older): (u128, u32, i64, Vec<u128>)) -> StockCommand {
    let instead_of = older.into_iter().map(order).collect();
    StockCommand::TakeOver { order: order(id), units: n(units), until: Timestamp(until), attempt: 0, instead_of }
}

fn command() -> impl Strategy<Value = StockCommand> {
    let id = 0..6_u128;
    prop_oneof![
        2 => (1..20_u32).prop_map(|units| StockCommand::Receive { units: n(units), reference: None }),
        2 => (-10..10_i64).prop_map(adjust),
        6 => (id.clone(), 1..5_u32, 0..2000_i64).prop_map(|(id, units, until)| hold(id, units, until)),
        3 => (id.clone(), 1..5_u32, 0..2000_i64, prop::collection::vec(0..6_u128, 0..3)).prop_map(take_over),
        4 => id.clone().prop_map(|id| StockCommand::Commit { order: order(id), attempt: 0 }),
        2 => id.clone().prop_map(|id| StockCommand::Release { order: order(id), attempt: 0 }),
        3 => (id.clone(), 0..4_u128, 1..4_u32).prop_map(|(id, fulfilment, units)| ship(id, fulfilment, units)),
        1 => (id, 1..4_u32).prop_map(|(id, units)| StockCommand::ReturnToStock {
            order: order(id),
            units: n(units),
            reason: "back".to_owned(),
        }),
        1 => (0..5_u32).prop_map(|units| StockCommand::SetThreshold { units }),
        1 => prop_oneof![
            2 => Just(StockPolicy::Tracked),
            1 => Just(StockPolicy::Untracked),
            2 => (1..9_u32).prop_map(|units| StockPolicy::Backorder { up_to: n(units) }),
        ]
        .prop_map(|policy| StockCommand::SetPolicy { policy }),
        2 => Just(StockCommand::ExpireHolds),
    ]
}

fn held_by(attempt: u8) -> StockEvent {
    StockEvent::Held { order: order(1), units: n(2), until: Timestamp(100), attempt }
}

/// The order was given up and revived: its older commands are delivered again after all is decided.
#[test]
fn a_command_of_an_older_attempt_comes_too_late() {
    let hold = |attempt| StockCommand::Hold { order: order(1), units: n(2), until: Timestamp(100), attempt };
    let release = |attempt| StockCommand::Release { order: order(1), attempt };
    let commit = |attempt| StockCommand::Commit { order: order(1), attempt };
    let revived = || given([received(5), held_by(2)]);
    revived().when(release(1)).then_nothing();
    revived().when(hold(1)).then_nothing();
    revived().when(commit(1)).then_rejected(StockRejection::NoHold { order: order(1) });
    let sold = || given([received(5), held_by(2), StockEvent::Committed { order: order(1) }]);
    sold().when(release(1)).then_nothing();
    sold().when(hold(1)).then_nothing();
    sold().when(release(2)).then([StockEvent::Released { order: order(1) }]);
}

/// Both messages of a hold are delivered again after it ended: no unit moves.
#[test]
fn a_hold_that_was_released_or_shipped_is_not_taken_again() {
    let hold = |attempt| StockCommand::Hold { order: order(1), units: n(2), until: Timestamp(100), attempt };
    let commit = |attempt| StockCommand::Commit { order: order(1), attempt };
    let (sold, released) = (StockEvent::Committed { order: order(1) }, StockEvent::Released { order: order(1) });
    for end in [released, shipped(1, 7, 2)] {
        let ended = || given([received(5), held_by(1), sold.clone(), end.clone()]);
        let stock = ended().when(hold(1)).then_nothing();
        check_stored(&stock);
        ended().when(commit(1)).then_rejected(StockRejection::NoHold { order: order(1) });
        // A revived order's new attempt is not an old message.
        ended().when(hold(2)).then([held_by(2)]);
    }
}

#[test]
fn ended_holds_are_remembered_up_to_a_bound() {
    let end = |id| [held(id, 1, 100), StockEvent::Released { order: order(id) }];
    let later = Ended::REMEMBERED as u128;
    let remembered = (1..=later).flat_map(end);
    given(iter::once(received(5)).chain(remembered)).when(hold(1, 1, 100)).then_nothing();
    let forgotten = (1..=later + 1).flat_map(end);
    given(iter::once(received(5)).chain(forgotten)).when(hold(1, 1, 100)).then([held(1, 1, 100)]);
}

#[test]
fn a_new_attempt_takes_the_hold_over_before_its_old_release_arrives() {
    let again = || StockCommand::Hold { order: order(1), units: n(2), until: Timestamp(100), attempt: 2 };
    let released = StockEvent::Released { order: order(1) };
    given([received(2), held_by(1)]).when(again()).then([released, held_by(2)]);
    given([received(2), held_by(2)]).when(again()).then_nothing();
}

proptest! {
    #[test]
    fn no_unit_is_ever_in_two_places(steps in prop::collection::vec((command(), 0..1500_i64), 1..150)) {
        let (mut stock, mut history, mut ledger) = (Stock::default(), Vec::new(), Ledger::default());
        let mut booked = 0_i64;
        for (command, now) in steps {
            let (before, seen) = (stored(&stock), stock.view());
            let Ok(events) = stock.decide(&command, Timestamp(now)) else { continue };
            for event in events {
                stock.apply(&event);
                booked += ledger.next(&event).units;
                history.push(event);
            }
            let view = stock.view();
            prop_assert!(view.is_balanced(), "{before}: {view:?}");
            prop_assert!(!view.oversells_against(&seen), "{before}: {view:?}");
            prop_assert_eq!(booked, view.available as i64 - view.oversold as i64);
            check_stored(&stock);
        }
        prop_assert_eq!(stored(&replay::<Stock>(history)), stored(&stock));
    }
}
