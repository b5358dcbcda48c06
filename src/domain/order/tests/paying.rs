//! Beginning payments, their updates, and the effect of late updates on an order that was given up.

use super::*;

fn unwind() -> String {
    format!("unwind/{}", pay_id(1))
}

#[test]
fn a_payment_begins_once() {
    let order = given(reserved()).when(begin(1)).then([begun(1)]);
    assert_eq!(
        (has_pending_effects(&order), order.view().payment_status),
        (vec![format!("open/{}", pay_id(1))], PaymentStatus::Pending)
    );
    let paying = || given(reserved()).after([begun(1)]);
    paying().when(begin(1)).then_nothing();
    paying().when(begin(2)).then_rejected(OrderRejection::PaymentUnderWay { payment: pay_id(1) });
    paying()
        .when(OrderCommand::BeginPayment { payment: pay_id(1), provider: "sandbox".to_owned(), token: "x".to_owned() })
        .then_rejected(OrderRejection::PaymentUnderWay { payment: pay_id(1) });
    let opened = OrderEvent::PaymentOpened { payment: pay_id(1) };
    let order = paying().when(OrderCommand::PaymentOpened { payment: pay_id(1) }).then([opened]);
    assert_eq!(has_pending_effects(&order), [] as [&str; 0]);
}

#[test]
fn only_a_reserved_order_is_payable() {
    given([]).when(begin(1)).then_rejected(OrderRejection::NotPlaced);
    let refused = |lifecycle| OrderRejection::NotPayable { lifecycle };
    given([placed()]).when(begin(1)).then_rejected(refused(OrderStatus::Placing));
    // The alarm is late.
    given(reserved()).at(PAY_BY).when(begin(1)).then_rejected(refused(OrderStatus::Expired));
    given(reserved()).after([expired()]).when(begin(1)).then_rejected(refused(OrderStatus::Expired));
    given(reserved())
        .after([went(StaffTransition::Cancelled)])
        .when(begin(1))
        .then_rejected(refused(OrderStatus::Cancelled));
    given(paid()).when(begin(2)).then_rejected(OrderRejection::AlreadyPaid);
    given(verified()).when(begin(2)).then_rejected(OrderRejection::AlreadyPaid);
}

#[test]
fn after_a_failure_another_payment_may_begin() {
    let history = || given(reserved()).after([begun(1), moved(1, failed())]);
    history().when(begin(2)).then([begun(2)]);
    history().when(begin(1)).then_nothing();
    let second = || history().after([begun(2)]);
    second().when(begin(1)).then_nothing();
    second().when(news(1, authorized())).then_nothing();
    let many = (2..=Order::PAYMENTS_MAX as u128).flat_map(|n| [begun(n), moved(n, failed())]);
    history()
        .after(many)
        .when(begin(99))
        .then_rejected(OrderRejection::TooMany { what: "payments of one order".to_owned(), max: 20 });
}

#[test]
fn news_counts_only_forwards() {
    let paying = || given(reserved()).after([begun(1)]);
    given([]).when(news(1, authorized())).then_rejected(OrderRejection::NotPlaced);
    paying().when(news(9, authorized())).then_rejected(OrderRejection::UnknownPayment { payment: pay_id(9) });
    paying().when(news(1, PaymentUpdate::RequiresAction)).then([moved(1, PaymentUpdate::RequiresAction)]);
    let order = paying().when(news(1, authorized())).then([moved(1, authorized())]);
    assert_eq!(has_pending_effects(&order), ["commit/A/1", "commit/B/1"].map(str::to_owned));
    // The capture's update may overtake the authorisation's.
    paying().when(news(1, captured())).then([moved(1, captured())]);
    given(paid()).when(news(1, PaymentUpdate::RequiresAction)).then_nothing();
    given(paid()).when(news(1, authorized())).then_nothing();
    let taken = || given(verified()).after([moved(1, captured())]);
    taken().when(news(1, authorized())).then_nothing();
    taken().when(news(1, PaymentUpdate::Voided)).then_nothing();
    taken().when(news(1, failed())).then_nothing();
    given(verified()).after([moved(1, PaymentUpdate::Voided)]).when(news(1, captured())).then_nothing();
}

#[test]
fn refunds_are_news_as_long_as_they_grow() {
    let back = |amount| PaymentUpdate::Refunded { total: eur(amount) };
    let part = || given(verified()).after([moved(1, captured()), moved(1, back(500))]);
    part().when(news(1, back(500))).then_nothing();
    part().when(news(1, back(400))).then_nothing();
    let order = part().when(news(1, back(900))).then([moved(1, back(900))]);
    assert_eq!(order.view().payment_status, PaymentStatus::PartiallyRefunded);
    let order = part().when(news(1, back(3490))).then([moved(1, back(3490))]);
    assert_eq!(order.view().payment_status, PaymentStatus::Refunded);
}

#[test]
fn a_payment_after_the_expiry_revives_once_its_releases_are_done() {
    let late = || given(reserved()).after([begun(1), expired()]);
    // Nothing is undone while the payment may still succeed; it is even still opened.
    let order = late()
        .when(OrderCommand::PaymentOpened { payment: pay_id(1) })
        .then([OrderEvent::PaymentOpened { payment: pay_id(1) }]);
    assert_eq!(has_pending_effects(&order), ["release/A/1", "release/B/1"]);
    let revived = OrderEvent::Revived { payment: pay_id(1), at: Timestamp(PAY_BY + 5) };
    let order = late()
        .after([released(b())])
        .at(PAY_BY + 5)
        .when(news(1, authorized()))
        .then([moved(1, authorized()), revived.clone()]);
    assert_eq!(has_pending_effects(&order), ["release/A/1", "hold/B/2"]);
    assert_eq!(order.wake_at(), None);
    let history = || late().after([released(b()), moved(1, authorized()), revived.clone()]);
    let order = history().when(OrderCommand::HoldReleased { sku: a(), attempt: 1 }).then([released(a())]);
    let until = Timestamp(PAY_BY + 5 + Order::PAID_HOLD_MS);
    let hold = |sku, n| {
        let instead_of = vec![];
        OrderEffect::Hold { order: order_id(), sku, units: units(n), until, attempt: 2, instead_of, buyer: None }
    };
    assert_eq!(order.effects(), [hold(a(), 2), hold(b(), 1)]);
    let order: Order = history().after([released(a()), held(a()), held(b())]).when(OrderCommand::Wake).then_nothing();
    assert_eq!(has_pending_effects(&order), ["commit/A/2", "commit/B/2"]);
}

#[test]
fn a_revival_that_fails_undoes_the_payment() {
    let revived = OrderEvent::Revived { payment: pay_id(1), at: Timestamp(PAY_BY) };
    let history = [begun(1), expired(), released(a()), released(b()), moved(1, authorized()), revived, held(b())];
    let no = OrderEvent::HoldRefused { sku: a(), available: 0 };
    let failed = OrderEvent::RevivalFailed { at: Timestamp(0) };
    let order = given(reserved())
        .after(history.clone())
        .when(OrderCommand::HoldRefused { sku: a(), available: 0, attempt: 2 })
        .then([no.clone(), failed.clone()]);
    assert_eq!(order.view().lifecycle, OrderStatus::Expired);
    assert_eq!(has_pending_effects(&order), ["release/B/2".to_owned(), unwind()]);
    let over = || given(reserved()).after(history.clone()).after([no.clone(), failed.clone()]);
    // There is no second revival.
    over().when(news(1, captured())).then([moved(1, captured())]);
    let asked = OrderEvent::UnwindAsked { payment: pay_id(1) };
    let order = over().when(OrderCommand::PaymentUnwinding { payment: pay_id(1) }).then([asked.clone()]);
    assert_eq!(has_pending_effects(&order), ["release/B/2"]);
    over().after([asked]).when(OrderCommand::PaymentUnwinding { payment: pay_id(1) }).then_nothing();
}

#[test]
fn a_cancelled_orders_payment_is_undone_even_before_it_succeeds() {
    let cancelled = || given(reserved()).after([begun(1), went(StaffTransition::Cancelled)]);
    // First the payment has to exist: the request may be in flight.
    let opened = OrderEvent::PaymentOpened { payment: pay_id(1) };
    let order = cancelled().when(OrderCommand::PaymentOpened { payment: pay_id(1) }).then([opened]);
    assert_eq!(has_pending_effects(&order), ["release/A/1".to_owned(), "release/B/1".to_owned(), unwind()]);
    cancelled().when(news(1, authorized())).then([moved(1, authorized())]);
    let order = cancelled().when(news(1, failed())).then([moved(1, failed())]);
    assert_eq!(has_pending_effects(&order), ["release/A/1", "release/B/1"]);
}
