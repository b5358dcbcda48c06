//! Log-in, what ends sessions, passwords, profile and address book.

use super::*;

fn log_in(bytes: &[u8], n: u128) -> AccountCommand {
    AccountCommand::LogIn { key: key(bytes), session: session(n), better: None }
}

fn ended(sessions: impl IntoIterator<Item = u128>) -> AccountEvent {
    AccountEvent::SessionsEnded { sessions: sessions.into_iter().map(session).collect() }
}

#[test]
fn the_right_key_and_only_it_opens_a_session() {
    registered([]).at(9).when(log_in(b"key", 1)).then([opened(1, 9)]);
    registered([opened(1, 9)]).at(10).when(log_in(b"key", 1)).then_nothing();
    for wrong in [&b"kez"[..], b"", b"key "] {
        registered([]).when(log_in(wrong, 1)).then_rejected(AccountRejection::WrongPassword);
    }
    given([]).when(log_in(b"key", 1)).then_rejected(AccountRejection::NotRegistered);
    given([begun()]).when(log_in(b"key", 1)).then_rejected(AccountRejection::NotRegistered);
    let disabled = AccountEvent::Disabled { at: Timestamp(1) };
    registered([disabled.clone()]).when(log_in(b"key", 1)).then_rejected(AccountRejection::Disabled);
    registered([disabled]).when(log_in(b"wrong", 1)).then_rejected(AccountRejection::WrongPassword);
}

#[test]
fn a_password_under_old_parameters_is_kept_anew_at_a_log_in() {
    let better = password(b"better");
    let command = AccountCommand::LogIn { key: key(b"key"), session: session(1), better: Some(better.clone()) };
    let kept = AccountEvent::PasswordKept { password: better };
    let state = registered([]).at(9).when(command).then([kept, opened(1, 9)]);
    assert_eq!(state.proven(&key(b"better")), Ok(()));
}

#[test]
fn nothing_that_is_shown_or_printed_has_the_verifier() {
    let state = registered([]).at(9).when(log_in(b"key", 1)).then([opened(1, 9)]);
    let verifier = serde_json::to_value(password(b"key")).unwrap()["verifier"].as_str().unwrap().to_owned();
    assert!(serde_json::to_string(&state).unwrap().contains(&verifier), "it is kept");
    assert!(!serde_json::to_string(&state.view()).unwrap().contains(&verifier));
    assert!(!format!("{state:?} {:?}", log_in(b"key", 1)).contains(&verifier));
    assert!(!format!("{:?}", log_in(b"key", 1)).contains("107"), "the key's bytes");
    let mut event = serde_json::to_value(begun()).unwrap();
    crate::domain::kinds::redact(Kind::Account, &mut event);
    assert!(!event.to_string().contains(&verifier));
}

#[test]
fn the_oldest_session_makes_room() {
    let all = (0..Account::SESSIONS_MAX as u128).map(|n| opened(n, 1));
    let state = registered(all).at(9).when(log_in(b"key", 99)).then([ended([0]), opened(99, 9)]);
    assert_eq!(state.view().sessions.len(), Account::SESSIONS_MAX);
}

#[test]
fn sessions_end_one_by_one_all_at_once_and_with_the_password() {
    let three = || registered([opened(1, 1), opened(2, 1), opened(3, 1)]);
    let one = |n| AccountCommand::EndSessions { sessions: vec![session(n)] };
    three().when(one(2)).then([ended([2])]);
    three().when(one(7)).then_nothing();
    three().when(AccountCommand::EndOtherSessions { keep: Some(session(3)) }).then([ended([1, 2])]);
    three().when(AccountCommand::EndOtherSessions { keep: None }).then([ended([1, 2, 3])]);
    let new = password(b"new");
    let change = AccountCommand::ChangePassword { key: key(b"key"), password: new.clone(), keep: Some(session(2)) };
    let changed = AccountEvent::PasswordChanged { password: new.clone(), at: Timestamp(9) };
    three().at(9).when(change).then([changed.clone(), ended([1, 3])]);
    let wrong = AccountCommand::ChangePassword { key: key(b"wrong"), password: new.clone(), keep: None };
    three().when(wrong).then_rejected(AccountRejection::WrongPassword);
    three().at(9).when(AccountCommand::SetPassword { password: new }).then([changed, ended([1, 2, 3])]);
    let disabled = AccountEvent::Disabled { at: Timestamp(9) };
    three().at(9).when(AccountCommand::SetDisabled { disabled: true }).then([disabled, ended([1, 2, 3])]);
}

#[test]
fn roles_are_some_and_not_too_many() {
    let set = |roles| AccountCommand::SetRoles { roles };
    let manager = BTreeSet::from([RoleName::manager()]);
    registered([]).when(set(manager.clone())).then([AccountEvent::RolesSet { roles: manager }]);
    registered([]).when(set(customer())).then_nothing();
    let bad = AccountRejection::BadRoles { max: Account::ROLES_MAX };
    registered([]).when(set(BTreeSet::new())).then_rejected(bad.clone());
    let many = (0..=Account::ROLES_MAX).map(|n| RoleName::parse(&format!("r{n}")).unwrap()).collect();
    registered([]).when(set(many)).then_rejected(bad);
}

#[test]
fn the_role_superadmin_comes_and_goes_by_its_own_steps_and_protects_its_account() {
    let roles = |names: &[RoleName]| names.iter().cloned().collect::<BTreeSet<_>>();
    let set = |names: &[RoleName]| AccountEvent::RolesSet { roles: roles(names) };
    let both = [RoleName::customer(), RoleName::superadmin()];
    registered([]).when(AccountCommand::Promote).then([set(&both)]);
    registered([set(&both)]).when(AccountCommand::Promote).then_nothing();
    registered([set(&both)]).when(AccountCommand::Demote).then([set(&[RoleName::customer()])]);
    registered([set(&both[1..])]).when(AccountCommand::Demote).then([set(&[RoleName::customer()])]);
    registered([]).when(AccountCommand::Demote).then_nothing();
    let disabled = AccountEvent::Disabled { at: Timestamp(1) };
    registered([disabled]).when(AccountCommand::Promote).then_rejected(AccountRejection::Disabled);
    let plainly = |names| AccountCommand::SetRoles { roles: roles(names) };
    registered([]).when(plainly(&both)).then_rejected(AccountRejection::Superadmin);
    registered([set(&both)]).when(plainly(&both[..1])).then_rejected(AccountRejection::Superadmin);
    let more = [RoleName::manager(), RoleName::superadmin()];
    registered([set(&both)]).when(plainly(&more)).then([set(&more)]);
    let disable = AccountCommand::SetDisabled { disabled: true };
    registered([set(&both)]).when(disable).then_rejected(AccountRejection::Superadmin);
}

#[test]
fn a_profile_is_written_once() {
    let set = |name: &str| AccountCommand::SetProfile { name: Some(name.to_owned()), phone: None };
    let event = AccountEvent::ProfileSet { name: Some("Ada".to_owned()), phone: None };
    registered([]).when(set("Ada")).then([event.clone()]);
    registered([event]).when(set("Ada")).then_nothing();
}

#[test]
fn the_book_has_a_bound_and_a_default() {
    let address = Address {
        name: "Ada".to_owned(),
        line1: "1 Row".to_owned(),
        line2: None,
        city: "London".to_owned(),
        region: None,
        postal_code: "SW1Y 4JH".to_owned(),
        country: "GB".to_owned(),
        phone: None,
    };
    let id = |n: usize| AddressId(Uuid::from_u128(n as u128));
    let keep =
        |n, make_default| AccountCommand::KeepAddress { id: id(n), address: Box::new(address.clone()), make_default };
    let kept = |n, is_default| AccountEvent::AddressKept { id: id(n), address: Box::new(address.clone()), is_default };
    registered([]).when(keep(1, false)).then([kept(1, true)]);
    let two = || registered([kept(1, true), kept(2, false)]);
    assert_eq!(two().when(keep(2, true)).then([kept(2, true)]).view().default_address, Some(id(2)));
    let removed = AccountEvent::AddressRemoved { id: id(1) };
    let state = two().when(AccountCommand::RemoveAddress { id: id(1) }).then([removed]);
    assert_eq!((state.view().addresses.len(), state.view().default_address), (1, Some(id(2))));
    two().when(AccountCommand::RemoveAddress { id: id(9) }).then_nothing();
    let full = || registered((0..Account::ADDRESSES_MAX).map(|n| kept(n, false)));
    full().when(keep(3, false)).then([kept(3, false)]);
    full().when(keep(99, false)).then_rejected(AccountRejection::TooManyAddresses { max: Account::ADDRESSES_MAX });
}
