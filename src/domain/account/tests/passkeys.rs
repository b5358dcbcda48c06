//! Passkeys: added once, used once for each question, by a counter that rises; a whole log-in, or a second step.

use super::*;
use crate::domain::ids::FactorId;

fn factor(n: u128) -> FactorId {
    FactorId(Uuid::from_u128(n))
}

fn passkey(n: u128, counter: u32) -> Box<Passkey> {
    let credential = CredentialId(format!("credential-{n}"));
    Box::new(Passkey { credential, key: CosePublicKey(format!("key-{n}")), counter })
}

fn codes() -> Vec<CodeDigest> {
    vec![CodeDigest("one".to_owned())]
}

fn add(n: u128, asked: u64) -> AccountCommand {
    let (name, passkey) = ("My laptop".to_owned(), passkey(n, 0));
    let command =
        FactorCommand::AddPasskey { id: factor(n), name, passkey, asked, codes: codes(), keep: Some(session(1)) };
    AccountCommand::Factors(command)
}

fn added(n: u128, asked: u64, counter: u32) -> AccountEvent {
    let (name, passkey) = ("My laptop".to_owned(), passkey(n, counter));
    FactorEvent::PasskeyAdded { id: factor(n), name, passkey, asked, at: Timestamp(8) }.into()
}

fn shown(asked: u64, counter: u32) -> PasskeyUse {
    PasskeyUse { asked, counter, verified: true }
}

fn used(n: u128, asked: u64, counter: u32) -> AccountEvent {
    FactorEvent::PasskeyUsed { id: factor(n), used: shown(asked, counter), at: Timestamp(20) }.into()
}

fn enter(n: u128, used: PasskeyUse) -> AccountCommand {
    AccountCommand::Factors(FactorCommand::Enter { session: session(3), id: factor(n), used })
}

fn wrong() -> AccountRejection {
    FactorRejection::WrongPasskey.into()
}

#[test]
fn the_first_passkey_brings_codes_and_ends_the_sessions_of_before() {
    let made = FactorEvent::CodesMade { codes: codes(), at: Timestamp(8) }.into();
    let ended = AccountEvent::SessionsEnded { sessions: vec![session(2)] };
    let state = registered([opened(1, 5), opened(2, 6)]).at(8).when(add(1, 7)).then([added(1, 7, 0), made, ended]);
    assert!(state.view().factors.any() && pending(&state).contains(&"mail/factors_changed/8".to_owned()));
    registered([added(1, 7, 0), opened(2, 9)]).at(8).when(add(2, 8)).then([added(2, 8, 0)]);
}

#[test]
fn each_question_makes_one_passkey_and_each_key_pair_is_one() {
    let history = || registered([added(1, 7, 0)]).at(9);
    history().when(add(1, 8)).then_rejected(FactorRejection::Known.into());
    for asked in [7, 6] {
        history().when(add(2, asked)).then_rejected(FactorRejection::AnsweredBefore.into());
    }
    let removed = FactorEvent::Removed { id: factor(1), at: Timestamp(9) }.into();
    history().after([removed]).when(add(1, 7)).then_rejected(FactorRejection::AnsweredBefore.into());
    let many = (1..=Account::PASSKEYS_MAX as u128).map(|n| added(n, n as u64, 0));
    let max = Account::PASSKEYS_MAX;
    registered(many).when(add(99, 99)).then_rejected(FactorRejection::TooMany { max }.into());
}

#[test]
fn a_passkey_opens_a_session_once_for_each_question() {
    let state = registered([added(1, 7, 0)]).at(20).when(enter(1, shown(15, 0))).then([used(1, 15, 0), opened(3, 20)]);
    assert_eq!(state.view().factors.list[0].used_at, Some(Timestamp(20)));
    for asked in [15, 14] {
        registered([added(1, 7, 0), used(1, 15, 0)]).at(20).when(enter(1, shown(asked, 0))).then_rejected(wrong());
    }
    registered([added(1, 7, 0)]).at(20).when(enter(2, shown(15, 0))).then_rejected(wrong());
    let touched = PasskeyUse { verified: false, ..shown(15, 0) };
    registered([added(1, 7, 0)]).at(20).when(enter(1, touched)).then_rejected(wrong());
}

#[test]
fn a_counter_that_stands_still_is_a_copys() {
    let counted = || registered([added(1, 7, 5)]).at(20);
    counted().when(enter(1, shown(15, 6))).then([used(1, 15, 6), opened(3, 20)]);
    for counter in [5, 4, 0] {
        counted().when(enter(1, shown(15, counter))).then_rejected(wrong());
    }
    counted().after([used(1, 15, 9)]).when(enter(1, shown(16, 9))).then_rejected(wrong());
}

#[test]
fn a_disabled_account_says_so_to_its_owner_alone() {
    let disabled = || registered([added(1, 7, 0), AccountEvent::Disabled { at: Timestamp(9) }]).at(20);
    disabled().when(enter(1, shown(15, 0))).then_rejected(AccountRejection::Disabled);
    disabled().when(enter(2, shown(15, 0))).then_rejected(wrong());
}

#[test]
fn after_a_password_a_touch_is_enough() {
    let asked = AccountEvent::from(FactorEvent::Asked { session: session(3), until: Timestamp(90) });
    let waits = || registered([added(1, 7, 0), asked.clone()]).at(20);
    let pass = |proof| AccountCommand::Factors(FactorCommand::Pass { session: session(3), proof });
    let touched = PasskeyUse { verified: false, ..shown(15, 0) };
    let used = FactorEvent::PasskeyUsed { id: factor(1), used: touched.clone(), at: Timestamp(20) }.into();
    let passed = FactorEvent::Passed { session: session(3) }.into();
    let proof = || Proof::Passkey { id: factor(1), used: touched.clone() };
    let state = waits().when(pass(proof())).then([used, passed, opened(3, 20)]);
    let failed = FactorEvent::Failed { session: session(3) }.into();
    // A passkey has no codes.
    waits().when(pass(Proof::Totp { id: factor(1), step: u64::MAX })).then([failed]);
    assert_eq!(state.view().factors.list[0].step, 15);
}
