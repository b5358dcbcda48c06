//! Orders whose stock is held at their payment.

use super::*;
use crate::domain::{
    pricing::Totals,
    stock::{Buyer, Share},
};

fn later() -> CheckoutSnapshot {
    CheckoutSnapshot { hold_at: HoldAt::Payment, ..placement() }
}

fn later_placed() -> OrderEvent {
    placed_as(later())
}

/// Placed, and nothing is held.
fn waiting() -> Vec<OrderEvent> {
    vec![later_placed(), OrderEvent::Reserved]
}

fn covered(n: u128) -> OrderEvent {
    OrderEvent::PaymentCovered { payment: pay_id(n) }
}

fn unasked(n: u128, reason: &str) -> OrderEvent {
    moved(n, PaymentUpdate::Failed { reason: reason.to_owned() })
}

#[test]
fn it_waits_for_its_payment_without_a_hold() {
    let order = given([]).when(place(later())).then(waiting());
    assert_eq!(order.view().lifecycle, OrderStatus::AwaitingPayment);
    assert_eq!((states(&order), has_pending_effects(&order)), (vec![HoldState::Wanted; 2], vec![]));
    // Nobody pays: nothing has to be given back.
    let order = given(waiting()).at(PAY_BY).when(OrderCommand::Wake).then([expired()]);
    assert_eq!((states(&order), has_pending_effects(&order)), (vec![HoldState::Released; 2], vec![]));
    // An order of 0.00 has no payment to wait for.
    let nothing = eur(0);
    let totals = Totals { items: nothing, shipping: nothing, discount: nothing, tax: nothing, total: nothing };
    assert!(CheckoutSnapshot { totals, ..later() }.is_free());
}

#[test]
fn the_provider_is_asked_once_every_unit_is_held() {
    let order = given(waiting()).when(begin(1)).then([begun(1)]);
    assert_eq!(has_pending_effects(&order), ["hold/A/1", "hold/B/1"]);
    let order = given(waiting()).after([begun(1)]).when(granted(a(), 1)).then([held(a())]);
    assert_eq!(has_pending_effects(&order), ["hold/B/1"]);
    let order = given(waiting()).after([begun(1), held(a())]).when(granted(b(), 1)).then([held(b()), covered(1)]);
    assert_eq!(has_pending_effects(&order), [format!("open/{}", pay_id(1))]);
}

#[test]
fn a_refused_unit_ends_the_payment_unasked_and_the_order_with_its_numbers() {
    let before = || given(waiting()).after([begun(1), held(a())]);
    let no = OrderEvent::HoldRefused { sku: b(), available: 0 };
    let over = OrderEvent::HoldOverShare { sku: b(), remaining: 0 };
    let refused = OrderCommand::HoldRefused { sku: b(), available: 0, attempt: 1 };
    let over_share = OrderCommand::HoldOverShare { sku: b(), remaining: 0, attempt: 1 };
    for (command, event) in [(refused, no), (over_share, over)] {
        let ends = [event, unasked(1, Order::SHORT), OrderEvent::Rejected];
        let order = before().when(command).then(ends.clone());
        assert_eq!(has_pending_effects(&order), ["release/A/1"], "and no payment is opened or undone");
        assert_eq!(order.view().payment_status, PaymentStatus::Failed);
        let again = OrderRejection::NotPayable { lifecycle: OrderStatus::Rejected };
        before().after(ends).when(begin(2)).then_rejected(again);
    }
}

#[test]
fn a_declined_payment_gives_the_units_back_and_the_next_one_asks_again() {
    let declined = [begun(1), held(a()), held(b()), covered(1), OrderEvent::PaymentOpened { payment: pay_id(1) }];
    let before = || given(waiting()).after(declined.clone());
    let order = before().when(news(1, failed())).then([moved(1, failed())]);
    assert_eq!(has_pending_effects(&order), ["release/A/1", "release/B/1"]);
    // The second payment waits until the units are back in the stock, then for the stock.
    let again = || before().after([moved(1, failed()), begun(2)]);
    let order = again().when(OrderCommand::HoldReleased { sku: a(), attempt: 1 }).then([released(a())]);
    assert_eq!(has_pending_effects(&order), ["hold/A/2", "release/B/1"]);
    let order = again().after([released(a()), released(b()), held(a())]).when(granted(b(), 2));
    let order = order.then([held(b()), covered(2)]);
    assert_eq!(has_pending_effects(&order), [format!("open/{}", pay_id(2))]);
}

#[test]
fn an_order_that_ends_first_ends_its_payment_unasked() {
    let before = || given(waiting()).after([begun(1), held(a())]);
    let order = before().at(PAY_BY).when(OrderCommand::Wake).then([expired(), unasked(1, Order::ENDED)]);
    assert_eq!(has_pending_effects(&order), ["release/A/1", "release/B/1"]);
    let cancelled = went(StaffTransition::Cancelled);
    let order = before().when(transition(StaffTransition::Cancelled)).then([cancelled, unasked(1, Order::ENDED)]);
    assert_eq!(has_pending_effects(&order), ["release/A/1", "release/B/1"]);
    // A hold that is granted late is released by the release that is pending.
    let ended = || before().after([expired(), unasked(1, Order::ENDED)]);
    ended().when(granted(b(), 1)).then_nothing();
    let order = ended().when(OrderCommand::HoldReleased { sku: a(), attempt: 1 });
    order.then([released(a())]);
}

#[test]
fn older_orders_of_the_cart_end_before_it_can_be_paid() {
    let older = OrderId(Uuid::from_u128(7));
    let newer = CheckoutSnapshot { replaces: vec![older], ..later() };
    let placed = placed_as(newer.clone());
    let order = given([]).when(place(newer)).then([placed.clone()]);
    assert_eq!(has_pending_effects(&order), [format!("give_up/{older}")]);
    let gone = OrderEvent::PredecessorGone { order: older };
    given([placed]).when(OrderCommand::PredecessorGone { order: older }).then([gone, OrderEvent::Reserved]);
}

#[test]
fn the_buyers_share_goes_with_the_hold_until_it_is_paid() {
    let share = Share { units: 10, percent: 25 };
    let shared = CheckoutSnapshot { share: Some(share), ..placement() };
    let user = shared.user;
    let placed = placed_as(shared);
    let buyers = |order: &Order| {
        let of = order.effects().into_iter().filter_map(|effect| match effect {
            OrderEffect::Hold { buyer, .. } => Some(buyer),
            _ => None,
        });
        of.collect::<Vec<_>>()
    };
    let order = given([placed.clone()]).when(granted(b(), 1)).then([held(b())]);
    assert_eq!(buyers(&order), [Some(Buyer { user, share })]);
    // Paid, and the hold was lost: whoever has paid keeps nothing.
    let paid = [placed, held(a()), held(b()), OrderEvent::Reserved, begun(1), moved(1, authorized())];
    let order = given(paid).when(OrderCommand::HoldGone { sku: a(), attempt: 1 });
    let order = order.then([OrderEvent::HoldLost { sku: a(), at: Timestamp(0) }]);
    assert_eq!(buyers(&order), [None]);
}
