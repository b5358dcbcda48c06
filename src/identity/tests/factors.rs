//! Second factors as a whole: an app, recovery codes, the two steps of a log-in, step-up, roles that need one.

use super::*;
use crate::domain::{account::FactorsView, ids::FactorId};

const MINUTE_MS: i64 = 60_000;

async fn principal(w: &World, granted: &Granted) -> Principal {
    w.identity.principal_of_token(&granted.access_token).await.expect("a session")
}

fn code(w: &World, user: UserId, factor: FactorId) -> Shown {
    Shown::Code(Secret::new(w.identity.0.apps.code(user, factor, w.identity.now())))
}

fn factors(w: &World, user: UserId) -> FactorsView {
    w.accounts.view::<Account>(&user.to_string()).factors.as_ref().clone()
}

/// An account with an app, its session, and its recovery codes.
async fn protected(w: &World, role: RoleName) -> (Granted, FactorId, Vec<String>) {
    let granted = w.account(EMAIL, role).await;
    let who = principal(w, &granted).await;
    let (factor, setup) = w.identity.enrol(&who, "My phone".to_owned()).await.unwrap();
    assert!(setup.uri.contains("ada%40example%2Eorg"));
    let Shown::Code(typed) = code(w, who.user, factor) else { unreachable!("a code") };
    let codes = w.identity.confirm(&who, factor, &typed, &Client::default()).await.unwrap();
    // The next code is another.
    w.clock.pass(30_000);
    (granted, factor, codes.expect("the first factor brings codes"))
}

async fn waiting(w: &World) -> Waits {
    match w.identity.login(EMAIL, &Secret::new(PASSWORD), &Client::default()).await {
        Ok(Entered::SecondFactor(waits)) => waits,
        other => panic!("no second step: {other:?}"),
    }
}

async fn pass(w: &World, waits: &Waits, shown: &Shown) -> Result<Granted, AuthError> {
    w.identity.pass_second_factor(&waits.token, shown, &Client::default()).await
}

#[tokio::test]
async fn a_log_in_has_two_steps_and_no_code_is_taken_twice() {
    let w = world();
    let (first, factor, _) = protected(&w, RoleName::customer()).await;
    assert!(w.identity.principal_of_token(&first.access_token).await.is_ok(), "it confirmed the factor itself");
    let waits = waiting(&w).await;
    assert_eq!((&waits.methods[..], waits.expires_in), (&[Method::Totp, Method::RecoveryCode][..], 300));
    let shown = code(&w, first.user, factor);
    let granted = pass(&w, &waits, &shown).await.unwrap();
    let standing = w.identity.standing(&w.identity.claims_of_token(&granted.access_token).unwrap()).await.unwrap();
    assert!(standing.second_factor && standing.has_factor);
    assert_eq!(pass(&w, &waits, &shown).await, Err(AuthError::LogInAgain), "the text is used");
    let again = waiting(&w).await;
    assert_eq!(pass(&w, &again, &shown).await, Err(AuthError::WrongCode { tries_left: Some(4) }), "the code is used");
    w.clock.pass(30_000);
    assert!(pass(&w, &again, &code(&w, first.user, factor)).await.is_ok());
    assert_eq!(pass(&w, &Waits { token: "x.y".to_owned(), ..again }, &shown).await, Err(AuthError::LogInAgain));
}

#[tokio::test]
async fn codes_of_another_account_or_of_yesterday_are_wrong_and_guesses_are_slowed_down() {
    let w = world();
    let (first, factor, codes) = protected(&w, RoleName::customer()).await;
    let old = code(&w, first.user, factor);
    w.clock.pass(5 * MINUTE_MS);
    let waits = waiting(&w).await;
    let other = UserId(uuid::Uuid::from_u128(99));
    let wrong = [old, code(&w, other, factor), Shown::Password(Secret::new(PASSWORD))];
    for (shown, left) in wrong.iter().zip([Some(4), Some(3), None]) {
        assert_eq!(pass(&w, &waits, shown).await, Err(AuthError::WrongCode { tries_left: left }));
    }
    let guess = || Shown::RecoveryCode(Secret::new("00000-00000"));
    for left in [2, 1, 0] {
        assert_eq!(pass(&w, &waits, &guess()).await, Err(AuthError::WrongCode { tries_left: Some(left) }));
    }
    let own = Shown::RecoveryCode(Secret::new(codes[0].clone()));
    assert_eq!(pass(&w, &waits, &own).await, Err(AuthError::TooManyAttempts { retry_after_ms: 1000 }));
    // A password that is right does not free the guesses of codes.
    let waits = waiting(&w).await;
    assert_eq!(pass(&w, &waits, &own).await, Err(AuthError::TooManyAttempts { retry_after_ms: 1000 }));
    w.clock.pass(1_000);
    assert!(pass(&w, &waits, &own).await.is_ok());
}

#[tokio::test]
async fn a_log_in_that_waits_too_long_begins_anew() {
    let w = world();
    let (first, factor, _) = protected(&w, RoleName::customer()).await;
    let waits = waiting(&w).await;
    w.clock.pass(5 * MINUTE_MS);
    assert_eq!(pass(&w, &waits, &code(&w, first.user, factor)).await, Err(AuthError::LogInAgain));
}

#[tokio::test]
async fn a_recovery_code_opens_one_session_and_new_ones_replace_the_old() {
    let w = world();
    let (first, _, codes) = protected(&w, RoleName::customer()).await;
    let shown = |code: &str| Shown::RecoveryCode(Secret::new(code));
    let granted = pass(&w, &waiting(&w).await, &shown(&codes[4].to_uppercase())).await.unwrap();
    assert_eq!(factors(&w, first.user).codes_left, 9);
    let twice = pass(&w, &waiting(&w).await, &shown(&codes[4])).await;
    assert_eq!(twice, Err(AuthError::WrongCode { tries_left: Some(4) }));
    let anew = w.identity.new_recovery_codes(&principal(&w, &granted).await).await.unwrap();
    assert!(pass(&w, &waiting(&w).await, &shown(&codes[5])).await.is_err());
    assert!(pass(&w, &waiting(&w).await, &shown(&anew[5])).await.is_ok());
}

#[tokio::test]
async fn what_is_dangerous_needs_a_fresh_proof() {
    let w = world();
    let granted = w.account(EMAIL, RoleName::customer()).await;
    let client = Client::default();
    w.clock.pass(14 * MINUTE_MS);
    let granted = w.identity.refresh(&granted.refresh_token, &client).await.unwrap();
    assert_eq!(w.identity.stepped_up(&principal(&w, &granted).await), Ok(()));
    w.clock.pass(MINUTE_MS);
    let who = principal(&w, &granted).await;
    let long_ago = |by_code| AuthError::StepUpRequired { by: who.by.clone(), by_code };
    assert_eq!(w.identity.stepped_up(&who), Err(long_ago(false)), "a refresh proves nothing");
    assert!(w.identity.enrol(&who, "phone".to_owned()).await.is_err());
    let wrong = w.identity.step_up(&who, &Shown::Password(Secret::new("wrong")), &client).await;
    assert_eq!(wrong, Err(AuthError::InvalidCredentials));
    w.identity.step_up(&who, &Shown::Password(Secret::new(PASSWORD)), &client).await.unwrap();
    assert_eq!(w.identity.stepped_up(&principal(&w, &granted).await), Ok(()));
}

#[tokio::test]
async fn an_account_with_a_factor_steps_up_by_it_and_by_no_password() {
    let w = world();
    let (granted, factor, _) = protected(&w, RoleName::customer()).await;
    let client = Client::default();
    w.clock.pass(14 * MINUTE_MS + 30_000);
    let granted = w.identity.refresh(&granted.refresh_token, &client).await.unwrap();
    let who = principal(&w, &granted).await;
    let (by, long_ago) = (who.by.clone(), AuthError::StepUpRequired { by: who.by.clone(), by_code: true });
    assert_eq!(w.identity.remove_factor(&who, factor).await, Err(long_ago.clone().into()));
    let new = Secret::new("another password of the test");
    let changed = w.identity.change_password(&who, &Secret::new(PASSWORD), &new, &client).await;
    assert_eq!(changed, Err(long_ago.clone().into()), "the password alone is not enough");
    let to = w.identity.mailbox("new@example.org").unwrap();
    let changed = w.identity.ask_email_change(&who, to, &Secret::new(PASSWORD), &client).await;
    assert_eq!(changed, Err(long_ago.into()));
    let by_password = w.identity.step_up(&who, &Shown::Password(Secret::new(PASSWORD)), &client).await;
    assert_eq!(by_password, Err(AuthError::SecondFactorRequired { by }));
    let shown = code(&w, who.user, factor);
    w.identity.step_up(&who, &shown, &client).await.unwrap();
    let twice = w.identity.step_up(&who, &shown, &client).await;
    assert_eq!(twice, Err(AuthError::WrongCode { tries_left: None }));
    let who = principal(&w, &granted).await;
    w.identity.remove_factor(&who, factor).await.unwrap();
    assert!(login(&w, EMAIL, PASSWORD).await.is_ok(), "one step again");
}

#[tokio::test]
async fn a_role_that_needs_a_second_factor_grants_nothing_without_one() {
    let settings = config::Identity {
        second_factor_roles: BTreeSet::from([RoleName::MANAGER.to_owned()]),
        ..config::Identity::default()
    };
    let w = testing::world_with(settings);
    let granted = w.account(EMAIL, RoleName::manager()).await;
    let who = principal(&w, &granted).await;
    assert!(!who.is_staff() && !who.proven.withheld.is_empty());
    let wanted = PermissionSet::of(&[Permission::OrdersRead]);
    assert!(!w.identity.still_grants(granted.session, granted.user, wanted, None));
    let (factor, _) = w.identity.enrol(&who, "phone".to_owned()).await.unwrap();
    let Shown::Code(typed) = code(&w, who.user, factor) else { unreachable!("a code") };
    w.identity.confirm(&who, factor, &typed, &Client::default()).await.unwrap();
    assert!(
        principal(&w, &granted).await.is_staff()
            && w.identity.still_grants(granted.session, granted.user, wanted, None)
    );
    // Without the factor the session is still one of a second factor, and the next one is not.
    w.identity.remove_factor(&principal(&w, &granted).await, factor).await.unwrap();
    let next = login(&w, EMAIL, PASSWORD).await.unwrap();
    assert!(!principal(&w, &next).await.is_staff());
}
