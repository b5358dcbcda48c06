//! Second factors: enrolled, confirmed, asked for at each log-in, used once, removed.

use super::*;
use crate::domain::{ids::FactorId, kinds};

const WAIT_MS: i64 = Account::SECOND_STEP_MS;

fn factor(n: u128) -> FactorId {
    FactorId(Uuid::from_u128(n))
}

fn enrolled(n: u128) -> AccountEvent {
    FactorEvent::Enrolled { id: factor(n), kind: FactorKind::Totp, name: "My phone".to_owned(), at: Timestamp(7) }
        .into()
}

fn confirmed(n: u128, step: u64) -> AccountEvent {
    FactorEvent::Confirmed { id: factor(n), step, at: Timestamp(8) }.into()
}

fn codes() -> Vec<CodeDigest> {
    ["one", "two"].map(|code| CodeDigest(code.to_owned())).to_vec()
}

fn made() -> AccountEvent {
    FactorEvent::CodesMade { codes: codes(), at: Timestamp(8) }.into()
}

/// An account whose app's newest used step is 100.
fn protected(more: impl IntoIterator<Item = AccountEvent>) -> Given<Account> {
    registered([enrolled(1), confirmed(1, 100), made()]).after(more)
}

fn asked(n: u128, at: i64) -> AccountEvent {
    FactorEvent::Asked { session: session(n), until: Timestamp(at + WAIT_MS) }.into()
}

fn confirm(n: u128, step: u64) -> AccountCommand {
    AccountCommand::Factors(FactorCommand::ConfirmTotp { id: factor(n), step, codes: codes(), keep: Some(session(1)) })
}

fn pass(n: u128, proof: Proof) -> AccountCommand {
    AccountCommand::Factors(FactorCommand::Pass { session: session(n), proof })
}

fn prove(proof: Proof) -> AccountCommand {
    AccountCommand::Factors(FactorCommand::Prove { proof })
}

fn totp(step: u64) -> Proof {
    Proof::Totp { id: factor(1), step }
}

fn log_in(n: u128) -> AccountCommand {
    AccountCommand::LogIn { key: key(b"key"), session: session(n), better: None }
}

fn refused(refusal: FactorRejection) -> AccountRejection {
    refusal.into()
}

#[test]
fn a_factor_counts_from_its_confirmation_on_and_ends_the_sessions_that_were_opened_without_it() {
    let enrol = AccountCommand::Factors(FactorCommand::EnrolTotp { id: factor(1), name: "My phone".to_owned() });
    let state = registered([]).at(7).when(enrol).then([enrolled(1)]);
    assert!(!state.view().factors.any());
    registered([enrolled(1)]).at(9).when(log_in(1)).then([opened(1, 9)]);
    let ended = AccountEvent::SessionsEnded { sessions: vec![session(2)] };
    let history = [opened(1, 5), opened(2, 6), enrolled(1)];
    let state = registered(history).at(8).when(confirm(1, 100)).then([confirmed(1, 100), made(), ended]);
    assert_eq!((state.view().factors.any(), state.view().factors.codes_left), (true, 2));
    assert!(pending(&state).contains(&"mail/factors_changed/8".to_owned()), "its owner is told");
    // A second app changes neither codes nor sessions.
    protected([opened(2, 9), enrolled(2)]).at(8).when(confirm(2, 101)).then([confirmed(2, 101)]);
    for unknown in [confirm(1, 101), confirm(9, 101)] {
        protected([]).when(unknown).then_rejected(refused(FactorRejection::Unknown));
    }
}

#[test]
fn a_log_in_waits_for_a_second_factor_and_each_step_opens_one() {
    protected([]).at(10).when(log_in(3)).then([asked(3, 10)]);
    let open = AccountCommand::OpenSession { session: session(3) };
    protected([]).at(10).when(open).then([asked(3, 10)]);
    let used = |step| AccountEvent::from(FactorEvent::TotpUsed { id: factor(1), step, at: Timestamp(20) });
    let passed = AccountEvent::from(FactorEvent::Passed { session: session(3) });
    let state = protected([asked(3, 10)]).at(20).when(pass(3, totp(101))).then([used(101), passed, opened(3, 20)]);
    assert_eq!(state.view().factors.waiting, []);
    let failed = AccountEvent::from(FactorEvent::Failed { session: session(3) });
    for proof in [totp(100), totp(99), Proof::Totp { id: factor(2), step: 200 }, Proof::Wrong] {
        protected([asked(3, 10)]).at(20).when(pass(3, proof)).then([failed.clone()]);
    }
    // An app that was never confirmed opens nothing.
    let other = Proof::Totp { id: factor(2), step: 200 };
    protected([enrolled(2), asked(3, 10)]).at(20).when(pass(3, other)).then([failed]);
}

#[test]
fn a_log_in_waits_for_minutes_and_for_five_tries_and_opens_once() {
    let gone = || refused(FactorRejection::NotWaiting);
    protected([]).at(20).when(pass(3, totp(101))).then_rejected(gone());
    protected([asked(3, 10)]).at(10 + WAIT_MS).when(pass(3, totp(101))).then_rejected(gone());
    protected([asked(3, 10)]).at(20).when(pass(4, totp(101))).then_rejected(gone());
    let failed = || AccountEvent::from(FactorEvent::Failed { session: session(3) });
    let tries = |n: usize| protected([asked(3, 10)]).after((0..n).map(|_| failed())).at(20);
    let last = tries(usize::from(Account::TRIES) - 1).when(pass(3, Proof::Wrong)).then([failed()]);
    assert_eq!(last.view().factors.tries_left(session(3)), None);
    tries(usize::from(Account::TRIES)).when(pass(3, totp(101))).then_rejected(gone());
    let passed = FactorEvent::Passed { session: session(3) }.into();
    protected([asked(3, 10), passed, opened(3, 15)]).at(20).when(pass(3, totp(101))).then_rejected(gone());
    let many = (0..9).map(|n| asked(n, 10));
    let state = testing::replay::<Account>([begun(), AccountEvent::EmailClaimed { claim: 1 }].into_iter().chain(many));
    assert_eq!(state.view().factors.waiting.len(), Account::WAITING_MAX);
}

#[test]
fn what_waits_is_forgotten_with_the_password_that_was_proven_and_with_a_disabled_account() {
    let changed = AccountEvent::PasswordChanged { password: password(b"other"), at: Timestamp(15) };
    for event in [changed, AccountEvent::Disabled { at: Timestamp(15) }] {
        let history = protected([asked(3, 10), event]).at(20);
        history.when(pass(3, totp(101))).then_rejected(refused(FactorRejection::NotWaiting));
    }
}

#[test]
fn a_recovery_code_is_good_once() {
    let proof = || Proof::RecoveryCode(CodeDigest("two".to_owned()));
    let used = AccountEvent::from(FactorEvent::CodeUsed { code: CodeDigest("two".to_owned()), at: Timestamp(20) });
    let passed = FactorEvent::Passed { session: session(3) }.into();
    let history = protected([asked(3, 10)]).at(20).when(pass(3, proof()));
    let state = history.then([used.clone(), passed, opened(3, 20)]);
    assert_eq!(state.view().factors.codes_left, 1);
    protected([used.clone()]).when(prove(proof())).then_rejected(refused(FactorRejection::WrongCode));
    let anew = AccountCommand::Factors(FactorCommand::MakeCodes { codes: codes() });
    protected([used]).at(8).when(anew.clone()).then([made()]);
    registered([]).when(anew).then_rejected(refused(FactorRejection::None));
}

#[test]
fn an_open_session_is_proven_anew_by_a_step_that_was_not_used() {
    let used = FactorEvent::TotpUsed { id: factor(1), step: 101, at: Timestamp(20) };
    protected([]).at(20).when(prove(totp(101))).then([used.clone().into()]);
    protected([used.into()]).at(21).when(prove(totp(101))).then_rejected(refused(FactorRejection::WrongCode));
    protected([]).when(prove(Proof::Wrong)).then_rejected(refused(FactorRejection::WrongCode));
    registered([]).when(prove(Proof::Wrong)).then_rejected(refused(FactorRejection::None));
}

#[test]
fn with_the_last_factor_go_codes_and_what_waits() {
    let remove = |n| AccountCommand::Factors(FactorCommand::Remove { id: factor(n) });
    let removed = |n| AccountEvent::from(FactorEvent::Removed { id: factor(n), at: Timestamp(30) });
    let both = || protected([enrolled(2), confirmed(2, 100), asked(3, 10)]).at(30);
    let state = both().when(remove(1)).then([removed(1)]);
    assert_eq!((state.view().factors.codes_left, state.view().factors.waiting.len()), (2, 1));
    let state = both().after([removed(1)]).when(remove(2)).then([removed(2)]);
    assert_eq!((state.view().factors.codes_left, state.view().factors.waiting.len()), (0, 0));
    both().when(remove(9)).then_rejected(refused(FactorRejection::Unknown));
    protected([removed(1)]).at(31).when(log_in(4)).then([opened(4, 31)]);
}

#[test]
fn factors_are_few() {
    let many = (1..=Account::FACTORS_MAX as u128).flat_map(|n| [enrolled(n), confirmed(n, 100)]);
    let enrol = AccountCommand::Factors(FactorCommand::EnrolTotp { id: factor(9), name: "one more".to_owned() });
    let max = Account::FACTORS_MAX;
    registered(many).when(enrol).then_rejected(refused(FactorRejection::TooMany { max }));
    let state = testing::replay::<Account>([begun(), enrolled(1), enrolled(2), enrolled(3)]);
    assert_eq!(state.view().factors.list.len(), 1, "what was never confirmed makes room");
}

#[test]
fn the_owner_of_the_configuration_takes_the_factors_away_with_the_password() {
    let command = AccountCommand::SetPassword { password: password(b"new") };
    let changed = AccountEvent::PasswordChanged { password: password(b"new"), at: Timestamp(40) };
    let cleared = FactorEvent::Cleared { at: Timestamp(40) }.into();
    let state = protected([]).at(40).when(command.clone()).then([changed.clone(), cleared]);
    assert!(!state.view().factors.any());
    registered([]).at(40).when(command).then([changed]);
}

#[test]
fn history_shows_no_digest_of_a_code() {
    let used = FactorEvent::CodeUsed { code: CodeDigest("two".to_owned()), at: Timestamp(20) };
    for event in [made(), used.into()] {
        let mut shown = serde_json::to_value(&event).unwrap();
        kinds::redact(Kind::Account, &mut shown);
        let shown = shown.to_string();
        assert!(shown.contains("***") && !shown.contains("two"), "{shown}");
    }
    let mut state =
        serde_json::to_value(testing::replay::<Account>([begun(), enrolled(1), confirmed(1, 1), made()])).unwrap();
    kinds::redact(Kind::Account, &mut state);
    assert!(!state.to_string().contains("\"two\""), "{state}");
}
