//! Log-in with a certified provider: a first account, one that exists, links, the second factor.

use hyper::Method;
use serde_json::{Value, json};
use souk::config::Config;

use super::{
    browser::Browser,
    certified::{Certified, PUBLIC_URL, person},
};
use crate::{
    authenticator::code,
    shop::{PASSWORD, Shop, fresh_email, text},
};

async fn shop_with(providers: &[&Certified]) -> Shop {
    let oidc = providers.iter().map(|provider| provider.configured()).collect();
    Shop::with(|config: &mut Config| {
        config.http.public_url = PUBLIC_URL.to_owned();
        config.identity.oidc = oidc;
    })
    .await
}

#[tokio::test]
async fn a_first_log_in_makes_an_account_and_the_next_one_finds_it() {
    let email = fresh_email();
    let own = Certified::start("own", &json!({"ada": person(&email)}));
    let shop = shop_with(&[&own]).await;
    let listed = shop.guest().get("/api/auth/oidc").await.ok();
    assert_eq!(listed["items"], json!([{"name": "own", "title": "own"}]));
    let sku = shop.sku_with(5).await;

    let mut ada = Browser::new(&shop);
    ada.ask(Method::PUT, &format!("/api/cart/lines/{sku}"), Some(json!({"quantity": 2}))).await.ok();
    assert_eq!(ada.log_in("own", "ada").await, "/account");
    let user = ada.user().await;
    assert_eq!((&user["email"], &user["email_verified"]), (&json!(email), &json!(true)));
    assert_eq!(user["roles"], json!(["customer"]));
    assert_eq!(ada.get("/api/auth/profile").await.ok()["name"], "Ada Lovelace");
    assert_eq!(ada.get("/api/cart").await.ok()["lines"][0]["quantity"], 2, "the guest's cart came along");
    let sessions = ada.get("/api/auth/sessions").await.ok();
    assert_eq!(sessions["items"][0]["methods"], json!(["sso"]));
    assert_eq!(ada.get("/api/auth/links").await.ok()["items"][0]["provider"], "own");
    assert!(!ada.jar.has("souk_oidc"), "the way back is forgotten");

    let mut elsewhere = Browser::new(&shop);
    assert_eq!(elsewhere.log_in("own", "ada").await, "/account");
    assert_eq!(elsewhere.user().await["id"], user["id"]);
    shop.guest()
        .post("/api/auth/login", json!({"email": email, "password": PASSWORD}))
        .await
        .refused(401, "invalid_credentials");
}

#[tokio::test]
async fn an_account_that_has_the_address_is_opened_once_its_owner_agreed() {
    let (ada, eve) = (fresh_email(), fresh_email());
    let own = Certified::start("own", &json!({"ada": person(&ada), "eve": person(&eve)}));
    let shop = shop_with(&[&own]).await;
    // Ada has proven her address. Eve's account was made by somebody who knew her address only.
    let session = shop.register(&ada).await;
    let verify = shop.mailed_link(&ada, "verify-email").await;
    assert_eq!(shop.guest().post("/api/auth/email/verify", json!({"token": verify})).await.status, 204);
    let planted = shop.register(&eve).await;

    for (email, who, known) in [(&ada, "ada", &session), (&eve, "eve", &planted)] {
        let mut browser = Browser::new(&shop);
        assert_eq!(browser.log_in("own", who).await, "/account#sso_error=sso_owner_asked");
        browser.get("/api/auth/validate").await.refused(401, "unauthenticated");
        let link = shop.mailed_link(email, "confirm-link").await;
        let agreed = async || shop.guest().post("/api/auth/links/confirm", json!({"token": link})).await;
        assert_eq!(agreed().await.status, 204);
        agreed().await.refused(410, "bad_link");
        assert_eq!(browser.log_in("own", who).await, "/account");
        assert_eq!(browser.user().await["id"], known["user"]["id"]);
    }
    let log_in = |email: &str| json!({"email": email, "password": PASSWORD});
    shop.guest().post("/api/auth/login", log_in(&ada)).await.ok();
    shop.guest().post("/api/auth/login", log_in(&eve)).await.refused(401, "invalid_credentials");
    shop.logged_in(&session).get("/api/auth/links").await.ok();
    shop.logged_in(&planted).get("/api/auth/links").await.refused(401, "invalid_token");
}

#[tokio::test]
async fn who_is_signed_in_links_a_person_that_no_other_account_has_and_unlinks() {
    let people = json!({"ada": {"email": fresh_email(), "email_verified": false}});
    let own = Certified::start("own", &people);
    let shop = shop_with(&[&own]).await;
    let mut ada = Browser::new(&shop);
    let link = async |browser: &mut Browser<'_>| {
        let begun =
            browser.ask(Method::POST, "/api/auth/oidc/own/link", Some(json!({"return_to": "/account/ways"}))).await;
        let page = text(&begun.ok()["location"]).to_owned();
        let path = browser.at_provider(&page, Some("ada")).await;
        browser.back(&path).await
    };
    let register = |email: &str| json!({"email": email, "password": PASSWORD, "cookies": true});
    let email = fresh_email();
    let session = ada.ask(Method::POST, "/api/auth/register", Some(register(&email))).await.created();
    assert_eq!(link(&mut ada).await, "/account/ways#linked=own");
    let mut elsewhere = Browser::new(&shop);
    assert_eq!(elsewhere.log_in("own", "ada").await, "/account", "by the link, whatever her address there");
    assert_eq!(elsewhere.user().await["id"], session["user"]["id"]);
    // The provider does not say when it last asked her.
    elsewhere
        .ask(Method::POST, "/api/auth/oidc/own/link", Some(json!({"return_to": "/"})))
        .await
        .refused(403, "step_up_required");
    elsewhere.ask(Method::DELETE, "/api/auth/links/own", None).await.refused(403, "step_up_required");

    let mut bob = Browser::new(&shop);
    bob.ask(Method::POST, "/api/auth/register", Some(register(&fresh_email()))).await.created();
    assert_eq!(link(&mut bob).await, "/account/ways#sso_error=link_taken");
    assert_eq!(bob.get("/api/auth/links").await.ok()["items"], json!([]));

    assert_eq!(ada.ask(Method::DELETE, "/api/auth/links/own", None).await.status, 204);
    ada.ask(Method::DELETE, "/api/auth/links/own", None).await.refused(404, "unknown_link");
    assert_eq!(Browser::new(&shop).log_in("own", "ada").await, "/account#sso_error=sso_unverified_email");
    assert_eq!(link(&mut bob).await, "/account/ways#linked=own", "she is free");
}

#[tokio::test]
async fn a_link_is_not_made_for_a_session_that_has_ended() {
    let own = Certified::start("own", &json!({"ada": person(&fresh_email())}));
    let shop = shop_with(&[&own]).await;
    let mut ada = Browser::new(&shop);
    let register = json!({"email": fresh_email(), "password": PASSWORD, "cookies": true});
    ada.ask(Method::POST, "/api/auth/register", Some(register)).await.created();
    let begun = ada.ask(Method::POST, "/api/auth/oidc/own/link", Some(json!({"return_to": "/"}))).await.ok();
    let path = ada.at_provider(text(&begun["location"]), Some("ada")).await;
    let flow = ada.jar.clone();
    assert_eq!(ada.ask(Method::POST, "/api/auth/logout", Some(json!({}))).await.status, 204);
    ada.jar = flow;
    assert_eq!(ada.back(&path).await, "/#sso_error=invalid_token");
}

#[tokio::test]
async fn the_second_factor_of_the_account_is_asked_for_after_a_provider() {
    let own = Certified::start("own", &json!({"ada": person(&fresh_email())}));
    let shop = shop_with(&[&own]).await;
    let mut ada = Browser::new(&shop);
    let register = json!({"email": fresh_email(), "password": PASSWORD, "cookies": true});
    ada.ask(Method::POST, "/api/auth/register", Some(register)).await.created();
    let begun = ada.ask(Method::POST, "/api/auth/oidc/own/link", Some(json!({"return_to": "/"}))).await.ok();
    let path = ada.at_provider(text(&begun["location"]), Some("ada")).await;
    assert_eq!(ada.back(&path).await, "/#linked=own");
    let setup = ada.ask(Method::POST, "/api/auth/mfa/enroll", Some(json!({}))).await.created();
    let confirm = json!({"id": setup["id"], "code": code(&setup["secret"], 0)});
    ada.ask(Method::POST, "/api/auth/mfa/confirm", Some(confirm)).await.ok();

    let mut elsewhere = Browser::new(&shop);
    let page = elsewhere.log_in("own", "ada").await;
    elsewhere.get("/api/auth/validate").await.refused(401, "unauthenticated");
    let token = page.strip_prefix("/account#mfa_token=").and_then(|rest| rest.split_once('&')).expect("the question");
    assert_eq!(token.1, "methods=totp%2Crecovery_code&expires_in=300");
    let body: Value = json!({"mfa_token": token.0, "code": code(&setup["secret"], 1), "cookies": true});
    elsewhere.ask(Method::POST, "/api/auth/mfa/verify", Some(body)).await.ok();
    let methods = elsewhere.get("/api/auth/sessions").await.ok()["items"][0]["methods"].clone();
    assert_eq!(methods, json!(["sso", "totp"]));
}
