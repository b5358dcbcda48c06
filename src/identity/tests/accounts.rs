//! Registration, and what goes by mail.

use super::*;

async fn register(w: &World, email: &str, password: &str) -> Result<Granted, AccountError> {
    let mailbox = w.identity.mailbox(email).unwrap();
    let applicant = Applicant { mailbox, password: Secret::new(password), name: Some("Ada".to_owned()) };
    let client = Client { address: Some([192, 0, 2, 1].into()), ..Client::default() };
    w.identity.register(applicant, &client).await
}

#[tokio::test]
async fn an_account_is_made_once_with_a_password_that_is_not_weak() {
    let w = world();
    assert_eq!(register(&w, EMAIL, "password").await, Err(AccountError::Weak(Weakness::Common)));
    assert_eq!(register(&w, EMAIL, "ada@example").await, Err(AccountError::Weak(Weakness::Guessable)));
    let granted = register(&w, "Ada@Example.org", PASSWORD).await.unwrap();
    assert_eq!((&*granted.email, granted.verified, role_of(&granted.roles)), ("Ada@Example.org", false, Role::Shopper));
    assert_eq!(register(&w, EMAIL, PASSWORD).await, Err(AccountError::Exists));
    assert_eq!(login(&w, EMAIL, PASSWORD).await.unwrap().user, granted.user);
}

#[tokio::test]
async fn one_address_makes_so_many_accounts_in_an_hour() {
    let w = world();
    for n in 0..20 {
        // Weak ones count, too: each costs the work of judging it.
        assert!(register(&w, &format!("a{n}@example.org"), "password").await.is_err());
    }
    let refused = register(&w, "a20@example.org", PASSWORD).await;
    assert!(matches!(refused, Err(AccountError::Auth(AuthError::TooManyAttempts { .. }))), "{refused:?}");
    w.clock.pass(3_600_000);
    assert!(register(&w, "a20@example.org", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn the_mails_link_verifies_the_address_once() {
    let w = world();
    let user = register(&w, EMAIL, PASSWORD).await.unwrap().user;
    let link = w.link(user, "verify_email");
    assert_eq!(w.identity.verify_email(&format!("{link}x")).await, Err(AccountError::BadLink));
    assert_eq!(w.identity.verify_email(&link).await, Ok(()));
    assert!(w.accounts.view::<Account>(&user.to_string()).verified);
    assert_eq!(w.identity.verify_email(&link).await, Err(AccountError::BadLink));
    let again = w.identity.ask_verification(user, &Client::default()).await;
    assert_eq!(again, Err(AccountError::AlreadyVerified));
}

#[tokio::test]
async fn a_forgotten_password_is_replaced_once_by_the_newest_link_and_every_session_ends() {
    let w = world();
    let granted = register(&w, EMAIL, PASSWORD).await.unwrap();
    for email in [EMAIL, "nobody@example.org", "no address"] {
        assert_eq!(w.identity.forgot(email, &Client::default()).await, Ok(()), "{email}");
    }
    let link = w.link(granted.user, "reset_password");
    let reset = |password: &'static str| {
        let (identity, link) = (w.identity.clone(), link.clone());
        async move { identity.reset(&link, &Secret::new(password)).await }
    };
    assert_eq!(reset("iloveyou").await, Err(AccountError::Weak(Weakness::Common)));
    assert_eq!(reset("another good password").await, Ok(()));
    assert_eq!(reset("yet another good password").await, Err(AccountError::BadLink));
    assert!(w.identity.principal_of_token(&granted.access_token).await.is_err());
    assert_eq!(login(&w, EMAIL, PASSWORD).await, Err(AuthError::InvalidCredentials));
    assert!(login(&w, EMAIL, "another good password").await.is_ok());
}

#[tokio::test]
async fn a_link_is_good_for_its_time() {
    let w = world();
    let user = register(&w, EMAIL, PASSWORD).await.unwrap().user;
    w.identity.forgot(EMAIL, &Client::default()).await.unwrap();
    let link = w.link(user, "reset_password");
    w.clock.pass(3_600_000);
    let late = w.identity.reset(&link, &Secret::new("another good password")).await;
    assert_eq!(late, Err(AccountError::BadLink));
}

#[tokio::test]
async fn an_account_is_written_to_five_times_an_hour_and_nobody_can_tell() {
    let w = world();
    let user = register(&w, EMAIL, PASSWORD).await.unwrap().user;
    for _ in 0..10 {
        assert_eq!(w.identity.forgot(EMAIL, &Client::default()).await, Ok(()));
    }
    let states = w.accounts.states.lock().unwrap();
    let mails = states.iter().filter(|(key, _)| key.kind == Kind::Mail).filter_map(|(_, state)| state.to_json().ok());
    let resets = mails.filter(|mail| mail.get().contains("reset_password") && mail.get().contains(&user.to_string()));
    assert_eq!(resets.count(), 5);
}

#[tokio::test]
async fn a_password_is_changed_by_the_old_one_and_the_other_sessions_end() {
    let w = world();
    let one = register(&w, EMAIL, PASSWORD).await.unwrap();
    let two = login(&w, EMAIL, PASSWORD).await.unwrap();
    let who = w.identity.principal_of_token(&one.access_token).await.unwrap();
    let change = |old: &'static str, new: &'static str| {
        let (identity, who) = (w.identity.clone(), who.clone());
        async move { identity.change_password(&who, &Secret::new(old), &Secret::new(new), &Client::default()).await }
    };
    let wrong = AccountError::Auth(AuthError::InvalidCredentials);
    assert_eq!(change("wrong", "another good password").await, Err(wrong));
    assert_eq!(change(PASSWORD, "1234567890").await, Err(AccountError::Weak(Weakness::Common)));
    assert_eq!(change(PASSWORD, "another good password").await, Ok(()));
    assert!(w.identity.principal_of_token(&one.access_token).await.is_ok(), "the one that asked");
    assert!(w.identity.principal_of_token(&two.access_token).await.is_err());
    assert!(login(&w, EMAIL, "another good password").await.is_ok());
}

#[tokio::test]
async fn another_e_mail_is_taken_by_its_mails_link_and_the_old_one_is_free() {
    let w = world();
    let granted = register(&w, EMAIL, PASSWORD).await.unwrap();
    let who = w.identity.principal_of_token(&granted.access_token).await.unwrap();
    let ask = |to: &'static str, password: &'static str| {
        let (identity, who, to) = (w.identity.clone(), who.clone(), w.identity.mailbox(to).unwrap());
        async move { identity.ask_email_change(&who, to, &Secret::new(password), &Client::default()).await }
    };
    assert_eq!(ask("new@example.org", "wrong").await, Err(AccountError::Auth(AuthError::InvalidCredentials)));
    assert_eq!(ask("new@example.org", PASSWORD).await, Ok(()));
    assert_eq!(login(&w, "new@example.org", PASSWORD).await, Err(AuthError::InvalidCredentials), "not yet");
    w.identity.confirm_email_change(&w.link(who.user, "confirm_email")).await.unwrap();
    assert_eq!(login(&w, "new@example.org", PASSWORD).await.unwrap().user, who.user);
    assert_eq!(login(&w, EMAIL, PASSWORD).await, Err(AuthError::InvalidCredentials));
    let other = register(&w, EMAIL, PASSWORD).await.unwrap();
    assert_ne!(other.user, who.user, "the old address is another's now");

    // Back again: it is taken, and nothing changes.
    assert_eq!(ask(EMAIL, PASSWORD).await, Ok(()));
    let refused = w.identity.confirm_email_change(&w.link(who.user, "confirm_email")).await;
    assert_eq!(refused, Err(AccountError::EmailTaken));
    assert_eq!(login(&w, "new@example.org", PASSWORD).await.unwrap().user, who.user);
}
