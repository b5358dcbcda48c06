//! Older and newer orders of one cart, and payments that succeed days late.

use super::*;

fn other(n: u128) -> OrderId {
    OrderId(Uuid::from_u128(n))
}

fn give_up(n: u128) -> OrderCommand {
    OrderCommand::GiveUp { by: other(n) }
}

fn superseded(n: u128, at: i64) -> OrderEvent {
    OrderEvent::Superseded { by: other(n), at: Timestamp(at) }
}

/// Takes the place of the orders 7 and 8.
fn newer() -> CheckoutSnapshot {
    CheckoutSnapshot { replaces: vec![other(7), other(8)], ..placement() }
}

fn newer_placed() -> OrderEvent {
    placed_as(newer())
}

fn gone(n: u128) -> OrderEvent {
    OrderEvent::PredecessorGone { order: other(n) }
}

#[test]
fn an_unpaid_order_is_given_up_for_a_newer_one() {
    let order = given(reserved()).at(5).when(give_up(9)).then([superseded(9, 5)]);
    assert_eq!((order.view().lifecycle, order.view().superseded_by), (OrderStatus::Cancelled, Some(other(9))));
    assert_eq!(has_pending_effects(&order), ["release/A/1", "release/B/1"]);
    assert_eq!(
        order.decide(&begin(1), Timestamp(6)),
        Err(OrderRejection::NotPayable { lifecycle: order.view().lifecycle })
    );
    given(reserved()).after([superseded(9, 5)]).when(give_up(9)).then_nothing();
    // Holds without an answer are released as well.
    let order = given([placed(), held(a())]).when(give_up(9)).then([superseded(9, 0)]);
    assert_eq!(states(&order), [HoldState::Releasing; 2]);
    given(reserved()).after([expired()]).when(give_up(9)).then_nothing();
}

/// D9: the shopper buys again while the first order's payment waits for the bank. It is never held or captured again.
#[test]
fn a_payment_under_way_is_undone_whenever_it_succeeds() {
    let waiting = [reserved(), vec![begun(1), moved(1, PaymentUpdate::RequiresAction)]].concat();
    for history in [waiting.clone(), [waiting, vec![expired()]].concat()] {
        let order = given(history.clone()).when(give_up(9)).then([superseded(9, 0)]);
        assert!(has_pending_effects(&order).contains(&format!("unwind/{}", pay_id(1))));
        let order = given(history).after([superseded(9, 0)]).at(PAY_BY * 400).when(news(1, authorized()));
        let order = order.then([moved(1, authorized())]);
        assert_eq!(order.view().lifecycle, OrderStatus::Cancelled);
        assert!(has_pending_effects(&order).contains(&format!("unwind/{}", pay_id(1))));
    }
}

#[test]
fn a_paid_order_is_not_given_up() {
    let authorised = [reserved(), vec![begun(1), moved(1, authorized())]].concat();
    for history in [authorised, paid(), verified()] {
        given(history).when(give_up(9)).then_rejected(OrderRejection::AlreadyPaid);
    }
}

#[test]
fn an_order_that_was_not_placed_yet_comes_too_late() {
    given([]).when(give_up(9)).then([superseded(9, 0)]);
    given([superseded(9, 0)]).when(give_up(9)).then_nothing();
    given([superseded(9, 0)]).when(place(placement())).then_rejected(OrderRejection::Superseded { by: other(9) });
}

#[test]
fn a_newer_order_holds_nothing_before_the_older_ones_have_answered() {
    let order = given([]).when(place(newer())).then([newer_placed()]);
    assert_eq!(has_pending_effects(&order), [format!("give_up/{}", other(7)), format!("give_up/{}", other(8))]);
    let answered = OrderCommand::PredecessorGone { order: other(7) };
    let order = given([newer_placed()]).when(answered.clone()).then([gone(7)]);
    assert_eq!(has_pending_effects(&order), [format!("give_up/{}", other(8))]);
    given([newer_placed(), gone(7)]).when(answered).then_nothing();
    let order =
        given([newer_placed(), gone(7)]).when(OrderCommand::PredecessorGone { order: other(8) }).then([gone(8)]);
    // ... and then what they held, in their place.
    let until = Timestamp(PAY_BY + Order::GRACE_MS);
    let hold = |sku, n| {
        let instead_of = vec![other(7), other(8)];
        OrderEffect::Hold { order: order_id(), sku, units: units(n), until, attempt: 1, instead_of, buyer: None }
    };
    assert_eq!(order.effects(), [hold(a(), 2), hold(b(), 1)]);
}

#[test]
fn a_newer_order_ends_where_an_older_one_was_paid_first() {
    let order = given([newer_placed(), gone(7)])
        .when(OrderCommand::PredecessorPaid { order: other(8) })
        .then([OrderEvent::PredecessorPaid { order: other(8) }, OrderEvent::Rejected]);
    assert_eq!((order.view().lifecycle, order.view().outrun_by), (OrderStatus::Rejected, Some(other(8))));
    assert_eq!(has_pending_effects(&order), ["release/A/1", "release/B/1"]);
}

#[test]
fn the_older_orders_answer_decides() {
    let ask = OrderEffect::GiveUpOlder { order: order_id(), older: other(7) };
    assert_eq!(
        ask.outcome(crate::domain::effect::Outcome::Accepted(None)),
        Some(OrderCommand::PredecessorGone { order: other(7) })
    );
    let refused = crate::domain::kinds::AnyRejection::Order(OrderRejection::AlreadyPaid);
    let outcome = ask.outcome(crate::domain::effect::Outcome::Refused(refused));
    assert_eq!(outcome, Some(OrderCommand::PredecessorPaid { order: other(7) }));
}

#[test]
fn an_expired_order_can_be_cancelled_while_its_payment_is_under_way() {
    let late = || given(reserved()).after([begun(1), expired()]);
    let order = late().when(transition(StaffTransition::Cancelled)).then([went(StaffTransition::Cancelled)]);
    assert!(!order.view().is_cancellable_by_owner());
    let order = late().when(OrderCommand::Wake).then_nothing();
    assert!(order.view().is_cancellable_by_owner() && order.view().next_transitions().iter().any(|next| next.allowed));
    let over =
        given(reserved()).after([begun(1), expired(), moved(1, failed())]).when(OrderCommand::Wake).then_nothing();
    assert!(!over.view().is_cancellable_by_owner() && over.view().next_transitions().iter().all(|next| !next.allowed));
}

/// D9: a bound in days after which a late approval is always undone.
#[test]
fn a_payment_that_succeeds_days_late_revives_nothing() {
    let unwind = format!("unwind/{}", pay_id(1));
    let opened = OrderEvent::PaymentOpened { payment: pay_id(1) };
    let history = [reserved(), vec![begun(1), opened, expired()]].concat();
    let bound = PAY_BY + Order::REVIVABLE_MS;
    let revived = OrderEvent::Revived { payment: pay_id(1), at: Timestamp(bound) };
    given(history.clone()).at(bound).when(news(1, authorized())).then([moved(1, authorized()), revived]);
    let order = given(history).at(bound + 1).when(news(1, authorized())).then([moved(1, authorized())]);
    assert_eq!(order.view().lifecycle, OrderStatus::Expired);
    assert_eq!(has_pending_effects(&order), ["release/A/1".to_owned(), "release/B/1".to_owned(), unwind.clone()]);
    // The placement's own bound counts.
    let own = CheckoutSnapshot { revivable_until: Some(Timestamp(PAY_BY + 10)), ..placement() };
    let first = placed_as(own);
    let history: Vec<_> =
        [first].into_iter().chain(reserved().into_iter().skip(1)).chain([begun(1), expired()]).collect();
    given(history).at(PAY_BY + 11).when(news(1, authorized())).then([moved(1, authorized())]);
    // Nobody was there to wake it: the expiry comes with the payment.
    let late = OrderEvent::Expired { at: Timestamp(bound + 1) };
    let order = given(reserved()).after([begun(1)]).at(bound + 1).when(news(1, captured()));
    let order = order.then([late, moved(1, captured())]);
    assert!(has_pending_effects(&order).contains(&unwind));
}

#[test]
fn an_order_of_nothing_needs_no_payment() {
    let Quote { lines, totals } = Basket::new([(a(), String::new(), 1, eur(0))], eur(0), 0).quote().unwrap();
    let free = CheckoutSnapshot { lines, totals, ..placement() };
    let first = placed_as(free);
    let reserved = || given([first.clone(), held(a()), OrderEvent::Reserved]);
    let order = reserved().when(OrderCommand::Wake).then_nothing();
    assert_eq!((order.wake_at(), has_pending_effects(&order)), (None, vec!["commit/A/1".to_owned()]));
    reserved().when(begin(1)).then_rejected(OrderRejection::AlreadyPaid);
    let sold = || reserved().after([committed(a()), OrderEvent::Verified { number: 1, at: Timestamp(0) }]);
    let shipped =
        OrderCommand::Fulfil { fulfilment: parcel(1), lines: vec![(a(), units(1))], carrier: None, tracking: None };
    let left = OrderEvent::Fulfilled {
        fulfilment: parcel(1),
        lines: vec![(a(), units(1))],
        carrier: None,
        tracking: None,
        at: Timestamp(0),
    };
    sold().when(shipped).then([left]);
    // One that has expired unpaid, in a journal from before, stays so.
    given([first, held(a()), OrderEvent::Reserved, expired()]).when(OrderCommand::Wake).then_nothing();
}
