//! Links to persons at providers: begun by the account's owner alone, had once granted, given back.

use super::*;
use crate::domain::{
    effect::{Outcome, Request},
    identity_link::{IdentityLinkRejection, Subject},
    kinds::{AnyCommand, AnyRejection},
};

fn subject(provider: &str, who: &str) -> Subject {
    Subject::new(provider, &[who.as_bytes()[0]; 32])
}

fn ada() -> Subject {
    subject("google", "ada")
}

fn begun_link(subject: Subject, claim: u32, at: i64) -> AccountEvent {
    LinkEvent::Begun { subject, claim, at: Timestamp(at) }.into()
}

fn claimed(claim: u32) -> AccountEvent {
    LinkEvent::Claimed { claim }.into()
}

fn begin(subject: Subject) -> AccountCommand {
    AccountCommand::Links(LinkCommand::Begin { subject })
}

fn enter(n: u128) -> AccountCommand {
    AccountCommand::Links(LinkCommand::Enter { subject: ada(), session: session(n) })
}

#[test]
fn a_link_opens_nothing_before_it_is_granted() {
    let state = registered([]).at(7).when(begin(ada())).then([begun_link(ada(), 2, 7)]);
    assert_eq!(pending(&state), ["link/2"]);
    registered([begun_link(ada(), 2, 7)]).when(enter(1)).then_rejected(LinkRejection::Unknown.into());
    registered([begun_link(ada(), 2, 7)]).at(8).when(begin(ada())).then_nothing();
    let granted = AccountCommand::Links(LinkCommand::Claimed { claim: 2 });
    let state = registered([begun_link(ada(), 2, 7)]).when(granted).then([claimed(2)]);
    assert_eq!(pending(&state), ["mail/link_made/2"], "its owner is told");
    registered([begun_link(ada(), 2, 7), claimed(2)]).at(9).when(enter(1)).then([opened(1, 9)]);
    let refused = AccountCommand::Links(LinkCommand::Refused { claim: 2 });
    let state =
        registered([begun_link(ada(), 2, 7)]).when(refused.clone()).then([LinkEvent::Refused { claim: 2 }.into()]);
    assert_eq!((state.view().links.len(), pending(&state)), (0, vec![]));
    registered([begun_link(ada(), 2, 7), claimed(2)]).when(refused).then_nothing();
}

#[test]
fn of_one_provider_there_is_one_link_and_of_all_so_many() {
    let linked = || registered([begun_link(ada(), 2, 7), claimed(2)]);
    linked().when(begin(subject("google", "eve"))).then_rejected(LinkRejection::Linked.into());
    linked().at(8).when(begin(subject("microsoft", "ada"))).then([begun_link(subject("microsoft", "ada"), 3, 8)]);
    let all = (0..10).map(|n| begun_link(subject(&format!("p{n}"), "ada"), n + 2, 7));
    let max = Account::LINKS_MAX;
    registered(all).when(begin(ada())).then_rejected(LinkRejection::TooMany { max }.into());
    registered([AccountEvent::Disabled { at: Timestamp(1) }])
        .when(begin(ada()))
        .then_rejected(AccountRejection::Disabled);
}

#[test]
fn a_claims_answer_comes_back_as_a_command() {
    let state = registered([]).at(7).when(begin(ada())).then([begun_link(ada(), 2, 7)]);
    let effect = state.effects().remove(0);
    let Request::Entity(to, AnyCommand::IdentityLink(_)) = effect.request() else { panic!() };
    assert_eq!(to, ada().key());
    let refused = Outcome::Refused(AnyRejection::IdentityLink(IdentityLinkRejection::Taken));
    assert_eq!(effect.outcome(refused), Some(AccountCommand::Links(LinkCommand::Refused { claim: 2 })));
    assert_eq!(effect.outcome(Outcome::Accepted(None)), Some(AccountCommand::Links(LinkCommand::Claimed { claim: 2 })));
}

#[test]
fn a_link_that_is_removed_is_given_back_and_opens_nothing() {
    let remove = || AccountCommand::Links(LinkCommand::Remove { provider: "google".into() });
    registered([]).when(remove()).then_rejected(LinkRejection::Unknown.into());
    registered([begun_link(ada(), 2, 7)]).when(remove()).then_rejected(LinkRejection::Unknown.into());
    let removed: AccountEvent = LinkEvent::Removed { claim: 2, at: Timestamp(9) }.into();
    let history = || registered([begun_link(ada(), 2, 7), claimed(2)]);
    let state = history().at(9).when(remove()).then([removed.clone()]);
    assert!(pending(&state).contains(&"unlink/2".to_owned()), "{:?}", pending(&state));
    history().after([removed.clone()]).when(enter(1)).then_rejected(LinkRejection::Unknown.into());
    let released = AccountCommand::Links(LinkCommand::Released { claim: 2 });
    let state = history().after([removed]).when(released).then([LinkEvent::Released { claim: 2 }.into()]);
    assert!(!pending(&state).contains(&"unlink/2".to_owned()));
}

#[test]
fn an_account_of_a_vouched_address_is_verified_and_claims_its_person_after_its_address() {
    let register = AccountCommand::RegisterLinked {
        user: user(),
        mailbox: mailbox("Ada@example.org"),
        name: None,
        roles: customer(),
        subject: Box::new(ada()),
    };
    let begun = AccountEvent::Begun {
        user: user(),
        mailbox: mailbox("Ada@example.org"),
        name: None,
        roles: customer(),
        password: None,
        old: None,
        at: Timestamp(5),
    };
    let events = [begun, AccountEvent::EmailVerified { at: Timestamp(5) }, begun_link(ada(), 2, 5)];
    let state = given([]).at(5).when(register).then(events.clone());
    assert_eq!(pending(&state), ["claim/1"], "the person is claimed by who has the address");
    let has_address = AccountEvent::EmailClaimed { claim: 1 };
    let state = given(events.clone()).when(AccountCommand::EmailClaimed { claim: 1 }).then([has_address.clone()]);
    assert_eq!((pending(&state), state.view().verified), (vec!["link/2".to_owned()], true));
    let granted = AccountCommand::Links(LinkCommand::Claimed { claim: 2 });
    let state = given(events.clone()).after([has_address]).when(granted).then([claimed(2)]);
    assert_eq!(pending(&state), Vec::<String>::new(), "nobody is told what they have just done");
    let refused = AccountCommand::EmailRefused { claim: 1 };
    let state = given(events).when(refused).then([AccountEvent::EmailRefused { claim: 1 }]);
    assert_eq!((state.view().links.len(), pending(&state)), (0, vec![]));
}

#[test]
fn by_a_mail_the_owner_agrees_once() {
    let ask = AccountCommand::Links(LinkCommand::Ask { subject: ada(), token: token(1) });
    let asked = asked(1, Right::Link { subject: ada() }, 1_010);
    let verified = AccountEvent::EmailVerified { at: Timestamp(6) };
    let state = registered([verified.clone()]).at(10).when(ask).then([asked.clone()]);
    assert_eq!(pending(&state), [format!("mail/confirm_link/{}", token(1).id)]);
    let confirm = || AccountCommand::Links(LinkCommand::Confirm { token: token(1).id });
    let history = || registered([verified.clone(), asked.clone()]);
    history().at(1_010).when(confirm()).then_rejected(AccountRejection::BadToken);
    history().at(20).when(AccountCommand::VerifyEmail { token: token(1).id }).then_rejected(AccountRejection::BadToken);
    let state = history().at(20).when(confirm()).then([begun_link(ada(), 2, 20)]);
    assert!(state.view().challenge.is_some(), "the password stays");
    history().after([begun_link(ada(), 2, 20)]).at(21).when(confirm()).then_rejected(AccountRejection::BadToken);
}

#[test]
fn who_made_an_account_with_anothers_address_does_not_stay_in_it() {
    let asked = asked(1, Right::Link { subject: ada() }, 1_010);
    let evil = subject("evil", "eve");
    let history = || registered([opened(1, 6), begun_link(evil.clone(), 2, 6), claimed(2), asked.clone()]);
    let confirm = AccountCommand::Links(LinkCommand::Confirm { token: token(1).id });
    let state = history().at(20).when(confirm.clone()).then([
        AccountEvent::Reclaimed { at: Timestamp(20) },
        AccountEvent::SessionsEnded { sessions: vec![session(1)] },
        begun_link(ada(), 3, 20),
    ]);
    let view = state.view();
    assert_eq!((view.challenge, view.sessions.len(), view.verified), (None, 0, true));
    assert_eq!(view.links.iter().map(|link| &link.subject).collect::<Vec<_>>(), [&ada()]);
    assert!(pending(&state).contains(&"unlink/2".to_owned()));
    let half = registered([begun_link(evil, 2, 6), asked]);
    half.at(20).when(confirm).then_rejected(LinkRejection::UnderWay.into());
}
