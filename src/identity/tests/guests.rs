//! Guests and their cookies, beside tokens.

use super::*;

/// As the extractor of writers asks.
async fn writer(w: &World, headers: &HeaderMap, https: bool) -> Result<Recognised, AuthError> {
    Ok(w.identity.recognise(w.identity.sender(headers).await?, headers, https))
}

#[tokio::test]
async fn a_writer_without_a_session_becomes_a_guest_and_stays_the_same_one() {
    let w = world();
    assert_eq!(w.identity.identify(&headers(&[])).await.unwrap(), None, "a read makes no session");
    let first = writer(&w, &headers(&[]), false).await.unwrap();
    let cookie = first.set_cookie.expect("a new session").split(';').next().unwrap().to_owned();
    let again = writer(&w, &headers(&[("cookie", &cookie)]), false).await.unwrap();
    assert_eq!((&again.principal, again.set_cookie), (&first.principal, None));
    assert_eq!(w.identity.identify(&headers(&[("cookie", &cookie)])).await.unwrap().as_ref(), Some(&first.principal));
    w.clock.pass(2 * 86_400_000);
    let renewed = writer(&w, &headers(&[("cookie", &cookie)]), false).await.unwrap();
    assert_eq!(renewed.principal, first.principal);
    assert!(renewed.set_cookie.is_some(), "used after a day: the cookie is renewed");
}

#[tokio::test]
async fn a_token_wins_over_a_cookie_and_a_bad_one_is_never_ignored() {
    let w = world();
    let Granted { user, access_token: token, .. } = w.account(EMAIL, RoleName::manager()).await;
    let cookie = writer(&w, &headers(&[]), false).await.unwrap().set_cookie.unwrap();
    let both = headers(&[("authorization", &format!("bearer {token}")), ("cookie", &cookie)]);
    assert_eq!(w.identity.identify(&both).await.unwrap().unwrap().user, user);
    assert!(writer(&w, &both, false).await.unwrap().set_cookie.is_none());
    for bad in ["Bearer nonsense", "Basic dXNlcjpwYXNz", "Bearer", &format!("Bearer {token}x")] {
        let bad = headers(&[("authorization", bad), ("cookie", &cookie)]);
        assert!(matches!(w.identity.identify(&bad).await, Err(AuthError::InvalidToken(_))), "{bad:?}");
        assert!(matches!(writer(&w, &bad, false).await, Err(AuthError::InvalidToken(_))), "{bad:?}");
    }
}

#[tokio::test]
async fn a_guest_with_the_old_cookie_keeps_the_cart_and_gets_the_safe_cookie() {
    let w = world();
    let old = writer(&w, &headers(&[("host", "localhost")]), false).await.unwrap();
    let cookie = old.set_cookie.expect("a cookie").split(';').next().unwrap().to_owned();
    assert!(cookie.starts_with("souk_session="), "this machine itself has no TLS: {cookie}");
    let again = writer(&w, &headers(&[("cookie", &cookie), ("host", "localhost")]), true).await.unwrap();
    assert_eq!(again.principal, old.principal);
    let renewed = again.set_cookie.expect("the safe one").split(';').next().unwrap().to_owned();
    assert!(renewed.starts_with("__Host-souk_session="), "{renewed}");
    let settled = writer(&w, &headers(&[("cookie", &renewed)]), true).await.unwrap();
    assert_eq!((settled.principal, settled.set_cookie), (old.principal, None));
}
