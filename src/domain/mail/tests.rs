//! A mail's life: queued once, sent until there is an answer, and never after one.

use super::*;
use crate::{
    domain::{
        effect::{EffectOf, Outcome, Request},
        external::{AnyAnswer, AnyCall, ExternalCall},
        ids::{OrderId, UserId},
        payment::ProviderEvent,
        testing::{self, Given},
    },
    testing::eur,
};

fn given(events: impl IntoIterator<Item = MailEvent>) -> Given<Mail> {
    testing::given(events)
}

fn mail() -> MailId {
    MailId::of(Uuid::from_u128(1), "refunded")
}

fn letter() -> Arc<Letter> {
    let says = Says::OrderRefunded { order: OrderId(Uuid::from_u128(1)), number: Some(1001), total: eur(500) };
    Arc::new(Letter { to: "ada@example.org".to_owned(), user: UserId::default(), says, of: None })
}

fn queued() -> MailEvent {
    MailEvent::Queued { mail: mail(), letter: letter(), at: Timestamp(5) }
}

fn put_off(until: i64) -> MailEvent {
    MailEvent::PutOff { code: "smtp_450".to_owned(), until: Timestamp(until) }
}

fn answered(attempt: u32, answer: MailAnswer) -> MailCommand {
    MailCommand::Answered { attempt, answer }
}

fn refused() -> MailAnswer {
    MailAnswer::Refused { code: "smtp_550".to_owned() }
}

fn later(pause_ms: u64) -> MailAnswer {
    MailAnswer::PutOff { code: "smtp_450".to_owned(), pause_ms }
}

fn pending(mail: &Mail) -> Vec<String> {
    mail.effects().iter().map(MailEffect::id).collect()
}

#[test]
fn the_id_is_made_of_subject_and_purpose_for_ever() {
    let subject = Uuid::from_u128(1);
    assert_eq!(MailId::of(subject, "confirmed").to_string(), "87568b69-7a1c-525a-bef9-9988f22ce1fe");
    assert_ne!(MailId::of(subject, "confirmed"), MailId::of(subject, "cancelled"));
    assert_ne!(MailId::of(subject, "confirmed"), MailId::of(Uuid::from_u128(2), "confirmed"));
}

#[test]
fn a_mail_is_queued_once_whatever_became_of_it() {
    let queue = || MailCommand::Queue { mail: mail(), letter: letter() };
    let state = given([]).at(5).when(queue()).then([queued()]);
    assert_eq!(pending(&state), ["send/0"]);
    let accepted = MailEvent::Accepted { at: Timestamp(6) };
    let refused = MailEvent::Refused { code: "x".to_owned(), at: Timestamp(6) };
    for history in [vec![queued()], vec![queued(), accepted], vec![queued(), put_off(9)], vec![queued(), refused]] {
        given(history).at(7).when(queue()).then_nothing();
    }
}

#[test]
fn what_was_accepted_is_never_sent_again_and_its_letter_is_gone() {
    let accepted = MailEvent::Accepted { at: Timestamp(6) };
    let state = given([queued()]).at(6).when(answered(0, MailAnswer::Accepted)).then([accepted.clone()]);
    assert_eq!((pending(&state), state.wake_at(), state.view().status), (vec![], None, MailStatus::Accepted));
    assert!(!serde_json::to_string(&state).unwrap().contains("ada@"), "nothing of a person stays in the state");
    for answer in [MailAnswer::Accepted, refused(), later(10)] {
        given([queued(), accepted.clone()]).when(answered(0, answer)).then_nothing();
    }
}

#[test]
fn a_refused_or_given_up_mail_is_at_rest_with_its_code() {
    let code = || "smtp_550".to_owned();
    let state = given([queued()])
        .at(6)
        .when(answered(0, refused()))
        .then([MailEvent::Refused { code: code(), at: Timestamp(6) }]);
    assert_eq!((state.view().status, state.view().code, pending(&state)), (MailStatus::Refused, Some(code()), vec![]));
    let given_up = MailEvent::GivenUp { code: code(), at: Timestamp(6) };
    let answer = MailAnswer::GivenUp { code: code() };
    let state = given([queued()]).at(6).when(answered(0, answer)).then([given_up]);
    assert_eq!((state.view().status, pending(&state)), (MailStatus::GivenUp, vec![]));
}

#[test]
fn a_mail_that_is_put_off_waits_and_is_then_a_new_try() {
    let state = given([queued()]).at(10).when(answered(0, later(60_000))).then([put_off(60_010)]);
    assert_eq!((pending(&state), state.wake_at()), (vec![], Some(Timestamp(60_010))));
    given([queued(), put_off(60_010)]).at(60_009).when(MailCommand::Wake).then_nothing();
    let state = given([queued(), put_off(60_010)]).at(60_010).when(MailCommand::Wake).then([MailEvent::Due]);
    assert_eq!((pending(&state), state.wake_at()), (vec!["send/1".to_owned()], None));
    given([queued(), put_off(1), MailEvent::Due]).when(MailCommand::Wake).then_nothing();
}

#[test]
fn a_late_answer_counts_only_where_the_mail_has_left() {
    for history in [vec![queued(), put_off(99)], vec![queued(), put_off(99), MailEvent::Due]] {
        given(history.clone()).when(answered(0, refused())).then_nothing();
        given(history.clone()).when(answered(0, later(1))).then_nothing();
        let accepted = MailEvent::Accepted { at: Timestamp(0) };
        given(history).when(answered(0, MailAnswer::Accepted)).then([accepted]);
    }
    given([]).when(answered(0, MailAnswer::Accepted)).then_nothing();
    given([]).when(MailCommand::Wake).then_nothing();
}

#[test]
fn a_pause_beyond_all_time_does_not_wrap() {
    given([queued()]).at(10).when(answered(0, later(u64::MAX))).then([put_off(i64::MAX)]);
}

#[test]
fn the_call_carries_the_letter_and_only_a_mails_answer_decides_it() {
    let state = given([]).at(5).when(MailCommand::Queue { mail: mail(), letter: letter() }).then([queued()]);
    let effect = state.effects().remove(0);
    let Request::External(ExternalCall { connector, port: AnyCall::Mail(call) }) = effect.request() else {
        panic!("{effect:?}");
    };
    assert_eq!(connector, MAIL_CONNECTOR);
    assert_eq!(call, MailCall { mail: mail(), attempt: 0, queued_at: Timestamp(5), letter: letter() });
    let outcome = |answer| effect.outcome(Outcome::External(answer));
    assert!(matches!(outcome(AnyAnswer::Mail(refused())), Some(MailCommand::Answered { attempt: 0, .. })));
    assert!(outcome(AnyAnswer::Payment(ProviderEvent::Voided)).is_none());
    assert!(effect.outcome(Outcome::Accepted(None)).is_none());
}
