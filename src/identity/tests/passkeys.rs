//! Passkeys as a whole: made, a log-in by themselves, a second step, step-up; and every lie that a caller may tell.

use super::*;
use crate::{
    domain::ids::FactorId,
    identity::passkeys::testing::{Authenticator, TOUCHED},
};

const MINUTE_MS: i64 = 60_000;

async fn principal(w: &World, granted: &Granted) -> Principal {
    w.identity.principal_of_token(&granted.access_token).await.expect("a session")
}

/// An account with a passkey.
async fn protected(w: &World, email: &str) -> (Granted, Authenticator, FactorId) {
    let (granted, authenticator) = (w.account(email, RoleName::customer()).await, Authenticator::new());
    let who = principal(w, &granted).await;
    let asked = w.identity.ask_new_passkey(&who).await.unwrap().asked;
    let answer = authenticator.made(&asked);
    let (id, codes) = w.identity.add_passkey(&who, &asked.token, &answer, "laptop".to_owned()).await.unwrap();
    assert_eq!(codes.map(|codes| codes.len()), Some(10), "the first factor brings codes");
    w.clock.pass(1);
    (granted, authenticator, id)
}

async fn question(w: &World) -> Asked {
    let asked = w.identity.ask_passkey(None).await.unwrap();
    w.clock.pass(1);
    asked
}

async fn enter(w: &World, asked: &Asked, answer: &Assertion) -> Result<Granted, AuthError> {
    w.identity.enter_by_passkey(&asked.token, answer, &Client::default()).await
}

#[tokio::test]
async fn a_passkey_is_a_whole_log_in_and_each_answer_opens_one_session() {
    let w = world();
    let (owner, authenticator, _) = protected(&w, EMAIL).await;
    let asked = question(&w).await;
    assert!(asked.credentials.is_empty() && asked.domain == "shop.example", "nobody is named");
    let answer = authenticator.answers(&asked, Some(owner.user));
    let granted = enter(&w, &asked, &answer).await.unwrap();
    assert_eq!(granted.user, owner.user);
    let standing = w.identity.standing(&w.identity.claims_of_token(&granted.access_token).unwrap()).await.unwrap();
    assert!(standing.second_factor, "a role that needs a second factor is had");
    assert_eq!(enter(&w, &asked, &answer).await, Err(AuthError::PasskeyRefused), "the same answer again");
    let again = question(&w).await;
    assert_eq!(enter(&w, &again, &answer).await, Err(AuthError::PasskeyRefused), "under another question");
    assert!(enter(&w, &again, &authenticator.answers(&again, Some(owner.user))).await.is_ok());
}

#[tokio::test]
async fn no_lie_is_taken_for_an_answer() {
    let w = world();
    let (owner, honest, _) = protected(&w, EMAIL).await;
    let (stranger, other, _) = protected(&w, "bob@example.org").await;
    let own = Some(owner.user);
    let lies: [(&str, fn(&mut Authenticator)); 7] = [
        ("another site's page", |a| a.origin = "https://shop.example.evil".to_owned()),
        ("a page without TLS", |a| a.origin = "http://shop.example".to_owned()),
        ("another site's passkey", |a| a.domain = "evil.example".to_owned()),
        ("only touched", |a| a.flags = TOUCHED),
        ("nobody there", |a| a.flags = 0b100),
        ("a copy that is none", |a| a.flags = 0b1_0101),
        ("a frame of another site", |a| a.says = r#","crossOrigin":true"#.to_owned()),
    ];
    for (lie, tell) in lies {
        let (asked, mut liar) = (question(&w).await, honest.copy());
        tell(&mut liar);
        let answered = enter(&w, &asked, &liar.answers(&asked, own)).await;
        assert_eq!(answered, Err(AuthError::PasskeyRefused), "{lie}");
        w.clock.pass(20 * MINUTE_MS);
    }
    let asked = question(&w).await;
    let of_another = other.answers(&asked, own);
    let named_wrongly = honest.answers(&asked, Some(stranger.user));
    let of_nobody = honest.answers(&asked, Some(UserId(uuid::Uuid::from_u128(99))));
    let unnamed = honest.answers(&asked, None);
    let forged = Assertion { signature: other.answers(&asked, own).signature, ..honest.answers(&asked, own) };
    let creating = honest.says(honest.client_data("webauthn.create", &asked), own);
    for (n, lie) in [of_another, named_wrongly, of_nobody, unnamed, forged, creating].iter().enumerate() {
        assert_eq!(enter(&w, &asked, lie).await, Err(AuthError::PasskeyRefused), "{n}");
    }
    let old = question(&w).await;
    w.clock.pass(5 * MINUTE_MS);
    assert_eq!(enter(&w, &old, &honest.answers(&old, own)).await, Err(AuthError::PasskeyRefused), "too late");
    let asked = question(&w).await;
    assert!(enter(&w, &asked, &honest.answers(&asked, own)).await.is_ok(), "the truth");
}

#[tokio::test]
async fn a_question_to_one_account_is_none_to_another_and_of_one_purpose() {
    let w = world();
    let (owner, authenticator, _) = protected(&w, EMAIL).await;
    let who = principal(&w, &owner).await;
    let stepping = w.identity.ask_step_up(&who).await.unwrap();
    w.clock.pass(1);
    let answer = authenticator.answers(&stepping, Some(owner.user));
    assert_eq!(enter(&w, &stepping, &answer).await, Err(AuthError::PasskeyRefused), "asked for step-up");
    let (other, others, _) = protected(&w, "bob@example.org").await;
    let other = principal(&w, &other).await;
    let prove = |who: Principal, asked: &Asked, answer: Assertion| {
        let shown = Shown::Passkey { question: Secret::new(asked.token.clone()), answer: Box::new(answer) };
        let identity = w.identity.clone();
        async move { identity.step_up(&who, &shown, &Client::default()).await }
    };
    let wrong = Err(AuthError::WrongCode { tries_left: None });
    let of_another = others.answers(&stepping, Some(other.user));
    assert_eq!(prove(other.clone(), &stepping, of_another).await, wrong, "asked of another account");
    assert_eq!(prove(who.clone(), &stepping, authenticator.answers(&stepping, None)).await, Ok(()));
    assert_eq!(prove(who.clone(), &stepping, answer).await, wrong, "twice");
    let making = w.identity.ask_new_passkey(&other).await.unwrap().asked;
    let made = Authenticator::new().made(&making);
    let taken = w.identity.add_passkey(&who, &making.token, &made, "laptop".to_owned()).await;
    assert_eq!(taken, Err(AccountError::PasskeyNotTaken), "made for another account");
}

#[tokio::test]
async fn a_password_is_followed_by_a_touch() {
    let w = world();
    let (owner, mut authenticator, _) = protected(&w, EMAIL).await;
    let waits = || async {
        match w.identity.login(EMAIL, &Secret::new(PASSWORD), &Client::default()).await {
            Ok(Entered::SecondFactor(waits)) => waits,
            other => panic!("no second step: {other:?}"),
        }
    };
    let waiting = waits().await;
    assert_eq!(waiting.methods, [Method::Passkey, Method::RecoveryCode]);
    authenticator.flags = TOUCHED;
    let asked = w.identity.ask_passkey(Some(&waiting.token)).await.unwrap();
    assert_eq!(asked.credentials.len(), 1, "whose they are is known");
    let pass = |token: String, asked: &Asked, answer: Assertion| {
        let shown = Shown::Passkey { question: Secret::new(asked.token.clone()), answer: Box::new(answer) };
        let identity = w.identity.clone();
        async move { identity.pass_second_factor(&token, &shown, &Client::default()).await }
    };
    w.clock.pass(1);
    let second = waits().await;
    let elsewhere = pass(second.token.clone(), &asked, authenticator.answers(&asked, None)).await;
    assert_eq!(elsewhere, Err(AuthError::WrongCode { tries_left: Some(4) }), "asked for another log-in");
    let granted = pass(waiting.token.clone(), &asked, authenticator.answers(&asked, None)).await.unwrap();
    assert_eq!(granted.user, owner.user);
    let again = pass(waiting.token, &asked, authenticator.answers(&asked, None)).await;
    assert_eq!(again, Err(AuthError::LogInAgain));
    assert!(w.identity.ask_passkey(Some("x.y")).await.is_err());
}

#[tokio::test]
async fn a_passkey_is_made_by_who_was_proven_a_moment_ago_and_from_the_shops_own_page() {
    let w = world();
    let granted = w.account(EMAIL, RoleName::customer()).await;
    let who = principal(&w, &granted).await;
    let asked = w.identity.ask_new_passkey(&who).await.unwrap().asked;
    let lies: [fn(&mut Authenticator); 4] = [
        |a| a.origin = "https://evil.example".to_owned(),
        |a| a.domain = "evil.example".to_owned(),
        |a| a.credential = vec![1; 1024],
        |a| a.flags = 0,
    ];
    for lie in lies {
        let mut liar = Authenticator::new();
        lie(&mut liar);
        let made = w.identity.add_passkey(&who, &asked.token, &liar.made(&asked), "laptop".to_owned()).await;
        assert_eq!(made, Err(AccountError::PasskeyNotTaken));
    }
    let authenticator = Authenticator::new();
    let add = |token: String| {
        let (made, w, who) = (authenticator.made(&asked), &w, &who);
        async move { w.identity.add_passkey(who, &token, &made, "laptop".to_owned()).await.map(|_| ()) }
    };
    assert_eq!(add("x.y".to_owned()).await, Err(AccountError::PasskeyNotTaken));
    assert_eq!(add(asked.token.clone()).await, Ok(()));
    assert_eq!(add(asked.token.clone()).await, Err(AccountError::PasskeyKnown));
    w.clock.pass(15 * MINUTE_MS);
    let granted = w.identity.refresh(&granted.refresh_token, &Client::default()).await.unwrap();
    let who = principal(&w, &granted).await;
    assert!(matches!(
        w.identity.ask_new_passkey(&who).await,
        Err(AccountError::Auth(AuthError::StepUpRequired { .. }))
    ));
}

#[tokio::test]
async fn guesses_of_passkeys_slow_an_address_down() {
    let w = world();
    let (owner, _, _) = protected(&w, EMAIL).await;
    let client = Client { address: Some("192.0.2.7".parse().unwrap()), device: String::new() };
    let guess = async || {
        let asked = question(&w).await;
        let answer = Authenticator::new().answers(&asked, Some(owner.user));
        w.identity.enter_by_passkey(&asked.token, &answer, &client).await
    };
    for _ in 0..5 {
        assert_eq!(guess().await, Err(AuthError::PasskeyRefused));
    }
    assert!(matches!(guess().await, Err(AuthError::TooManyAttempts { .. })));
}
