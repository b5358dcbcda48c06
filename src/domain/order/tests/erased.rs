//! An order whose person is forgotten: the books stay, and nobody is written to.

use super::*;

fn erased() -> OrderEvent {
    OrderEvent::Erased { at: Timestamp(7) }
}

#[test]
fn the_books_stay_and_who_it_was_is_gone() {
    let (lines, at) = (vec![(a(), units(2)), (b(), units(1))], Timestamp(0));
    let (carrier, tracking) = (Some("Post".to_owned()), Some("00340".to_owned()));
    let sent = OrderEvent::Fulfilled { fulfilment: parcel(1), lines, carrier, tracking, at };
    let before = [taken(), vec![went(StaffTransition::Processing), sent]].concat();
    let was = testing::replay::<Order>(before.clone()).view();
    let order = testing::replay::<Order>([before, vec![erased()]].concat());
    let (was, is) = (was.placement.unwrap(), order.view().placement.unwrap());
    assert_eq!(
        (&is.lines, is.totals, &is.shipping_address.country),
        (&was.lines, was.totals, &was.shipping_address.country)
    );
    let stored = testing::stored(&order);
    for trace in [&was.email, &was.shipping_address.name, &was.shipping_address.line1, "00340"] {
        assert!(!stored.contains(trace), "{trace}: {stored}");
    }
    assert_eq!(Order::contact(&order.view()), None);
}

#[test]
fn an_order_is_erased_once_and_not_while_a_parcel_has_to_find_its_person() {
    let gone = || [reserved(), vec![expired()]].concat();
    given(gone()).at(7).when(OrderCommand::Erase).then([erased()]);
    given([gone(), vec![erased()]].concat()).when(OrderCommand::Erase).then_nothing();
    given([]).when(OrderCommand::Erase).then_nothing();
    for (events, lifecycle) in [(vec![placed()], OrderStatus::Placing), (verified(), OrderStatus::Verified)] {
        given(events).when(OrderCommand::Erase).then_rejected(OrderRejection::UnderWay { lifecycle });
    }
}
