//! Log-in and its brake, refresh, log-out.

use super::*;

#[tokio::test]
async fn guesses_are_slowed_down_for_known_and_unknown_accounts_alike() {
    for email in [SUPERADMIN, "nobody@souk.local", "no address"] {
        let w = world();
        w.identity.ensure_superadmin(Some(&Secret::new("the password"))).await.unwrap();
        let client = Client { address: Some([192, 0, 2, 1].into()), ..Client::default() };
        let guess = |password: &'static str| {
            let (identity, client) = (w.identity.clone(), client.clone());
            async move { identity.login(email, &Secret::new(password), &client).await }
        };
        for _ in 0..5 {
            assert_eq!(guess("guess").await, Err(AuthError::InvalidCredentials));
        }
        let slowed = AuthError::TooManyAttempts { retry_after_ms: 1000 };
        assert_eq!(guess("the password").await, Err(slowed), "{email}");
    }
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_second_use_ends_the_session() {
    let w = world();
    let first = w.account(EMAIL, RoleName::customer()).await;
    let client = Client::default();
    let second = w.identity.refresh(&first.refresh_token, &client).await.unwrap();
    assert_ne!(second.refresh_token, first.refresh_token);
    w.clock.pass(9_000);
    let repeated = w.identity.refresh(&first.refresh_token, &client).await.unwrap();
    assert_eq!(repeated.refresh_token, second.refresh_token, "a lost answer is given again");
    assert!(w.identity.principal_of_token(&second.access_token).await.is_ok());
    w.clock.pass(2_000);
    let by = format!("user:{}", first.user).into();
    assert_eq!(w.identity.refresh(&first.refresh_token, &client).await, Err(AuthError::RefreshReused { by }));
    let ended = AuthError::InvalidToken(TokenFault::Ended);
    assert_eq!(w.identity.principal_of_token(&second.access_token).await, Err(ended.clone()));
    assert_eq!(w.identity.refresh(&second.refresh_token, &client).await, Err(ended));
    let forged = AuthError::InvalidToken(TokenFault::Forged);
    assert_eq!(w.identity.refresh("x.y", &client).await, Err(forged));
}

#[tokio::test]
async fn a_log_out_ends_one_session_or_all_and_their_tokens_at_once() {
    let w = world();
    let one = w.account(EMAIL, RoleName::customer()).await;
    let two = login(&w, EMAIL, PASSWORD).await.unwrap();
    let three = login(&w, EMAIL, PASSWORD).await.unwrap();
    w.identity.log_out(two.user, two.session).await.unwrap();
    let alive = |granted: &Granted| {
        let (identity, token) = (w.identity.clone(), granted.access_token.clone());
        async move { identity.principal_of_token(&token).await.is_ok() }
    };
    assert_eq!((alive(&one).await, alive(&two).await, alive(&three).await), (true, false, true));
    assert!(w.identity.refresh(&two.refresh_token, &Client::default()).await.is_err());
    w.identity.log_out_everywhere(one.user, one.session).await.unwrap();
    assert_eq!((alive(&one).await, alive(&three).await), (false, false));
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_is_told_so_only_with_its_password() {
    let w = world();
    let granted = w.account(EMAIL, RoleName::customer()).await;
    w.tell(granted.user, AccountCommand::SetDisabled { disabled: true });
    assert!(w.identity.principal_of_token(&granted.access_token).await.is_err());
    assert!(w.identity.refresh(&granted.refresh_token, &Client::default()).await.is_err());
    assert_eq!(login(&w, EMAIL, "wrong").await, Err(AuthError::InvalidCredentials));
    assert_eq!(login(&w, EMAIL, PASSWORD).await, Err(AuthError::Disabled));
}

#[tokio::test]
async fn a_role_counts_from_the_next_request_on() {
    let w = world();
    let granted = w.account(EMAIL, RoleName::customer()).await;
    let staff = async || w.identity.principal_of_token(&granted.access_token).await.unwrap().is_staff();
    assert!(!staff().await);
    w.tell(granted.user, AccountCommand::SetRoles { roles: BTreeSet::from([RoleName::manager()]) });
    assert!(staff().await);
    w.tell(granted.user, AccountCommand::SetRoles { roles: BTreeSet::from([RoleName::customer()]) });
    assert!(!staff().await);
}
