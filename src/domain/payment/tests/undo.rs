//! An unsold order's payment, and an authorisation that came too late: the money goes back by itself.

use super::*;

fn unwinding(events: impl IntoIterator<Item = PaymentEvent>) -> Given<Payment> {
    payment(events).after([PaymentEvent::UnwindAsked])
}

fn unsold_refund(n: usize, amount: i64) -> PaymentEvent {
    let refund = RefundId(Uuid::new_v5(&Uuid::from_u128(1), format!("unwind/{n}").as_bytes()));
    PaymentEvent::RefundAsked { refund, amount: eur(amount), reason: text(Payment::UNSOLD) }
}

#[test]
fn an_authorised_payment_is_voided_and_never_captured() {
    let asked = [PaymentEvent::UnwindAsked, PaymentEvent::VoidAsked];
    let undone = payment([authorized()]).when(PaymentCommand::Unwind).then(asked);
    assert_eq!(operations(&undone), [ProviderOperation::Void { reference: text("ref") }]);
    assert_eq!(undone.decide(&PaymentCommand::Unwind, Timestamp(0)), Ok(vec![]));
    // The authorisation has lapsed already, as the void intended.
    let lapsed = says(ProviderEvent::CaptureFailed { code: text("lapsed") });
    assert_eq!(undone.decide(&lapsed, Timestamp(0)), Ok(vec![PaymentEvent::Voided]));
}

#[test]
fn a_pending_payment_is_undone_when_it_succeeds() {
    payment([]).when(PaymentCommand::Unwind).then([PaymentEvent::UnwindAsked]);
    unwinding([]).when(is_authorized()).then([authorized(), PaymentEvent::VoidAsked]);
    unwinding([])
        .when(PaymentCommand::Capture)
        .then_rejected(PaymentRejection::NotCapturable { status: PaymentStatus::Pending });
}

#[test]
fn a_capture_under_way_ends_first_and_is_refunded() {
    let history = [authorized(), PaymentEvent::CaptureAsked];
    payment(history.clone()).when(PaymentCommand::Unwind).then([PaymentEvent::UnwindAsked]);
    unwinding(history).when(says(ProviderEvent::Captured)).then([PaymentEvent::Captured, unsold_refund(0, TOTAL)]);
    // The capture won against a void in flight.
    unwinding([authorized(), PaymentEvent::VoidAsked])
        .when(says(ProviderEvent::Captured))
        .then([PaymentEvent::Captured, unsold_refund(0, TOTAL)]);
}

#[test]
fn what_is_left_of_a_captured_payment_is_refunded_with_bounded_patience() {
    let taken = || [authorized(), PaymentEvent::CaptureAsked, PaymentEvent::Captured];
    payment(taken())
        .after([refund_asked(1, 300)])
        .when(PaymentCommand::Unwind)
        .then([PaymentEvent::UnwindAsked, unsold_refund(0, 700)]);
    let id = |n: usize| RefundId(Uuid::new_v5(&Uuid::from_u128(1), format!("unwind/{n}").as_bytes()));
    let failed = |n| PaymentEvent::RefundFailed { refund: id(n), code: text("no") };
    let refuses = |n| says(ProviderEvent::RefundFailed { refund: id(n), code: text("no") });
    let first = [PaymentEvent::UnwindAsked, unsold_refund(0, TOTAL)];
    payment(taken()).after(first.clone()).when(refuses(0)).then([failed(0), unsold_refund(1, TOTAL)]);
    let more = [failed(0), unsold_refund(1, TOTAL), failed(1), unsold_refund(2, TOTAL)];
    payment(taken()).after(first).after(more).when(refuses(2)).then([failed(2)]);
}

#[test]
fn an_authorisation_after_the_failure_is_voided_and_not_told() {
    for failure in [declined("no"), declined(Payment::TIMED_OUT)] {
        let notified = PaymentEvent::OrderNotified { status: PaymentStatus::Failed, refunded: 0 };
        let history = [failure, notified];
        let late = payment(history.clone()).when(is_authorized()).then([authorized(), PaymentEvent::VoidAsked]);
        assert_eq!((late.view().status, tells(&late)), (PaymentStatus::Failed, None));
        let history = || payment(history.clone()).after([authorized(), PaymentEvent::VoidAsked]);
        let gone = history().when(says(ProviderEvent::Voided)).then([PaymentEvent::Voided]);
        assert_eq!((gone.view().status, gone.effects()), (PaymentStatus::Failed, vec![]));
        history().after([PaymentEvent::Voided]).when(is_authorized()).then_nothing();
    }
}

/// A challenge is not waited for: should its shopper still agree, days later, the money goes back.
#[test]
fn a_payment_that_waits_for_its_shopper_is_given_up_at_once() {
    let asks = || PaymentEvent::ActionRequired { reference: text("ref"), continue_url: text("https://pay") };
    let given_up = declined(Payment::GIVEN_UP);
    for command in [PaymentCommand::Unwind, PaymentCommand::Void] {
        let over = payment([asks()]).when(command).then([PaymentEvent::UnwindAsked, given_up.clone()]);
        assert_eq!(
            (over.view().status, over.view().continue_url, operations(&over)),
            (PaymentStatus::Failed, None, vec![])
        );
    }
    // The challenge may come after the undoing.
    let action = says(ProviderEvent::RequiresAction { reference: text("ref"), continue_url: text("https://pay") });
    unwinding([]).when(action).then([asks(), given_up.clone()]);
    let over = || unwinding([asks()]).after([given_up.clone()]);
    over().at(3 * 86_400_000).when(is_authorized()).then([authorized(), PaymentEvent::VoidAsked]);
    over().when(says(ProviderEvent::Captured)).then_nothing();
}
