//! What an order's shopper is written: once for each event that is told of, and only where the placement says so.

use super::*;
use crate::domain::{
    effect::{Outcome, Request},
    kinds::{AnyCommand, Kind},
    mail::{Letter, MailCommand, Says},
};

/// The same history of an order whose shopper is written to.
fn with_mails(events: Vec<OrderEvent>) -> Vec<OrderEvent> {
    let mailed = |event| match event {
        OrderEvent::Placed { placement, at } => {
            let placement = CheckoutSnapshot { mails: true, ..(*placement).clone() };
            OrderEvent::Placed { placement: Arc::new(placement), at }
        }
        other => other,
    };
    events.into_iter().map(mailed).collect()
}

fn owed(events: Vec<OrderEvent>) -> Vec<OrderMail> {
    testing::replay::<Order>(events).mails
}

fn letters(order: &Order) -> Vec<Letter> {
    let letter = |effect: OrderEffect| match effect {
        OrderEffect::QueueMail { letter, .. } => Some((*letter).clone()),
        _ => None,
    };
    order.effects().into_iter().filter_map(letter).collect()
}

fn fulfilled() -> OrderEvent {
    let (lines, at) = (vec![(a(), units(1))], Timestamp(0));
    OrderEvent::Fulfilled { fulfilment: parcel(1), lines, carrier: Some("Post".to_owned()), tracking: None, at }
}

fn refunded(amount: i64) -> OrderEvent {
    moved(1, PaymentUpdate::Refunded { total: eur(amount) })
}

#[test]
fn an_order_of_before_owes_nothing() {
    assert_eq!(owed([taken(), vec![fulfilled(), refunded(5), went(StaffTransition::Cancelled)]].concat()), vec![]);
}

#[test]
fn nothing_is_owed_before_the_sale() {
    assert_eq!(owed(with_mails([reserved(), vec![went(StaffTransition::Cancelled)]].concat())), vec![]);
    assert_eq!(owed(with_mails([reserved(), vec![expired()]].concat())), vec![]);
}

#[test]
fn each_event_that_is_told_of_owes_one_mail_until_it_is_queued() {
    let parcel = OrderMail::Parcel { fulfilment: parcel(1) };
    let back = |total| OrderMail::Refunded { total };
    let history = with_mails([taken(), vec![fulfilled(), refunded(500), refunded(700)]].concat());
    assert_eq!(owed(history.clone()), [OrderMail::Confirmed, parcel.clone(), back(500), back(700)]);
    let queue = OrderCommand::MailQueued { mail: back(500) };
    let queued = OrderEvent::MailQueued { mail: back(500) };
    let order = given(history.clone()).when(queue.clone()).then([queued.clone()]);
    assert_eq!(order.mails, [OrderMail::Confirmed, parcel, back(700)]);
    given(history).after([queued]).when(queue).then_nothing();
}

#[test]
fn a_sold_order_that_is_cancelled_says_so() {
    let order: Order = testing::replay(with_mails([taken(), vec![went(StaffTransition::Cancelled)]].concat()));
    let says = letters(&order).pop().map(|letter| letter.says);
    assert_eq!(says, Some(Says::OrderCancelled { order: order_id(), number: 1001, paid: true }));
}

/// A payment that came too late, and went back.
#[test]
fn money_that_comes_back_is_told_of_without_a_number_too() {
    let history = [reserved(), vec![begun(1), expired(), moved(1, captured()), refunded(3490)]].concat();
    let order: Order = testing::replay(with_mails(history));
    let says = Says::OrderRefunded { order: order_id(), number: None, total: eur(3490) };
    assert_eq!(letters(&order).into_iter().map(|letter| letter.says).collect::<Vec<_>>(), [says]);
}

#[test]
fn a_confirmation_has_what_was_bought_and_nothing_of_the_person_but_the_address() {
    let order: Order = testing::replay(with_mails(verified()));
    let letter = letters(&order).remove(0);
    assert_eq!(letter.to, placement().email);
    let Says::OrderConfirmed { number: 1001, lines, totals, .. } = &letter.says else { panic!("{letter:?}") };
    assert_eq!(lines.iter().map(|line| (line.units, line.price)).collect::<Vec<_>>(), [(1, eur(1000)); 3]);
    assert_eq!(*totals, placement().totals);
    let written = serde_json::to_string(&letter).unwrap();
    let address = placement().shipping_address;
    assert!(!written.contains(&address.name) && !written.contains(&address.line1), "{written}");
}

#[test]
fn the_mail_goes_to_an_entity_of_its_own_and_however_that_answers_it_is_queued() {
    let order: Order = testing::replay(with_mails(verified()));
    let effects = order.effects();
    let effect = effects.iter().find(|effect| matches!(effect, OrderEffect::QueueMail { .. })).unwrap();
    assert_eq!(effect.id(), "mail/confirmed");
    let Request::Entity(key, AnyCommand::Mail(MailCommand::Queue { mail, .. })) = effect.request() else {
        panic!("{effect:?}");
    };
    assert_eq!((key.kind, key), (Kind::Mail, mail.key()));
    assert_eq!(mail, OrderMail::Confirmed.id(order_id()));
    assert_eq!(effect.outcome(Outcome::Accepted(None)), Some(OrderCommand::MailQueued { mail: OrderMail::Confirmed }));
    let ids = [OrderMail::Cancelled, OrderMail::Refunded { total: 5 }, OrderMail::Parcel { fulfilment: parcel(1) }];
    let ids = ids.map(|mail| mail.purpose());
    assert_eq!(ids, ["cancelled".to_owned(), "refunded/5".to_owned(), format!("parcel/{}", parcel(1))]);
}

/// The event rests on the mail's own, so that no export has the one without the other.
#[test]
fn what_is_queued_rests_on_the_mail() {
    let order: Order = testing::replay(with_mails(verified()));
    let rests = order.rests_on(&OrderEvent::MailQueued { mail: OrderMail::Confirmed });
    assert_eq!(rests, [Rest::on(OrderMail::Confirmed.id(order_id()).key(), "queued".to_owned())]);
}
