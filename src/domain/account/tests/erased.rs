//! An account that is nobody's any more: nothing of its person is left, and what it held is given back.

use super::*;

fn of_grace(more: impl IntoIterator<Item = AccountEvent>) -> Given<Account> {
    let to = mailbox("new@example.org");
    let address = Box::new(Address { name: "Grace Hopper".to_owned(), ..Address::default() });
    let events = [
        AccountEvent::ProfileSet { name: Some("Grace".to_owned()), phone: Some("555".to_owned()) },
        AccountEvent::AddressKept { id: AddressId(Uuid::from_u128(2)), address, is_default: true },
        AccountEvent::SessionOpened { session: session(1), at: Timestamp(1) },
        AccountEvent::EmailChangeConfirmed { to, at: Timestamp(2) },
    ];
    registered(events.into_iter().chain(more))
}

#[test]
fn nothing_of_the_person_is_left_and_both_claims_are_given_back() {
    let erased = AccountEvent::Erased { at: Timestamp(5) };
    let account = of_grace([]).at(5).when(AccountCommand::Erase).then([erased]);
    let stored = testing::stored(&account);
    for trace in ["example.org", "Grace", "555", "Hopper"] {
        assert!(!stored.contains(trace), "{trace}: {stored}");
    }
    let view = account.view();
    assert_eq!((view.status, view.user, view.sessions.len()), (AccountStatus::Erased, Some(user()), 0));
    let released: Vec<_> =
        account.effects().iter().map(EffectOf::<Account>::request).map(|to| format!("{to:?}")).collect();
    assert_eq!(released.len(), 2, "{released:?}");
    for address in ["ada@example.org", "new@example.org"] {
        let id = mailbox(address).key().id;
        assert!(released.iter().any(|request| request.contains(&*id)), "{address}: {released:?}");
    }
}

#[test]
fn it_takes_nothing_more_and_a_superadmin_is_not_erased() {
    let erased = || of_grace([AccountEvent::Erased { at: Timestamp(5) }]);
    erased().when(AccountCommand::Erase).then_nothing();
    let profile = AccountCommand::SetProfile { name: Some("Eve".to_owned()), phone: None };
    erased().when(profile).then_rejected(AccountRejection::NotRegistered);
    erased().when(AccountCommand::EmailReleased { claim: 1 }).then([AccountEvent::EmailReleased { claim: 1 }]);
    let roles = BTreeSet::from([RoleName::superadmin()]);
    let superadmin = of_grace([AccountEvent::RolesSet { roles }]);
    superadmin.when(AccountCommand::Erase).then_rejected(AccountRejection::Superadmin);
}
