//! The first account, and accounts as they were first kept.

use super::*;

#[tokio::test]
async fn the_superadmin_is_made_once_and_logs_in_with_the_generated_password() {
    let w = world();
    let password = w.identity.ensure_superadmin(None).await.unwrap().expect("generated").to_string();
    assert_eq!(password.len(), 27);
    assert!(password.split('-').all(|group| group.len() == 6), "{password}");
    assert_eq!(w.identity.ensure_superadmin(None).await.unwrap(), None);
    let granted = login(&w, "Admin@souk.local", &password).await.unwrap();
    assert_eq!((role_of(&granted.roles), granted.expires_in), (Role::Superadmin, 900));
    let principal = w.identity.principal_of_token(&granted.access_token).await.unwrap();
    assert_eq!((principal.user, principal.session, principal.is_staff()), (granted.user, Some(granted.session), true));
    w.clock.pass(900_000);
    let expired = AuthError::InvalidToken(TokenFault::Expired);
    assert_eq!(w.identity.principal_of_token(&granted.access_token).await, Err(expired));
}

#[tokio::test]
async fn a_configured_password_is_set_and_replaces_a_lost_one() {
    let w = world();
    let (old, new) = (Secret::new("old password"), Secret::new("new password"));
    assert_eq!(w.identity.ensure_superadmin(Some(&old)).await.unwrap(), None);
    let granted = login(&w, SUPERADMIN, "old password").await.unwrap();
    let challenge = || w.accounts.view::<Account>(&granted.user.to_string()).challenge;
    let first = challenge();
    w.identity.ensure_superadmin(Some(&old)).await.unwrap();
    assert_eq!(challenge(), first, "the same password writes nothing");
    w.identity.ensure_superadmin(Some(&new)).await.unwrap();
    assert!(login(&w, SUPERADMIN, "new password").await.is_ok());
    assert_eq!(login(&w, SUPERADMIN, "old password").await, Err(AuthError::InvalidCredentials));
    assert!(w.identity.principal_of_token(&granted.access_token).await.is_err(), "its sessions ended");
    let short = w.identity.ensure_superadmin(Some(&Secret::new("short"))).await;
    assert!(matches!(short, Err(SuperadminError::TooShort(5))));
}

#[tokio::test]
async fn an_old_account_keeps_user_role_and_password_and_gets_a_verifier_of_its_own() {
    let w = world();
    let user = old_account(&w, EMAIL, Role::Operator);
    assert_eq!(login(&w, EMAIL, "wrong").await, Err(AuthError::InvalidCredentials));
    let carried = w.accounts.view::<Account>(&user.to_string());
    assert!(carried.is_registered() && carried.challenge.is_none(), "the hash stays where it is until it is proven");
    let granted = login(&w, "ADA@example.org", PASSWORD).await.unwrap();
    assert_eq!((granted.user, role_of(&granted.roles)), (user, Role::Operator));
    assert!(w.accounts.view::<Account>(&user.to_string()).challenge.is_some());
    w.tell(user, AccountCommand::EndOtherSessions { keep: None });
    assert_eq!(login(&w, EMAIL, PASSWORD).await.unwrap().user, user, "by its own verifier");
    assert_eq!(login(&w, EMAIL, "wrong").await, Err(AuthError::InvalidCredentials));
}

#[tokio::test]
async fn an_old_accounts_address_is_taken_before_anybody_names_it() {
    let w = world();
    let user = old_account(&w, EMAIL, Role::Shopper);
    let applicant = || Applicant {
        mailbox: w.identity.mailbox("Ada@Example.org").unwrap(),
        password: Secret::new(PASSWORD),
        name: None,
    };
    let refused = w.identity.register(applicant(), &Client::default()).await;
    assert_eq!(refused, Err(AccountError::Exists));
    assert_eq!(w.identity.carry_over_all().await, Ok(1));
    assert!(w.accounts.view::<Account>(&user.to_string()).is_registered());
}

#[tokio::test]
async fn an_old_superadmin_stays_the_one_superadmin() {
    let w = world();
    let user = old_account(&w, SUPERADMIN, Role::Superadmin);
    assert_eq!(w.identity.ensure_superadmin(Some(&Secret::new(PASSWORD))).await.unwrap(), None);
    assert_eq!(login(&w, SUPERADMIN, PASSWORD).await.unwrap().user, user);
    w.identity.ensure_superadmin(Some(&Secret::new("another password"))).await.unwrap();
    assert_eq!(login(&w, SUPERADMIN, "another password").await.unwrap().user, user);
    assert_eq!(login(&w, SUPERADMIN, PASSWORD).await, Err(AuthError::InvalidCredentials));
}

/// An event as it stood in journals, with another Argon2's hash of the test's password.
const OF_BEFORE: &str = r#"{"registered":{"user":"01900000-0000-7000-8000-000000000003","role":"superadmin","password_hash":"$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyAuLg$FwZcTXZZjmDMadoSt0g4NUirNbpXrN8JJVqeMG9H8kc"}}"#;

#[tokio::test]
async fn the_bytes_of_an_old_account_are_an_account_that_logs_in() {
    let w = world();
    let mut state = AnyState::new(Kind::Account);
    state.apply(&AnyEvent::from_json(Kind::Account, OF_BEFORE).unwrap());
    w.accounts.states.lock().unwrap().insert(EntityKey::new(Kind::Account, SUPERADMIN), state);
    assert_eq!(w.identity.ensure_superadmin(None).await.unwrap(), None, "no second one is made");
    let granted = login(&w, SUPERADMIN, PASSWORD).await.unwrap();
    assert_eq!(granted.user.to_string(), "01900000-0000-7000-8000-000000000003");
    assert_eq!(role_of(&granted.roles), Role::Superadmin);
}
