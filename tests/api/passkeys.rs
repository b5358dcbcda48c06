//! Passkeys over HTTP, by a browser of the tests (`common/passkey.rs`). What other makers' authenticators say is held in
//! `identity/passkeys/answer.rs`, and by Chromium in `web/e2e`.

use serde_json::{Value, json};
use souk::domain::account::Role;

use crate::{
    passkey::Browser,
    shop::{PASSWORD, Person, Shop, fresh_email, text},
};

/// The shop as browsers of this machine know it.
fn page_of(shop: &Shop) -> Browser {
    Browser::new(&shop.url.replace("127.0.0.1", "localhost"))
}

async fn started(person: &Person<'_>, what: &str) -> (Value, Value) {
    let question = person.post(&format!("/api/auth/passkeys/{what}/start"), json!({})).await.ok();
    (question["token"].clone(), question["public_key"].clone())
}

/// What the account has of its new passkey.
async fn passkey_of(person: &Person<'_>, browser: &mut Browser) -> Value {
    let (token, options) = started(person, "register").await;
    let body = json!({"token": token, "credential": browser.create(&options), "name": "My laptop"});
    person.post("/api/auth/passkeys/register/finish", body).await.created()
}

async fn answer(person: &Person<'_>, browser: &mut Browser) -> Value {
    let (token, options) = started(person, "login").await;
    json!({"token": token, "credential": browser.get(&options)})
}

const FINISH: &str = "/api/auth/passkeys/login/finish";

#[tokio::test]
async fn a_passkey_logs_in_without_an_address_and_without_a_password() {
    let shop = Shop::with(|_| {}).await;
    let (email, guest, mut browser) = (fresh_email(), shop.guest(), page_of(&shop));
    let ada = shop.logged_in(&shop.register(&email).await);
    let made = passkey_of(&ada, &mut browser).await;
    assert_eq!(made["recovery_codes"].as_array().map(Vec::len), Some(10));
    let listed = ada.get("/api/auth/factors").await.ok()["items"][0].clone();
    assert_eq!(
        (&listed["type"], &listed["name"], &listed["id"]),
        (&json!("passkey"), &json!("My laptop"), &made["id"])
    );
    assert_eq!(listed["used_at"], Value::Null);

    let body = answer(&guest, &mut browser).await;
    let session = guest.post(FINISH, body.clone()).await.ok();
    assert_eq!(session["user"]["email"], email);
    guest.post(FINISH, body.clone()).await.refused(401, "passkey_refused");
    let own = shop.logged_in(&session);
    assert_eq!(own.get("/api/auth/sessions").await.ok()["items"][0]["methods"], json!(["passkey"]));
    assert!(own.get("/api/auth/factors").await.ok()["items"][0]["used_at"].is_string());

    let mut page = answer(&guest, &mut browser).await;
    page["cookies"] = json!(true);
    let cookies = guest.post(FINISH, page).await;
    assert!(cookies.header("set-cookie").is_some() && cookies.ok()["access_token"].is_null());
    let one = format!("/api/auth/mfa/{}", text(&made["id"]));
    assert_eq!(own.delete(&one).await.status, 204);
    let gone = answer(&guest, &mut browser).await;
    guest.post(FINISH, gone).await.refused(401, "passkey_refused");
    assert!(guest.log_in(&email, PASSWORD).await["access_token"].is_string(), "one step again");
}

#[tokio::test]
async fn answers_of_other_pages_questions_and_accounts_are_refused_alike() {
    let shop = Shop::with(|_| {}).await;
    let (guest, mut browser, mut others) = (shop.guest(), page_of(&shop), page_of(&shop));
    let ada = shop.logged_in(&shop.register(&fresh_email()).await);
    let bob = shop.logged_in(&shop.register(&fresh_email()).await);
    passkey_of(&ada, &mut browser).await;
    passkey_of(&bob, &mut others).await;
    let refused = async |body: Value| {
        let problem = guest.post(FINISH, body).await.refused(401, "passkey_refused");
        problem["detail"].clone()
    };

    let mut elsewhere = browser.at("http://localhost:1");
    let mut details = vec![refused(answer(&guest, &mut elsewhere).await).await];
    // The answer to one question under the token of another; and a passkey of the one under the name of the other.
    let (first, second) = (answer(&guest, &mut browser).await, answer(&guest, &mut browser).await);
    details.push(refused(json!({"token": second["token"], "credential": first["credential"]})).await);
    let mut named = answer(&guest, &mut browser).await;
    let of_bob = answer(&guest, &mut others).await;
    named["credential"]["response"]["userHandle"] = of_bob["credential"]["response"]["userHandle"].clone();
    details.push(refused(named).await);
    let mut unknown = answer(&guest, &mut browser).await;
    unknown["credential"]["id"] = json!("AAAA");
    details.push(refused(unknown).await);
    assert!(details.iter().all(|detail| *detail == details[0]), "{details:?}");
}

#[tokio::test]
async fn a_question_to_one_account_proves_nothing_to_another_and_logs_nobody_in() {
    let shop = Shop::with(|_| {}).await;
    let (guest, mut browser) = (shop.guest(), page_of(&shop));
    let ada = shop.logged_in(&shop.register(&fresh_email()).await);
    let bob = shop.logged_in(&shop.register(&fresh_email()).await);
    passkey_of(&ada, &mut browser).await;
    passkey_of(&bob, &mut page_of(&shop)).await;
    let (token, options) = started(&ada, "step-up").await;
    let credential = browser.get(&options);
    let proof = json!({"passkey": {"token": token, "credential": credential}});
    bob.post("/api/auth/step-up", proof.clone()).await.refused(401, "wrong_code");
    assert_eq!(ada.post("/api/auth/step-up", proof.clone()).await.status, 204);
    ada.post("/api/auth/step-up", proof).await.refused(401, "wrong_code");
    guest.post(FINISH, json!({"token": token, "credential": credential})).await.refused(401, "passkey_refused");
}

#[tokio::test]
async fn a_password_is_followed_by_a_passkey() {
    let shop = Shop::with(|config| {
        config.identity.second_factor_roles.insert("manager".to_owned());
    })
    .await;
    let (guest, mut browser) = (shop.guest(), page_of(&shop));
    let manager = shop.account(Role::Operator).await;
    manager.get("/api/roles").await.refused(403, "second_factor_required");
    passkey_of(&manager, &mut browser).await;
    manager.get("/api/roles").await.ok();

    let email = text(&manager.get("/api/auth/profile").await.ok()["email"]).to_owned();
    let waits = guest.log_in(&email, PASSWORD).await;
    assert_eq!(waits["methods"], json!(["passkey", "recovery_code"]));
    let start = json!({"mfa_token": waits["mfa_token"]});
    let question = guest.post("/api/auth/passkeys/login/start", start).await.ok();
    assert_eq!(question["public_key"]["allowCredentials"].as_array().map(Vec::len), Some(1));
    let passkey = json!({"token": question["token"], "credential": browser.get(&question["public_key"])});
    // As a whole log-in it is nothing: it was asked for a second step.
    guest.post(FINISH, passkey.clone()).await.refused(401, "passkey_refused");
    let step = json!({"mfa_token": waits["mfa_token"], "passkey": passkey});
    let session = guest.post("/api/auth/mfa/verify", step.clone()).await.ok();
    let own = shop.logged_in(&session);
    assert_eq!(own.get("/api/auth/sessions").await.ok()["items"][0]["methods"], json!(["password", "passkey"]));
    own.get("/api/roles").await.ok();
    guest.post("/api/auth/mfa/verify", step).await.refused(401, "log_in_again");
    let forged = json!({"mfa_token": "x.y"});
    guest.post("/api/auth/passkeys/login/start", forged).await.refused(401, "log_in_again");

    let alone = answer(&guest, &mut browser).await;
    shop.logged_in(&guest.post(FINISH, alone).await.ok()).get("/api/roles").await.ok();
}

#[tokio::test]
async fn a_new_passkey_is_made_once_from_the_shops_page_for_the_session_that_asked() {
    let shop = Shop::with(|_| {}).await;
    let (email, mut browser) = (fresh_email(), page_of(&shop));
    let ada = shop.logged_in(&shop.register(&email).await);
    let other = shop.logged_in(&shop.guest().log_in(&email, PASSWORD).await);
    let finish = "/api/auth/passkeys/register/finish";
    let (token, options) = started(&ada, "register").await;
    let elsewhere = Browser::new("http://localhost:1").create(&options);
    let body = |credential: &Value| json!({"token": token, "credential": credential});
    ada.post(finish, body(&elsewhere)).await.refused(422, "passkey_not_taken");
    let own = browser.create(&options);
    other.post(finish, body(&own)).await.refused(422, "passkey_not_taken");
    ada.post(finish, body(&own)).await.created();
    ada.post(finish, body(&own)).await.refused(409, "passkey_known");
    ada.post(finish, body(&page_of(&shop).create(&options))).await.refused(422, "passkey_not_taken");
    let (_, again) = started(&ada, "register").await;
    assert_eq!(again["excludeCredentials"].as_array().map(Vec::len), Some(1));
    ada.post(finish, json!({"token": token, "credential": {}})).await.refused(400, "bad_json");
    shop.guest().post("/api/auth/passkeys/register/start", json!({})).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_shop_at_an_address_by_number_has_no_passkeys() {
    let shop = Shop::with(|config| config.http.public_url = "https://192.0.2.1".to_owned()).await;
    shop.guest().post("/api/auth/passkeys/login/start", json!({})).await.refused(409, "passkeys_off");
    let ada = shop.logged_in(&shop.register(&fresh_email()).await);
    ada.post("/api/auth/passkeys/register/start", json!({})).await.refused(409, "passkeys_off");
}
