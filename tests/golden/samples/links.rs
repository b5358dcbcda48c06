//! Samples of links to persons at OpenID providers.

use souk::domain::{
    account::{AccountEvent, AccountMail, LinkEvent, Right, Token},
    email::Holder,
    identity_link::{IdentityLinkEvent, Subject},
    ids::TokenId,
    kinds::AnyEvent,
    mail::Says,
};

use super::ids::{AT, id, text, user_id};

fn subject() -> Subject {
    let kept = r#"{"provider":"google","digest":"3b84fbd2733013340947eaa922ec5627"}"#;
    serde_json::from_str(kept).expect("as it is kept")
}

fn token_id() -> TokenId {
    TokenId(id(11))
}

/// A new event of links stops the build here, too.
pub fn of_account() -> Vec<AccountEvent> {
    let events = vec![
        LinkEvent::Begun { subject: subject(), claim: 2, at: AT },
        LinkEvent::Claimed { claim: 2 },
        LinkEvent::Refused { claim: 2 },
        LinkEvent::Removed { claim: 2, at: AT },
        LinkEvent::Released { claim: 2 },
    ];
    let place = |event: &LinkEvent| match event {
        LinkEvent::Begun { .. } => 0,
        LinkEvent::Claimed { .. } => 1,
        LinkEvent::Refused { .. } => 2,
        LinkEvent::Removed { .. } => 3,
        LinkEvent::Released { .. } => 4,
    };
    assert!(events.iter().map(place).eq(0..5), "a sample of each");
    let token = Token { id: token_id(), right: Right::Link { subject: subject() }, until: AT };
    let mails = [
        AccountMail::ConfirmLink { token: token_id(), provider: text("google") },
        AccountMail::LinkMade { claim: 2 },
        AccountMail::LinkRemoved { claim: 2 },
    ];
    let queued = mails.into_iter().map(|mail| AccountEvent::MailQueued { mail });
    let others = [AccountEvent::TokenAsked { token }, AccountEvent::Reclaimed { at: AT }];
    events.into_iter().map(AccountEvent::Links).chain(others).chain(queued).collect()
}

pub fn letters() -> [Says; 2] {
    [Says::ConfirmLink { token: token_id(), provider: text("google") }, Says::LinksChanged]
}

pub fn identity_link() -> Vec<AnyEvent> {
    let holder = Holder { user: user_id(), claim: 2 };
    let events = [IdentityLinkEvent::Claimed { holder, at: AT }, IdentityLinkEvent::Released { holder, at: AT }];
    events.into_iter().map(AnyEvent::IdentityLink).collect()
}
