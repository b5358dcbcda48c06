//! The payment's effects: frozen ids, targets and outcomes.

use super::*;
use crate::domain::{
    effect::{EffectOf, Outcome, Request},
    external::{AnyAnswer, AnyCall, ExternalCall},
    kinds::{AnyRejection, AnyState},
    order::{OrderRejection, PaymentUpdate},
};

fn payment_id() -> PaymentId {
    PaymentId(Uuid::from_u128(3))
}

fn call(operation: ProviderOperation) -> PaymentEffect {
    PaymentEffect::CallProvider { provider: text("sandbox"), call: ProviderCall { payment: payment_id(), operation } }
}

fn notify(status: PaymentStatus) -> PaymentEffect {
    let order = OrderId(Uuid::from_u128(1));
    PaymentEffect::NotifyOrder { order, payment: payment_id(), news: PaymentUpdate::Voided, status, refunded: 250 }
}

fn void() -> PaymentEffect {
    call(ProviderOperation::Void { reference: text("ref") })
}

fn outcomes() -> [Outcome; 2] {
    let refused = OrderRejection::NotPlaced;
    [Outcome::Accepted(Some(AnyState::new(Kind::Order).view())), Outcome::Refused(AnyRejection::Order(refused))]
}

#[test]
fn the_ids_are_frozen() {
    let (reference, amount) = (text("ref"), eur(TOTAL));
    let authorize = ProviderOperation::Authorize { order: OrderId::default(), amount, token: text("tok_ok") };
    assert_eq!(call(authorize).id(), "authorize");
    assert_eq!(call(ProviderOperation::Capture { reference: reference.clone(), amount }).id(), "capture");
    assert_eq!(void().id(), "void");
    let refund = ProviderOperation::Refund { reference, refund: refund_id(6), amount };
    assert_eq!(call(refund).id(), "refund/00000000-0000-0000-0000-000000000006");
    assert_eq!(notify(PaymentStatus::PartiallyRefunded).id(), "tell/partially_refunded/250");
}

#[test]
fn a_call_goes_to_the_connector_of_its_provider_and_only_its_answer_comes_back() {
    let Request::External(ExternalCall { connector, port: AnyCall::Payment(sent) }) = void().request() else {
        panic!("a call leaves the shop")
    };
    assert_eq!((connector.as_str(), sent.payment), ("sandbox", payment_id()));
    let answer = Outcome::External(AnyAnswer::Payment(ProviderEvent::Voided));
    assert_eq!(void().outcome(answer), Some(says(ProviderEvent::Voided)));
    assert!(outcomes().into_iter().all(|outcome| void().outcome(outcome).is_none()));
}

#[test]
fn an_order_that_does_not_listen_was_notified_all_the_same() {
    let tell = notify(PaymentStatus::Voided);
    let notified = PaymentCommand::OrderNotified { status: PaymentStatus::Voided, refunded: 250 };
    for outcome in outcomes() {
        assert_eq!(tell.outcome(outcome), Some(notified.clone()));
    }
    assert_eq!(tell.outcome(Outcome::External(AnyAnswer::Payment(ProviderEvent::Voided))), None);
}
