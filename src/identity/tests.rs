//! Identity as a whole on accounts in memory: the first start, log-in and its brake, guests and tokens.

use axum::http::HeaderMap;

use super::{testing::world, *};
use crate::{
    config::Secret,
    domain::{account::Role, ids::UserId},
};

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

#[tokio::test]
async fn the_superadmin_is_made_once_and_logs_in_with_the_generated_password() {
    let w = world();
    let password = w.identity.ensure_superadmin(None).await.unwrap().expect("generated").to_string();
    assert_eq!(password.len(), 27);
    assert!(password.split('-').all(|group| group.len() == 6), "{password}");
    assert_eq!(w.identity.ensure_superadmin(None).await.unwrap(), None);
    let login = w.identity.login("Admin@souk.local", &Secret::new(password), None).await.unwrap();
    assert_eq!((login.role, login.expires_in), (Role::Superadmin, 43_200));
    let principal = w.identity.principal_of_token(&login.access_token).unwrap();
    assert_eq!((principal.user, principal.kind, principal.is_staff()), (login.user, PrincipalKind::Account, true));
    w.clock.pass(43_200_000);
    let expired = AuthError::InvalidToken(TokenFault::Expired);
    assert_eq!(w.identity.principal_of_token(&login.access_token), Err(expired));
}

#[tokio::test]
async fn a_configured_password_is_set_and_replaces_a_lost_one() {
    let w = world();
    let (old, new) = (Secret::new("old password"), Secret::new("new password"));
    assert_eq!(w.identity.ensure_superadmin(Some(&old)).await.unwrap(), None);
    let hash = |w: &testing::World| w.accounts.0.lock().unwrap()[SUPERADMIN].password_hash.clone();
    let first = hash(&w);
    w.identity.ensure_superadmin(Some(&old)).await.unwrap();
    assert_eq!(hash(&w), first, "the same password writes nothing");
    w.identity.ensure_superadmin(Some(&new)).await.unwrap();
    assert!(w.identity.login(SUPERADMIN, &new, None).await.is_ok());
    assert_eq!(w.identity.login(SUPERADMIN, &old, None).await, Err(AuthError::InvalidCredentials));
    let short = w.identity.ensure_superadmin(Some(&Secret::new("short"))).await;
    assert!(matches!(short, Err(SuperadminError::TooShort(5))));
}

#[tokio::test]
async fn guesses_are_slowed_down_for_known_and_unknown_accounts_alike() {
    for email in [SUPERADMIN, "nobody@souk.local"] {
        let w = world();
        w.identity.ensure_superadmin(Some(&Secret::new("the password"))).await.unwrap();
        for _ in 0..5 {
            let guess = w.identity.login(email, &Secret::new("guess"), None).await;
            assert_eq!(guess, Err(AuthError::InvalidCredentials));
        }
        let refused = w.identity.login(email, &Secret::new("the password"), None).await;
        assert_eq!(refused, Err(AuthError::TooManyAttempts { retry_after_ms: 1000 }));
    }
}

#[test]
fn a_writer_without_a_session_becomes_a_guest_and_stays_the_same_one() {
    let w = world();
    assert_eq!(w.identity.identify(&headers(&[])).unwrap(), None, "a read makes no session");
    let first = w.identity.identify_or_create_guest(&headers(&[]), false).unwrap();
    let cookie = first.set_cookie.expect("a new session").split(';').next().unwrap().to_owned();
    let again = w.identity.identify_or_create_guest(&headers(&[("cookie", &cookie)]), false).unwrap();
    assert_eq!((&again.principal, again.set_cookie), (&first.principal, None));
    assert_eq!(w.identity.identify(&headers(&[("cookie", &cookie)])).unwrap().as_ref(), Some(&first.principal));
    w.clock.pass(2 * 86_400_000);
    let renewed = w.identity.identify_or_create_guest(&headers(&[("cookie", &cookie)]), false).unwrap();
    assert_eq!(renewed.principal, first.principal);
    assert!(renewed.set_cookie.is_some(), "used after a day: the cookie is renewed");
}

#[test]
fn a_token_wins_over_a_cookie_and_a_bad_one_is_never_ignored() {
    let w = world();
    let user = UserId(uuid::Uuid::from_u128(99));
    let token = w.identity.issue(user, Role::Operator, "o@souk.local".to_owned()).unwrap().access_token;
    let cookie = w.identity.identify_or_create_guest(&headers(&[]), false).unwrap().set_cookie.unwrap();
    let both = headers(&[("authorization", &format!("bearer {token}")), ("cookie", &cookie)]);
    assert_eq!(w.identity.identify(&both).unwrap().unwrap().user, user);
    assert!(w.identity.identify_or_create_guest(&both, false).unwrap().set_cookie.is_none());
    for bad in ["Bearer nonsense", "Basic dXNlcjpwYXNz", "Bearer", &format!("Bearer {token}x")] {
        let bad = headers(&[("authorization", bad), ("cookie", &cookie)]);
        assert!(matches!(w.identity.identify(&bad), Err(AuthError::InvalidToken(_))), "{bad:?}");
        assert!(matches!(w.identity.identify_or_create_guest(&bad, false), Err(AuthError::InvalidToken(_))), "{bad:?}");
    }
}

#[test]
fn a_guest_with_the_old_cookie_keeps_the_cart_and_gets_the_safe_cookie() {
    let w = world();
    let old = w.identity.identify_or_create_guest(&headers(&[("host", "localhost")]), false).unwrap();
    let cookie = old.set_cookie.expect("a cookie").split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("souk_session="), "this machine itself has no TLS: {cookie}");
    let again =
        w.identity.identify_or_create_guest(&headers(&[("cookie", &cookie), ("host", "localhost")]), true).unwrap();
    assert_eq!(again.principal, old.principal);
    let renewed = again.set_cookie.expect("the safe one").split(';').next().unwrap().to_owned();
    assert!(renewed.starts_with("__Host-souk_session="), "{renewed}");
    let settled = w.identity.identify_or_create_guest(&headers(&[("cookie", &renewed)]), true).unwrap();
    assert_eq!((settled.principal, settled.set_cookie), (old.principal, None));
}
