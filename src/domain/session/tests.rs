//! A session's life: one valid refresh token at a time, a retry for those who lost an answer, an end for thieves.

use uuid::Uuid;

use super::*;
use crate::domain::{effect::EffectOf, testing::given};

const IDLE_MS: i64 = 1_000_000;

fn opened() -> Opened {
    Opened {
        session: SessionId(Uuid::from_u128(1)),
        user: UserId(Uuid::from_u128(2)),
        device: "Firefox".to_owned(),
        address: "192.0.2.1".to_owned(),
        methods: vec![Method::Password],
        idle_ms: IDLE_MS,
        at: Timestamp(100),
        proven_at: None,
    }
}

fn refresh(generation: u32) -> SessionCommand {
    SessionCommand::Refresh { generation, address: "192.0.2.9".to_owned() }
}

fn refreshed(generation: u32, at: i64) -> SessionEvent {
    SessionEvent::Refreshed { generation, address: "192.0.2.9".to_owned(), at: Timestamp(at) }
}

fn ended(why: SessionEnd, at: i64) -> SessionEvent {
    SessionEvent::Ended { why, at: Timestamp(at) }
}

#[test]
fn each_use_of_a_refresh_token_makes_the_next_one() {
    let open = || SessionEvent::Opened(opened());
    given::<Session>([]).at(100).when(SessionCommand::Open(opened())).then([open()]);
    given::<Session>([open()]).at(200).when(SessionCommand::Open(opened())).then_nothing();
    let state = given::<Session>([open()]).at(200).when(refresh(0)).then([refreshed(1, 200)]);
    assert_eq!((state.view().generation, state.view().address.as_str()), (1, "192.0.2.9"));
    given::<Session>([open(), refreshed(1, 200)]).at(300).when(refresh(1)).then([refreshed(2, 300)]);
    given::<Session>([open()]).at(200).when(refresh(7)).then_rejected(SessionRejection::Ended);
    given::<Session>([]).at(200).when(refresh(0)).then_rejected(SessionRejection::Ended);
}

#[test]
fn a_lost_answer_is_repeated_for_a_while_and_later_it_is_a_theft() {
    let history = || [SessionEvent::Opened(opened()), refreshed(1, 200)];
    given::<Session>(history()).at(200 + Session::RETRY_MS - 1).when(refresh(0)).then_nothing();
    let late = 200 + Session::RETRY_MS;
    let state = given::<Session>(history()).at(late).when(refresh(0)).then([ended(SessionEnd::Reused, late)]);
    assert_eq!(state.view().ended, Some(SessionEnd::Reused));
    assert_eq!(EffectOf::<Session>::id(&state.effects()[0]), "tell_account");
    let older = given::<Session>(history()).after([refreshed(2, 201)]).at(202).when(refresh(0));
    older.then([ended(SessionEnd::Reused, 202)]);
    given::<Session>(history())
        .after([ended(SessionEnd::Reused, late)])
        .at(late)
        .when(refresh(1))
        .then_rejected(SessionRejection::Ended);
}

#[test]
fn a_session_whose_owner_proved_anew_says_how_and_when() {
    let open = || SessionEvent::Opened(opened());
    let prove = |method| SessionCommand::Prove { methods: vec![method] };
    let proven = |methods: &[Method], at| SessionEvent::Proven { methods: methods.to_vec(), at: Timestamp(at) };
    let state = given::<Session>([open()]).at(300).when(prove(Method::Totp)).then([proven(&[Method::Totp], 300)]);
    let view = state.view();
    assert_eq!((view.methods, view.authenticated_at), (vec![Method::Password, Method::Totp], Timestamp(300)));
    let twice = given::<Session>([open(), proven(&[Method::Totp], 300)]).at(400).when(prove(Method::Password));
    let view = twice.then([proven(&[Method::Totp, Method::Password], 400)]).view();
    assert_eq!((view.methods, view.authenticated_at), (vec![Method::Password, Method::Totp], Timestamp(400)));
    let ended = ended(SessionEnd::LoggedOut, 350);
    given::<Session>([open(), ended]).at(400).when(prove(Method::Totp)).then_rejected(SessionRejection::Ended);
    given::<Session>([]).when(prove(Method::Totp)).then_rejected(SessionRejection::Ended);
}

#[test]
fn an_end_comes_before_a_late_opening() {
    let end = SessionCommand::End { why: SessionEnd::LoggedOut };
    let state = given::<Session>([]).at(50).when(end.clone()).then([ended(SessionEnd::LoggedOut, 50)]);
    assert_eq!(state.effects(), []);
    given::<Session>([ended(SessionEnd::LoggedOut, 50)])
        .at(60)
        .when(SessionCommand::Open(opened()))
        .then_rejected(SessionRejection::Ended);
    given::<Session>([ended(SessionEnd::LoggedOut, 50)]).at(60).when(end).then_nothing();
}

#[test]
fn an_idle_session_ends_tells_its_account_and_is_forgotten() {
    let open = SessionEvent::Opened(opened());
    given::<Session>([open.clone()]).at(100 + IDLE_MS - 1).when(SessionCommand::Wake).then_nothing();
    let due = 100 + IDLE_MS;
    given::<Session>([open.clone()]).at(due).when(refresh(0)).then_rejected(SessionRejection::Ended);
    let idle = ended(SessionEnd::Idle, due);
    let state = given::<Session>([open.clone()]).at(due).when(SessionCommand::Wake).then([idle.clone()]);
    assert_eq!((state.effects().len(), state.wake_at()), (1, None));
    let told = [open, idle, SessionEvent::AccountTold];
    given::<Session>(told.clone()).at(due).when(SessionCommand::AccountTold).then_nothing();
    let state = given::<Session>(told).at(due + 86_400_000).when(SessionCommand::Wake).then([SessionEvent::Forgotten]);
    assert!(state.is_forgotten());
}
