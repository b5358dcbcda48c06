//! Every transition and refusal of a payment; its effects' table.

mod effects;
mod undo;

use uuid::Uuid;

use super::*;
use crate::{
    domain::{
        ids::RefundId,
        money::Currency,
        testing::{self, Given, replay},
    },
    testing::eur,
};

fn given(events: impl IntoIterator<Item = PaymentEvent>) -> Given<Payment> {
    testing::given(events)
}

const TOTAL: i64 = 1000;

fn refund_id(n: u128) -> RefundId {
    RefundId(Uuid::from_u128(n))
}

fn text(text: &str) -> String {
    text.to_owned()
}

fn opened() -> PaymentEvent {
    let (payment, order, user) = (PaymentId(Uuid::from_u128(1)), OrderId(Uuid::from_u128(2)), UserId::default());
    let (provider, token) = (text("sandbox"), text("tok_ok"));
    PaymentEvent::Opened { payment, order, user, amount: eur(TOTAL), provider, token, at: Timestamp(0) }
}

fn open(token: &str) -> PaymentCommand {
    let (payment, order, user) = (PaymentId(Uuid::from_u128(1)), OrderId(Uuid::from_u128(2)), UserId::default());
    PaymentCommand::Open { payment, order, user, amount: eur(TOTAL), provider: text("sandbox"), token: text(token) }
}

fn authorized() -> PaymentEvent {
    PaymentEvent::Authorized { reference: text("ref") }
}

fn action() -> PaymentEvent {
    PaymentEvent::ActionRequired { reference: text("ref"), continue_url: text("https://pay") }
}

fn declined(code: &str) -> PaymentEvent {
    PaymentEvent::Declined { code: text(code) }
}

fn refund_asked(n: u128, amount: i64) -> PaymentEvent {
    PaymentEvent::RefundAsked { refund: refund_id(n), amount: eur(amount), reason: text("late") }
}

fn refund(n: u128, amount: Option<i64>) -> PaymentCommand {
    PaymentCommand::Refund { refund: refund_id(n), amount: amount.map(eur), reason: text("late") }
}

fn says(news: ProviderEvent) -> PaymentCommand {
    PaymentCommand::Provider(news)
}

fn is_authorized() -> PaymentCommand {
    says(ProviderEvent::Authorized { reference: text("ref") })
}

/// An opened payment after `events`.
fn payment(events: impl IntoIterator<Item = PaymentEvent>) -> Given<Payment> {
    given([opened()].into_iter().chain(events))
}

fn captured() -> Given<Payment> {
    payment([authorized(), PaymentEvent::CaptureAsked, PaymentEvent::Captured])
}

fn operations(payment: &Payment) -> Vec<ProviderOperation> {
    let calls = payment.effects().into_iter().filter_map(|effect| match effect {
        PaymentEffect::CallProvider { call, .. } => Some(call.operation),
        PaymentEffect::NotifyOrder { .. } => None,
    });
    calls.collect()
}

fn tells(payment: &Payment) -> Option<PaymentStatus> {
    payment.effects().into_iter().find_map(|effect| match effect {
        PaymentEffect::NotifyOrder { status, .. } => Some(status),
        PaymentEffect::CallProvider { .. } => None,
    })
}

#[test]
fn opens_once() {
    let fresh = given([]).when(open("tok_ok")).then([opened()]);
    let (order, amount) = (OrderId(Uuid::from_u128(2)), eur(TOTAL));
    assert_eq!(operations(&fresh), [ProviderOperation::Authorize { order, amount, token: text("tok_ok") }]);
    assert_eq!((tells(&fresh), fresh.view().settled), (None, false));
    payment([]).at(5).when(open("tok_ok")).then_nothing();
    payment([]).when(open("tok_other")).then_rejected(PaymentRejection::AlreadyOpened);
    for command in [PaymentCommand::Capture, PaymentCommand::Unwind, PaymentCommand::Wake, is_authorized()] {
        given([]).when(command).then_rejected(PaymentRejection::NotOpened);
    }
}

#[test]
fn is_authorized_then_captured_on_the_orders_word() {
    let promised = payment([]).when(is_authorized()).then([authorized()]);
    assert_eq!((operations(&promised), tells(&promised)), (vec![], Some(PaymentStatus::Authorized)));
    let asked = payment([authorized()]).when(PaymentCommand::Capture).then([PaymentEvent::CaptureAsked]);
    assert_eq!(operations(&asked), [ProviderOperation::Capture { reference: text("ref"), amount: eur(TOTAL) }]);
    let history = [authorized(), PaymentEvent::CaptureAsked];
    payment(history.clone()).when(PaymentCommand::Capture).then_nothing();
    let taken = payment(history).when(says(ProviderEvent::Captured)).then([PaymentEvent::Captured]);
    assert_eq!(operations(&taken), []);
    captured().when(PaymentCommand::Capture).then_nothing();
    payment([])
        .when(PaymentCommand::Capture)
        .then_rejected(PaymentRejection::NotCapturable { status: PaymentStatus::Pending });
}

#[test]
fn late_and_repeated_news_says_nothing_new() {
    let action = says(ProviderEvent::RequiresAction { reference: text("ref"), continue_url: text("https://pay") });
    payment([authorized()]).when(action).then_nothing();
    payment([authorized()]).when(is_authorized()).then_nothing();
    let decline = says(ProviderEvent::Declined { code: text("no") });
    payment([authorized()]).when(decline.clone()).then_nothing();
    payment([declined("no")]).when(decline).then_nothing();
    captured().when(is_authorized()).then_nothing();
    captured().when(says(ProviderEvent::Voided)).then_nothing();
    captured().when(says(ProviderEvent::CaptureFailed { code: text("x") })).then_nothing();
    payment([]).when(says(ProviderEvent::Captured)).then_nothing();
    payment([]).when(says(ProviderEvent::Voided)).then_nothing();
    payment([authorized()]).when(says(ProviderEvent::CaptureFailed { code: text("x") })).then_nothing();
    captured().when(says(ProviderEvent::Refunded { refund: refund_id(1) })).then_nothing();
}

#[test]
fn a_shopper_who_never_comes_back_is_declined() {
    let news = ProviderEvent::RequiresAction { reference: text("ref"), continue_url: text("https://pay") };
    let waiting = payment([]).when(says(news)).then([action()]);
    assert_eq!(waiting.wake_at(), Some(Timestamp(Payment::AUTHORIZE_MS)));
    assert_eq!(waiting.view().continue_url, Some(text("https://pay")));
    payment([action()]).at(Payment::AUTHORIZE_MS - 1).when(PaymentCommand::Wake).then_nothing();
    payment([]).at(Payment::AUTHORIZE_MS).when(PaymentCommand::Wake).then_nothing();
    let timed_out = declined(Payment::TIMED_OUT);
    let failed = payment([action()]).at(Payment::AUTHORIZE_MS).when(PaymentCommand::Wake).then([timed_out]);
    assert_eq!((tells(&failed), failed.wake_at()), (Some(PaymentStatus::Failed), None));
}

#[test]
fn a_capture_that_fails_for_good_fails_the_payment() {
    let failed = payment([authorized(), PaymentEvent::CaptureAsked])
        .when(says(ProviderEvent::CaptureFailed { code: text("lapsed") }))
        .then([PaymentEvent::CaptureFailed { code: text("lapsed") }]);
    assert_eq!((failed.view().status, failed.view().decline_code), (PaymentStatus::Failed, Some(text("lapsed"))));
    assert_eq!(operations(&failed), []);
}

#[test]
fn an_operator_may_void_what_is_not_being_captured() {
    let history = [authorized(), PaymentEvent::VoidAsked];
    let asked = payment([authorized()]).when(PaymentCommand::Void).then([PaymentEvent::VoidAsked]);
    assert_eq!(operations(&asked), [ProviderOperation::Void { reference: text("ref") }]);
    payment(history.clone()).when(PaymentCommand::Void).then_nothing();
    payment(history.clone()).when(says(ProviderEvent::Voided)).then([PaymentEvent::Voided]);
    payment([authorized(), PaymentEvent::VoidAsked, PaymentEvent::Voided]).when(PaymentCommand::Void).then_nothing();
    let status = PaymentStatus::Authorized;
    payment(history).when(PaymentCommand::Capture).then_rejected(PaymentRejection::NotCapturable { status });
    payment([authorized(), PaymentEvent::CaptureAsked])
        .when(PaymentCommand::Void)
        .then_rejected(PaymentRejection::NotVoidable { status });
    payment([declined("no")])
        .when(PaymentCommand::Void)
        .then_rejected(PaymentRejection::NotVoidable { status: PaymentStatus::Failed });
}

#[test]
fn an_operator_may_give_up_what_the_provider_has_not_decided() {
    payment([]).when(PaymentCommand::Void).then([PaymentEvent::UnwindAsked]);
    payment([PaymentEvent::UnwindAsked]).when(PaymentCommand::Void).then_nothing();
    // Its order is told of no authorisation that is on its way back.
    let back = payment([PaymentEvent::UnwindAsked]).when(is_authorized()).then([authorized(), PaymentEvent::VoidAsked]);
    assert_eq!(tells(&back), None);
}

#[test]
fn a_refunded_payment_is_not_captured_again() {
    let back = captured().after([refund_asked(1, TOTAL), PaymentEvent::Refunded { refund: refund_id(1) }]);
    let status = PaymentStatus::Refunded;
    back.when(PaymentCommand::Capture).then_rejected(PaymentRejection::NotCapturable { status });
    let part = captured().after([refund_asked(1, 1), PaymentEvent::Refunded { refund: refund_id(1) }]);
    part.when(PaymentCommand::Capture).then_nothing();
}

#[test]
fn refunds_in_parts_never_exceed_what_was_taken() {
    captured().when(refund(1, None)).then([refund_asked(1, TOTAL)]);
    let part = captured().when(refund(1, Some(400))).then([refund_asked(1, 400)]);
    // The pending part is reserved.
    let refused = Err(PaymentRejection::RefundsTooMuch { requested: 601, refundable: 600 });
    assert_eq!(part.decide(&refund(2, Some(601)), Timestamp(0)), refused);
    assert_eq!(part.decide(&refund(1, Some(400)), Timestamp(0)), Ok(vec![]));
    assert_eq!(part.decide(&refund(1, None), Timestamp(0)), Ok(vec![]));
    let conflict = Err(PaymentRejection::RefundConflict { refund: refund_id(1) });
    assert_eq!(part.decide(&refund(1, Some(300)), Timestamp(0)), conflict);
    let history = || [opened(), authorized(), PaymentEvent::CaptureAsked, PaymentEvent::Captured, refund_asked(1, 400)];
    let done = PaymentEvent::Refunded { refund: refund_id(1) };
    let partly = given(history()).when(says(ProviderEvent::Refunded { refund: refund_id(1) })).then([done.clone()]);
    assert_eq!((partly.view().status, partly.view().refunded), (PaymentStatus::PartiallyRefunded, 400));
    let failed = PaymentEvent::RefundFailed { refund: refund_id(1), code: text("no") };
    let news = ProviderEvent::RefundFailed { refund: refund_id(1), code: text("no") };
    let freed = given(history()).when(says(news)).then([failed]);
    assert_eq!(freed.decide(&refund(2, None), Timestamp(0)), Ok(vec![refund_asked(2, TOTAL)]));
    let rest = [done, refund_asked(2, 600), PaymentEvent::Refunded { refund: refund_id(2) }];
    let whole: Payment = replay(history().into_iter().chain(rest));
    assert_eq!(whole.view().status, PaymentStatus::Refunded);
    let refused = Err(PaymentRejection::NotRefundable { status: PaymentStatus::Refunded });
    assert_eq!(whole.decide(&refund(3, Some(1)), Timestamp(0)), refused);
}

#[test]
fn refunds_that_make_no_sense_are_refused() {
    let status = PaymentStatus::Authorized;
    payment([authorized()]).when(refund(1, None)).then_rejected(PaymentRejection::NotRefundable { status });
    captured()
        .when(refund(1, Some(0)))
        .then_rejected(PaymentRejection::RefundsTooMuch { requested: 0, refundable: TOTAL });
    let usd = Some(Money::new(1, Currency::parse("USD").unwrap()));
    captured()
        .when(PaymentCommand::Refund { refund: refund_id(1), amount: usd, reason: text("late") })
        .then_rejected(PaymentRejection::CurrencyMismatch { refund: text("USD"), payment: text("EUR") });
    let many = (0..Payment::REFUNDS_MAX as u128).map(|n| refund_asked(n, 1));
    payment([authorized(), PaymentEvent::CaptureAsked, PaymentEvent::Captured].into_iter().chain(many))
        .when(refund(99, Some(1)))
        .then_rejected(PaymentRejection::TooManyRefunds { max: 50 });
}

#[test]
fn the_order_is_told_until_it_has_heard() {
    let notified = |status| PaymentCommand::OrderNotified { status, refunded: 0 };
    let heard = PaymentEvent::OrderNotified { status: PaymentStatus::Authorized, refunded: 0 };
    let quiet = payment([authorized()]).when(notified(PaymentStatus::Authorized)).then([heard.clone()]);
    assert_eq!((tells(&quiet), quiet.view().settled), (None, true));
    payment([authorized(), heard]).when(notified(PaymentStatus::Authorized)).then_nothing();
    // The older status's notification arrives late: the newer one is still pending.
    let later = captured().when(notified(PaymentStatus::Authorized)).then_nothing();
    assert_eq!(tells(&later), Some(PaymentStatus::Captured));
}
