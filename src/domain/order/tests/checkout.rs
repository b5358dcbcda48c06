//! Placing, the stock's replies, the number, the expiry.

use super::*;

fn refused(sku: Sku, available: u64) -> OrderCommand {
    OrderCommand::HoldRefused { sku, available, attempt: 1 }
}

#[test]
fn quantities_of_one_sku_are_one_hold_that_outlives_the_order() {
    let order = given([]).when(place(placement())).then([placed()]);
    let until = Timestamp(PAY_BY + Order::GRACE_MS);
    let hold = |sku, n| {
        let instead_of = vec![];
        OrderEffect::Hold { order: order_id(), sku, units: units(n), until, attempt: 1, instead_of, buyer: None }
    };
    assert_eq!(order.effects(), [hold(a(), 2), hold(b(), 1)]);
    assert_eq!((order.wake_at(), order.view().settled), (Some(Timestamp(PAY_BY)), false));
}

#[test]
fn the_same_checkout_again_says_nothing_new() {
    given([placed()]).when(place(CheckoutSnapshot { pay_by: Timestamp(1), ..placement() })).then_nothing();
    let other = CheckoutSnapshot { email: "c@d.example".to_owned(), ..placement() };
    given([placed()]).when(place(other)).then_rejected(OrderRejection::AlreadyPlaced);
}

#[test]
fn a_placement_must_add_up() {
    given([]).when(place(CheckoutSnapshot { lines: vec![], ..placement() })).then_rejected(OrderRejection::Empty);
    let mut wrong = placement();
    wrong.totals.total = eur(1);
    given([]).when(place(wrong)).then_rejected(OrderRejection::BadTotals);
    let free = (a(), "free".to_owned(), u32::MAX, eur(0));
    let Quote { lines, totals } = Basket::new([free.clone(), free], eur(490), 0).quote().unwrap();
    given([]).when(place(CheckoutSnapshot { lines, totals, ..placement() })).then_rejected(OrderRejection::BadTotals);
    let many: Vec<_> = (0..201).map(|n| (sku(&format!("S{n}")), String::new(), 1, eur(1))).collect();
    let Quote { lines, totals } = Basket::new(many, eur(0), 0).quote().unwrap();
    let too_many = OrderRejection::TooMany { what: "lines".to_owned(), max: 200 };
    given([]).when(place(CheckoutSnapshot { lines, totals, ..placement() })).then_rejected(too_many);
}

#[test]
fn all_held_is_reserved() {
    given([placed()]).when(granted(a(), 1)).then([held(a())]);
    let order = given([placed(), held(a())]).when(granted(b(), 1)).then([held(b()), OrderEvent::Reserved]);
    assert_eq!(
        (order.view().lifecycle, order.view().settled, has_pending_effects(&order)),
        (OrderStatus::AwaitingPayment, true, vec![])
    );
}

#[test]
fn one_refusal_waits_for_the_others_and_releases_what_was_held() {
    let no = OrderEvent::HoldRefused { sku: a(), available: 1 };
    given([placed()]).when(refused(a(), 1)).then([no.clone()]);
    let order = given([placed(), no.clone()]).when(granted(b(), 1)).then([held(b()), OrderEvent::Rejected]);
    assert_eq!(states(&order), [HoldState::Refused { available: 1 }, HoldState::Releasing]);
    assert_eq!((has_pending_effects(&order), order.view().settled), (vec!["release/B/1".to_owned()], false));
    let released = OrderEvent::HoldReleased { sku: b() };
    let order = given([placed(), no, held(b()), OrderEvent::Rejected])
        .when(OrderCommand::HoldReleased { sku: b(), attempt: 1 })
        .then([released]);
    assert!(order.view().settled);
}

#[test]
fn late_and_repeated_outcomes_say_nothing_new() {
    let gone = |attempt| OrderCommand::HoldGone { sku: a(), attempt };
    given([placed(), held(a())]).when(granted(a(), 1)).then_nothing();
    given([placed(), held(a())]).when(refused(a(), 0)).then_nothing();
    given([placed()]).when(granted(a(), 2)).then_nothing();
    given([placed()]).when(granted(sku("C"), 1)).then_nothing();
    given([placed()]).when(gone(1)).then_nothing();
    given([placed()]).when(OrderCommand::HoldReleased { sku: a(), attempt: 1 }).then_nothing();
    given([placed(), held(a())]).when(OrderCommand::HoldCommitted { sku: a(), attempt: 1 }).then_nothing();
    given(verified()).when(gone(1)).then_nothing();
    given(verified()).when(OrderCommand::NumberAllotted { number: 1002 }).then_nothing();
    given(reserved()).when(OrderCommand::NumberAllotted { number: 1001 }).then_nothing();
    given(reserved()).when(OrderCommand::CartSettled).then_nothing();
    given(reserved()).when(OrderCommand::PaymentOpened { payment: pay_id(1) }).then_nothing();
    given(verified()).when(OrderCommand::ParcelShipped { fulfilment: parcel(1), sku: a() }).then_nothing();
    given([]).when(OrderCommand::Wake).then_nothing();
}

#[test]
fn an_unpaid_order_expires_and_gives_everything_back() {
    given([placed(), held(a())]).at(PAY_BY - 1).when(OrderCommand::Wake).then_nothing();
    // B was requested without a reply: it may be held.
    let order = given([placed(), held(a())]).at(PAY_BY).when(OrderCommand::Wake).then([expired()]);
    assert_eq!((order.view().lifecycle, order.wake_at()), (OrderStatus::Expired, None));
    assert_eq!(has_pending_effects(&order), ["release/A/1", "release/B/1"]);
    given(reserved()).at(PAY_BY).when(OrderCommand::Wake).then([expired()]);
}

#[test]
fn a_paid_order_does_not_expire() {
    let order = given(paid()).at(PAY_BY).when(OrderCommand::Wake).then_nothing();
    assert_eq!(order.wake_at(), None);
    // Unless the payment breaks away while the stock is being committed.
    let order = given(paid()).after([moved(1, failed())]).at(PAY_BY).when(OrderCommand::Wake).then([expired()]);
    assert_eq!(
        has_pending_effects(&order),
        ["release/A/1", "release/B/1", "open/00000000-0000-0000-0000-000000000001"][..2]
    );
}

#[test]
fn committed_and_numbered_is_verified() {
    let history = [reserved(), vec![begun(1), moved(1, authorized())]].concat();
    let commit = |sku, attempt| OrderCommand::HoldCommitted { sku, attempt };
    let order = given(history.clone()).when(commit(a(), 1)).then([committed(a())]);
    assert_eq!(has_pending_effects(&order), ["commit/B/1"]);
    let order = given(history).after([committed(a())]).when(commit(b(), 1)).then([committed(b())]);
    assert_eq!(has_pending_effects(&order), ["number"]);
    let done = OrderEvent::Verified { number: 1001, at: Timestamp(7) };
    let order = given(paid()).at(7).when(OrderCommand::NumberAllotted { number: 1001 }).then([done]);
    assert_eq!((order.view().number, order.view().lifecycle), (Some(1001), OrderStatus::Verified));
    assert_eq!(has_pending_effects(&order), ["cart".to_owned(), format!("capture/{}", pay_id(1))]);
    given(verified()).when(OrderCommand::CartSettled).then([OrderEvent::CartSettled]);
    let asked = OrderEvent::CaptureAsked { payment: pay_id(1) };
    let order = given(verified())
        .after([OrderEvent::CartSettled])
        .when(OrderCommand::CaptureAsked { payment: pay_id(1) })
        .then([asked]);
    assert!(order.view().settled);
}

#[test]
fn an_operator_captures_where_the_policy_says_so() {
    let placement = CheckoutSnapshot { capture: CapturePolicy::Manual, cart: None, ..placement() };
    let first = placed_as(placement);
    let order: Order = testing::replay([first].into_iter().chain(verified().into_iter().skip(1)));
    assert_eq!(has_pending_effects(&order), [] as [&str; 0]);
}

#[test]
fn a_lost_hold_is_asked_for_once_more() {
    let gone = |attempt| OrderCommand::HoldGone { sku: a(), attempt };
    let lost = OrderEvent::HoldLost { sku: a(), at: Timestamp(50) };
    let history = [reserved(), vec![begun(1), moved(1, authorized())]].concat();
    let order = given(history.clone()).at(50).when(gone(1)).then([lost.clone()]);
    // B waits: nothing is committed for an order that may yet be refused a line.
    let until = Timestamp(50 + Order::PAID_HOLD_MS);
    assert_eq!(
        order.effects(),
        [OrderEffect::Hold {
            order: order_id(),
            sku: a(),
            units: units(2),
            until,
            attempt: 2,
            instead_of: vec![],
            buyer: None
        }]
    );
    let again = || given(history.clone()).after([lost.clone()]);
    let order = again().when(granted(a(), 2)).then([held(a())]);
    assert_eq!(has_pending_effects(&order), ["commit/A/2", "commit/B/1"]);
    let no = |available| OrderEvent::HoldRefused { sku: a(), available };
    let failed = OrderEvent::RevivalFailed { at: Timestamp(0) };
    let refused = OrderCommand::HoldRefused { sku: a(), available: 1, attempt: 2 };
    let order = again().when(refused).then([no(1), failed.clone()]);
    assert_eq!(has_pending_effects(&order), ["release/B/1".to_owned(), format!("unwind/{}", pay_id(1))]);
    // A second loss is final.
    again().after([held(a())]).when(gone(2)).then([no(0), failed]);
}
