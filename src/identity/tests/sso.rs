//! Who a provider vouches for, against accounts that exist, are about to, or belong to somebody else.

use super::*;
use crate::domain::{
    account::{AccountCommand, LinkCommand},
    email::Mailbox,
    identity_link::Vouched,
    role::RoleName,
    session::{Method, Session},
    time::Timestamp,
};

fn vouched(who: &str, email: &str) -> Vouched {
    Vouched {
        provider: "own".to_owned(),
        issuer: "https://id.example".to_owned(),
        subject: who.to_owned(),
        mailbox: Mailbox::unkeyed(email),
        verified: true,
        name: Some("Ada".to_owned()),
        authenticated_at: None,
    }
}

async fn enter(w: &World, vouched: Vouched) -> Result<Granted, AccountError> {
    match w.identity.enter_by_provider(vouched, &Client::default()).await? {
        Entered::Session(granted) => Ok(granted),
        Entered::SecondFactor(_) => panic!("no second factor is here"),
    }
}

#[tokio::test]
async fn the_person_is_who_the_provider_says_whatever_becomes_of_the_address() {
    let w = world();
    let first = enter(&w, vouched("ada", "Ada@example.org")).await.unwrap();
    assert!(first.verified);
    let moved = enter(&w, vouched("ada", "new@example.org")).await.unwrap();
    let silent = Vouched { mailbox: None, verified: false, ..vouched("ada", "") };
    assert_eq!((moved.user, enter(&w, silent).await.unwrap().user), (first.user, first.user));
    assert_eq!(enter(&w, vouched("eve", "ADA@example.org")).await, Err(AccountError::OwnerAsked));
}

#[tokio::test]
async fn an_address_that_nobody_vouches_for_is_nobodys() {
    let w = world();
    let unverified = Vouched { verified: false, ..vouched("ada", "ada@example.org") };
    assert_eq!(enter(&w, unverified).await, Err(AccountError::Unverified));
    let silent = Vouched { mailbox: None, ..vouched("ada", "") };
    assert_eq!(enter(&w, silent).await, Err(AccountError::Unverified));
    assert_eq!(w.accounts.states.lock().unwrap().len(), 0, "nothing was made");
}

#[tokio::test]
async fn a_session_by_a_provider_is_as_fresh_as_the_provider_says() {
    let w = world();
    let now = w.identity.now();
    let proven = async |at: Option<Timestamp>| {
        let granted = enter(&w, Vouched { authenticated_at: at, ..vouched("ada", "ada@example.org") }).await.unwrap();
        let view = w.accounts.view::<Session>(&granted.session.to_string());
        assert_eq!(view.methods, [Method::Sso]);
        let who = w.identity.principal_of_token(&granted.access_token).await.unwrap();
        w.identity.stepped_up(&who).is_ok()
    };
    assert!(!proven(None).await, "perhaps long ago");
    assert!(!proven(Some(now.plus_ms(-15 * 60_000))).await);
    assert!(proven(Some(now.plus_ms(-60_000))).await);
    let ahead = Vouched { authenticated_at: Some(now.plus_ms(99 * 60_000)), ..vouched("ada", "") };
    let session = enter(&w, ahead).await.unwrap().session;
    let view = w.accounts.view::<Session>(&session.to_string());
    assert_eq!(view.authenticated_at, now, "no clock lengthens it");
}

#[tokio::test]
async fn a_disabled_account_stays_closed_and_its_owner_is_asked_but_so_often() {
    let w = world();
    let ada = w.account("ada@example.org", RoleName::customer()).await;
    for _ in 0..LETTERS_PER_HOUR {
        assert_eq!(enter(&w, vouched("ada", "ada@example.org")).await, Err(AccountError::OwnerAsked));
    }
    let too_many = enter(&w, vouched("ada", "ada@example.org")).await;
    assert!(matches!(too_many, Err(AccountError::Auth(AuthError::TooManyAttempts { .. }))), "{too_many:?}");
    w.identity.confirm_link(&w.link(ada.user, "confirm_link")).await.unwrap();
    assert_eq!(enter(&w, vouched("ada", "ada@example.org")).await.unwrap().user, ada.user);
    w.tell(ada.user, AccountCommand::SetDisabled { disabled: true });
    assert_eq!(enter(&w, vouched("ada", "ada@example.org")).await, Err(AuthError::Disabled.into()));
}

#[tokio::test]
async fn a_mail_that_comes_too_late_links_nobody_whom_another_account_has() {
    let w = world();
    let ada = w.account("ada@example.org", RoleName::customer()).await;
    assert_eq!(enter(&w, vouched("ada", "ada@example.org")).await, Err(AccountError::OwnerAsked));
    let bob = w.account("bob@example.org", RoleName::customer()).await;
    let subject = w.identity.subject(&vouched("ada", ""));
    w.identity.link(bob.user, bob.session, subject.clone()).await.unwrap();
    let link = w.link(ada.user, "confirm_link");
    assert_eq!(w.identity.confirm_link(&link).await, Err(AccountError::LinkTaken));
    assert_eq!(w.identity.confirm_link(&link).await, Err(AccountError::BadLink), "it is used");
    assert_eq!(enter(&w, vouched("ada", "ada@example.org")).await.unwrap().user, bob.user);
    w.tell(bob.user, AccountCommand::Links(LinkCommand::Remove { provider: "own".into() }));
    let gone = w.identity.link(ada.user, bob.session, subject).await;
    assert!(matches!(gone, Err(AccountError::Auth(AuthError::InvalidToken(_)))), "not by another's session");
}
