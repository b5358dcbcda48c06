//! Operators' transitions and parcels.

use super::*;

fn refused(order: Given<Order>, to: StaffTransition) -> String {
    let order = order.when(OrderCommand::Wake).then_nothing();
    match order.decide(&transition(to), Timestamp(0)) {
        Err(OrderRejection::IllegalMove { from, to: refused, reason }) => {
            assert_eq!((from, refused), (order.view().lifecycle, to));
            let next = order.view().next_transitions().into_iter().find(|next| next.to == to);
            assert_eq!(next, Some(NextTransition { to, allowed: false, reason: Some(reason.clone()) }));
            reason
        }
        other => panic!("{other:?}"),
    }
}

fn fulfil(n: u128, lines: &[(Sku, u32)]) -> OrderCommand {
    let lines = lines.iter().map(|(sku, count)| (sku.clone(), units(*count))).collect();
    OrderCommand::Fulfil { fulfilment: parcel(n), lines, carrier: None, tracking: None }
}

fn fulfilled(n: u128, lines: &[(Sku, u32)]) -> OrderEvent {
    let lines = lines.iter().map(|(sku, count)| (sku.clone(), units(*count))).collect();
    OrderEvent::Fulfilled { fulfilment: parcel(n), lines, carrier: None, tracking: None, at: Timestamp(0) }
}

fn shipped(n: u128, sku: Sku) -> OrderEvent {
    OrderEvent::ParcelShipped { fulfilment: parcel(n), sku }
}

fn all_shipped() -> Given<Order> {
    given(taken()).after([fulfilled(1, &[(a(), 2), (b(), 1)]), shipped(1, a()), shipped(1, b())])
}

#[test]
fn the_way_of_a_sold_order() {
    let order =
        given(verified()).when(transition(StaffTransition::Processing)).then([went(StaffTransition::Processing)]);
    assert_eq!(order.view().lifecycle, OrderStatus::Processing);
    all_shipped().when(transition(StaffTransition::Delivered)).then([went(StaffTransition::Delivered)]);
    let delivered = || all_shipped().after([went(StaffTransition::Delivered)]);
    let order = delivered().when(transition(StaffTransition::Completed)).then([went(StaffTransition::Completed)]);
    assert_eq!(order.view().lifecycle, OrderStatus::Completed);
    assert!(order.view().next_transitions().iter().all(|next| !next.allowed && next.reason.is_some()));
}

#[test]
fn moves_out_of_turn_are_refused_in_words() {
    given([]).when(transition(StaffTransition::Processing)).then_rejected(OrderRejection::NotPlaced);
    assert_eq!(refused(given([placed()]), StaffTransition::Cancelled), "the stock has not answered yet");
    let early = "only an order that is verified can; this one is awaiting payment";
    assert_eq!(refused(given(reserved()), StaffTransition::Processing), early);
    let twice = given(verified()).after([went(StaffTransition::Processing)]);
    assert_eq!(refused(twice, StaffTransition::Processing), "the order is processing already");
    let early = "only an order that is shipped can; this one is verified";
    assert_eq!(refused(given(verified()), StaffTransition::Delivered), early);
    let early = "only an order that is delivered can; this one is shipped";
    assert_eq!(refused(all_shipped(), StaffTransition::Completed), early);
    let left = "a parcel has left; what it holds can only be returned, and the rest given up by `shipped`";
    assert_eq!(refused(all_shipped(), StaffTransition::Cancelled), left);
    assert_eq!(
        refused(all_shipped().after([went(StaffTransition::Delivered)]), StaffTransition::Cancelled),
        "the order is delivered"
    );
    let writing = given(taken()).after([fulfilled(1, &[(a(), 2), (b(), 1)]), shipped(1, a())]);
    assert_eq!(refused(writing, StaffTransition::Delivered), "the stock is still writing the parcels off");
}

#[test]
fn an_order_whose_capture_failed_waits_for_its_operator() {
    let unpaid = || given(verified()).after([moved(1, failed())]);
    let reason = "the payment failed; cancel the order or collect the money otherwise";
    assert_eq!(refused(unpaid(), StaffTransition::Processing), reason);
    let verified = OrderStatus::Verified;
    unpaid().when(fulfil(1, &[(a(), 1)])).then_rejected(OrderRejection::NotFulfillable { lifecycle: verified });
    unpaid().when(transition(StaffTransition::Cancelled)).then([went(StaffTransition::Cancelled)]);
}

#[test]
fn cancelling_gives_stock_and_money_back() {
    let order = given(reserved()).when(transition(StaffTransition::Cancelled)).then([went(StaffTransition::Cancelled)]);
    assert_eq!(has_pending_effects(&order), ["release/A/1", "release/B/1"]);
    let order = given(verified())
        .after([OrderEvent::CartSettled])
        .when(transition(StaffTransition::Cancelled))
        .then([went(StaffTransition::Cancelled)]);
    assert_eq!(states(&order), [HoldState::Releasing; 2]);
    assert_eq!(
        has_pending_effects(&order),
        ["release/A/1".to_owned(), "release/B/1".to_owned(), format!("unwind/{}", pay_id(1))]
    );
    let late = given(verified()).after([went(StaffTransition::Processing)]);
    late.when(transition(StaffTransition::Cancelled)).then([went(StaffTransition::Cancelled)]);
    // A number that arrives afterwards leaves a gap.
    given(paid())
        .after([went(StaffTransition::Cancelled)])
        .when(OrderCommand::NumberAllotted { number: 7 })
        .then_nothing();
}

#[test]
fn parcels_leave_until_everything_has() {
    let first = fulfilled(1, &[(a(), 1)]);
    let order = given(taken()).when(fulfil(1, &[(a(), 1)])).then([first.clone()]);
    assert_eq!((order.view().lifecycle, order.view().stock[0].shipped), (OrderStatus::PartiallyShipped, 1));
    let ship = OrderEffect::ShipHold { order: order_id(), sku: a(), fulfilment: parcel(1), units: units(1) };
    assert!(order.effects().contains(&ship));
    let partly = || given(taken()).after([first.clone(), shipped(1, a())]);
    let rest = fulfilled(2, &[(a(), 1), (b(), 1)]);
    // Lines of one SKU are summed.
    given(taken()).when(fulfil(1, &[(a(), 1), (a(), 1)])).then([fulfilled(1, &[(a(), 2)])]);
    let order = partly().when(fulfil(2, &[(a(), 1), (b(), 1)])).then([rest.clone()]);
    assert_eq!(order.view().lifecycle, OrderStatus::Shipped);
    let word = OrderCommand::ParcelShipped { fulfilment: parcel(2), sku: a() };
    let order = partly().after([rest]).when(word.clone()).then([shipped(2, a())]);
    assert_eq!(states(&order), [HoldState::Shipped, HoldState::Committed]);
    assert_eq!(order.decide(&word, Timestamp(0)), Ok(vec![]));
}

/// D5: two of three were sent, the third never comes.
#[test]
fn the_rest_of_a_part_shipment_is_given_up_and_given_back() {
    let left = || given(taken()).after([OrderEvent::CartSettled, fulfilled(1, &[(a(), 1), (b(), 1)])]);
    assert_eq!(refused(left(), StaffTransition::Shipped), "the stock is still writing the parcels off");
    let early = "only an order that is partially shipped can; this one is verified";
    assert_eq!(refused(given(taken()), StaffTransition::Shipped), early);
    let written = || left().after([shipped(1, a()), shipped(1, b())]);
    let order = written().when(transition(StaffTransition::Shipped)).then([went(StaffTransition::Shipped)]);
    assert_eq!(
        (order.view().lifecycle, states(&order)),
        (OrderStatus::Shipped, vec![HoldState::Releasing, HoldState::Shipped])
    );
    assert_eq!(has_pending_effects(&order), ["release/A/1".to_owned(), format!("refund_rest/{}", pay_id(1))]);
    let back = order.effects().into_iter().find_map(|effect| match effect {
        OrderEffect::RefundRest { amount, .. } => Some(amount),
        _ => None,
    });
    assert_eq!(back, Some(eur(1_000)), "without the shipping");
    let over = || written().after([went(StaffTransition::Shipped)]);
    let asked = OrderCommand::RestRefundAsked { payment: pay_id(1) };
    over().when(asked.clone()).then([OrderEvent::RestRefundAsked { payment: pay_id(1) }]);
    written().when(asked).then_nothing();
    let released = OrderEvent::HoldReleased { sku: a() };
    let done = over().after([released, OrderEvent::RestRefundAsked { payment: pay_id(1) }]);
    let done = done.when(transition(StaffTransition::Delivered)).then([went(StaffTransition::Delivered)]);
    assert!(done.view().settled);
    over()
        .when(fulfil(2, &[(a(), 1)]))
        .then_rejected(OrderRejection::NotFulfillable { lifecycle: OrderStatus::Shipped });
}

#[test]
fn parcels_that_cannot_leave_are_refused() {
    let parcel_again = || given(taken()).after([fulfilled(1, &[(a(), 1)])]);
    parcel_again().when(fulfil(1, &[(a(), 1)])).then_nothing();
    let conflict = OrderRejection::FulfilmentConflict { fulfilment: parcel(1) };
    parcel_again().when(fulfil(1, &[(b(), 1)])).then_rejected(conflict);
    given([]).when(fulfil(1, &[(a(), 1)])).then_rejected(OrderRejection::NotPlaced);
    given(taken()).when(fulfil(1, &[])).then_rejected(OrderRejection::Empty);
    let too_many = |sku, requested, open| OrderRejection::ShipsTooMany { sku, requested, open };
    parcel_again().when(fulfil(2, &[(a(), 2)])).then_rejected(too_many(a(), 2, 1));
    given(taken()).when(fulfil(1, &[(sku("C"), 1)])).then_rejected(too_many(sku("C"), 1, 0));
    // An authorisation can still be voided behind the parcel.
    let payment = PaymentStatus::Authorized;
    given(verified()).when(fulfil(1, &[(a(), 1)])).then_rejected(OrderRejection::NotCaptured { payment });
    let lifecycle = OrderStatus::AwaitingPayment;
    given(paid()).when(fulfil(1, &[(a(), 1)])).then_rejected(OrderRejection::NotFulfillable { lifecycle });
    let lines = vec![(a(), 1); 201];
    let bound = |what: &str, max| OrderRejection::TooMany { what: what.to_owned(), max };
    given(taken()).when(fulfil(1, &lines)).then_rejected(bound("lines", 200));
    // 101 parcels need as many units.
    let Quote { lines, totals } =
        Basket::new([(a(), String::new(), 200, eur(10)), (b(), String::new(), 1, eur(0))], eur(0), 0).quote().unwrap();
    let large = CheckoutSnapshot { lines, totals, ..placement() };
    let first = placed_as(large);
    let history = [first].into_iter().chain(taken().into_iter().skip(1));
    let parcels = (0..Order::FULFILMENTS_MAX as u128).map(|n| fulfilled(n, &[(a(), 1)]));
    given(history).after(parcels).when(fulfil(999, &[(a(), 1)])).then_rejected(bound("fulfilments", 100));
}

#[test]
fn only_a_move_is_remembered_by_its_id() {
    assert!(Order::remembers(&transition(StaffTransition::Processing)));
    assert!(
        !Order::remembers(&begin(1)) && !Order::remembers(&fulfil(1, &[])) && !Order::remembers(&OrderCommand::Wake)
    );
}
