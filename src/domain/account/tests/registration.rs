//! From the first word to an account that has its address, and to another address.

use super::*;
use crate::domain::{
    effect::Outcome,
    email::EmailRejection,
    kinds::{AnyCommand, AnyRejection},
};

#[test]
fn an_account_is_registered_once_it_has_its_address() {
    let state = given([]).at(5).when(register(None)).then([begun()]);
    assert_eq!(pending(&state), ["claim/1"]);
    given([begun()]).when(register(None)).then_rejected(AccountRejection::AlreadyRegistered);
    let claimed = AccountEvent::EmailClaimed { claim: 1 };
    let state = given([begun()]).when(AccountCommand::EmailClaimed { claim: 1 }).then([claimed]);
    assert_eq!((state.view().status, pending(&state)), (AccountStatus::Registered, vec![]));
    registered([]).when(AccountCommand::EmailClaimed { claim: 1 }).then_nothing();
    registered([]).when(AccountCommand::EmailRefused { claim: 1 }).then_nothing();
}

#[test]
fn an_account_whose_address_another_has_is_given_up_and_keeps_nothing() {
    let refused = AccountEvent::EmailRefused { claim: 1 };
    let state = given([begun()]).when(AccountCommand::EmailRefused { claim: 1 }).then([refused.clone()]);
    let view = state.view();
    assert_eq!((view.status, view.mailbox, view.challenge), (AccountStatus::GivenUp, None, None));
    assert_eq!(pending(&state), Vec::<String>::new());
    let log_in = AccountCommand::LogIn { key: key(b"key"), session: session(1), better: None };
    given([begun(), refused]).when(log_in).then_rejected(AccountRejection::NotRegistered);
}

#[test]
fn a_claims_answer_comes_back_as_a_command() {
    let state = given([]).at(5).when(register(None)).then([begun()]);
    let effect = state.effects().remove(0);
    let crate::domain::effect::Request::Entity(to, AnyCommand::Email(_)) = effect.request() else { panic!() };
    assert_eq!(to, mailbox("ada@EXAMPLE.org").key());
    let refused = Outcome::Refused(AnyRejection::Email(EmailRejection::Taken));
    assert_eq!(effect.outcome(refused), Some(AccountCommand::EmailRefused { claim: 1 }));
    assert_eq!(effect.outcome(Outcome::Accepted(None)), Some(AccountCommand::EmailClaimed { claim: 1 }));
}

#[test]
fn another_address_is_proven_claimed_and_taken_and_the_old_one_given_back() {
    let to = mailbox("new@example.org");
    let ask = AccountCommand::AskEmailChange { key: key(b"key"), to: to.clone(), token: token(1) };
    let asked = asked(1, Right::ChangeEmail { to: to.clone() }, 1_010);
    registered([]).at(10).when(ask).then([asked.clone()]);
    let confirm = || AccountCommand::ConfirmEmailChange { token: token(1).id };
    let confirmed = AccountEvent::EmailChangeConfirmed { to: to.clone(), at: Timestamp(20) };
    let state = registered([asked.clone()]).at(20).when(confirm()).then([confirmed.clone()]);
    assert!(pending(&state).contains(&"claim/2".to_owned()));
    assert_eq!(state.view().mailbox, Some(mailbox("Ada@example.org")), "until the claim is granted");
    registered([asked.clone()]).at(1_010).when(confirm()).then_rejected(AccountRejection::BadToken);
    let twice = registered([asked.clone(), confirmed.clone()]).at(21).when(confirm());
    twice.then_rejected(AccountRejection::BadToken);

    let claimed = AccountEvent::EmailClaimed { claim: 2 };
    let history = || registered([asked.clone(), confirmed.clone()]);
    let state = history().when(AccountCommand::EmailClaimed { claim: 2 }).then([claimed.clone()]);
    let view = state.view();
    assert_eq!((view.mailbox, view.changing_to, view.verified), (Some(to), None, true));
    assert!(pending(&state).contains(&"release/1".to_owned()), "{:?}", pending(&state));
    let released = AccountEvent::EmailReleased { claim: 1 };
    let state = history().after([claimed]).when(AccountCommand::EmailReleased { claim: 1 }).then([released]);
    assert!(!pending(&state).contains(&"release/1".to_owned()));

    let refused = AccountEvent::EmailRefused { claim: 2 };
    let state = history().when(AccountCommand::EmailRefused { claim: 2 }).then([refused]);
    assert_eq!((state.view().mailbox, state.view().changing_to), (Some(mailbox("Ada@example.org")), None));
}

#[test]
fn the_same_address_in_another_form_is_not_given_back() {
    let to = mailbox("ADA@example.org");
    let asked = asked(1, Right::ChangeEmail { to: to.clone() }, 100);
    let confirmed = AccountEvent::EmailChangeConfirmed { to: to.clone(), at: Timestamp(20) };
    let state = registered([asked, confirmed])
        .when(AccountCommand::EmailClaimed { claim: 2 })
        .then([AccountEvent::EmailClaimed { claim: 2 }]);
    assert_eq!(
        (&*state.view().mailbox.unwrap().shown, pending(&state).contains(&"release/1".to_owned())),
        ("ADA@example.org", false)
    );
}

#[test]
fn an_old_account_is_carried_over_once_and_answers_by_its_hash() {
    // Of Argon2's own test vectors the form, not the work: the hash is the key.
    let hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaA".to_owned();
    let old = given([AccountEvent::Registered { user: user(), role: Role::Operator, password_hash: hash }]);
    let state = old.when(AccountCommand::Prove { key: key(b"hash") }).then_nothing();
    let view = state.view();
    assert_eq!((view.status, view.user), (AccountStatus::Old, Some(user())));
    assert_eq!(view.roles, BTreeSet::from([RoleName::manager()]));
    let challenge = view.challenge.unwrap();
    assert_eq!(
        (challenge.salt.as_slice(), challenge.memory_kib, challenge.passes),
        (&b"saltsaltsaltsalt"[..], 19_456, 2)
    );

    let carry = || AccountCommand::CarryOver {
        user: user(),
        mailbox: mailbox("ada@example.org"),
        roles: customer(),
        old: "ada@example.org".to_owned(),
    };
    let begun = AccountEvent::Begun {
        user: user(),
        mailbox: mailbox("ada@example.org"),
        name: None,
        roles: customer(),
        password: None,
        old: Some("ada@example.org".to_owned()),
        at: Timestamp(9),
    };
    given([]).at(9).when(carry()).then([begun.clone()]);
    given([begun.clone()]).at(10).when(carry()).then_nothing();
    registered([]).when(carry()).then_rejected(AccountRejection::AlreadyRegistered);
    let carried = || given([begun.clone(), AccountEvent::EmailClaimed { claim: 1 }]);
    let log_in = AccountCommand::LogIn { key: key(b"hash"), session: session(1), better: None };
    carried().when(log_in).then_rejected(AccountRejection::WrongPassword);
    let kept = AccountEvent::PasswordKept { password: password(b"key") };
    carried().when(AccountCommand::AdoptPassword { password: password(b"key") }).then([kept.clone()]);
    carried().after([kept]).when(AccountCommand::AdoptPassword { password: password(b"x") }).then_nothing();
}
