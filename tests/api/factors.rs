//! Second factors over HTTP: an app and recovery codes, the two steps of a log-in, step-up, roles that need one.

use hyper::Method;
use serde_json::{Value, json};
use souk::domain::account::Role;

use crate::{
    authenticator::code,
    shop::{PASSWORD, Person, Shop, fresh_email, fresh_key, text},
};

/// The app's secret and the recovery codes of an account that has just enrolled.
async fn enrolled(person: &Person<'_>) -> (Value, Vec<String>) {
    let setup = person.post("/api/auth/mfa/enroll", json!({"name": "My phone"})).await.created();
    let confirmation = json!({"id": setup["id"], "code": code(&setup["secret"], 0)});
    let codes = person.post("/api/auth/mfa/confirm", confirmation).await.ok()["recovery_codes"].clone();
    (setup, serde_json::from_value(codes).expect("codes"))
}

#[tokio::test]
async fn an_app_is_set_up_and_every_log_in_then_has_two_steps() {
    let shop = Shop::with(|_| {}).await;
    let (email, guest) = (fresh_email(), shop.guest());
    let ada = shop.logged_in(&shop.register(&email).await);
    let setup = ada.post("/api/auth/mfa/enroll", json!({})).await.created();
    assert!(text(&setup["uri"]).starts_with("otpauth://totp/souk:") && text(&setup["qr"]).starts_with("<svg"));
    let confirm = |code: String| json!({"id": setup["id"], "code": code});
    ada.post("/api/auth/mfa/confirm", confirm("abc".to_owned())).await.refused(401, "wrong_code");
    let log_in = || guest.log_in(&email, PASSWORD);
    assert!(log_in().await["access_token"].is_string(), "what is not confirmed counts for nothing");
    let codes = ada.post("/api/auth/mfa/confirm", confirm(code(&setup["secret"], 0))).await.ok();
    assert_eq!(codes["recovery_codes"].as_array().map(Vec::len), Some(10));
    ada.post("/api/auth/mfa/confirm", confirm(code(&setup["secret"], 1))).await.refused(404, "unknown_factor");

    let waits = log_in().await;
    assert_eq!((&waits["mfa_required"], &waits["access_token"]), (&json!(true), &Value::Null));
    assert_eq!(waits["methods"], json!(["totp", "recovery_code"]));
    let verify = |code: String| json!({"mfa_token": waits["mfa_token"], "code": code});
    let used = guest.post("/api/auth/mfa/verify", verify(code(&setup["secret"], 0))).await;
    assert_eq!(used.refused(401, "wrong_code")["tries_left"], 4, "a code is good once");
    let session = guest.post("/api/auth/mfa/verify", verify(code(&setup["secret"], 1))).await.ok();
    let sessions = shop.logged_in(&session).get("/api/auth/sessions").await.ok();
    assert_eq!(sessions["items"][0]["methods"], json!(["password", "totp"]));
    guest.post("/api/auth/mfa/verify", verify(code(&setup["secret"], 1))).await.refused(401, "log_in_again");
    guest.post("/api/auth/mfa/verify", json!({"mfa_token": "x.y", "code": "1"})).await.refused(401, "log_in_again");
    guest.post("/api/auth/mfa/verify", json!({"mfa_token": "x.y"})).await.refused(422, "invalid_field");
}

#[tokio::test]
async fn a_recovery_code_stands_in_once_and_factors_are_listed_and_removed() {
    let shop = Shop::with(|_| {}).await;
    let (email, guest) = (fresh_email(), shop.guest());
    let ada = shop.logged_in(&shop.register(&email).await);
    ada.post("/api/auth/mfa/recovery-codes", json!({})).await.refused(409, "no_second_factor");
    let (setup, codes) = enrolled(&ada).await;
    let log_in = || guest.log_in(&email, PASSWORD);
    // The second step has its older path, too, and gives a page its cookies.
    let step =
        |waits: &Value, code: &str| json!({"mfa_token": waits["mfa_token"], "recovery_code": code, "cookies": true});
    let answer = guest.post("/mfa/verify", step(&log_in().await, &codes[2])).await;
    assert!(answer.header("set-cookie").is_some());
    assert!(answer.ok()["access_token"].is_null());
    guest.post("/api/auth/mfa/verify", step(&log_in().await, &codes[2])).await.refused(401, "wrong_code");
    let listed = ada.get("/api/auth/factors").await.ok();
    assert_eq!((&listed["items"][0]["name"], &listed["recovery_codes_left"]), (&json!("My phone"), &json!(9)));
    assert!(!listed.to_string().contains(text(&setup["secret"])), "the secret is shown once");
    let anew = ada.post("/api/auth/mfa/recovery-codes", json!({})).await.ok();
    ada.post("/api/auth/step-up", json!({"recovery_code": codes[3]})).await.refused(401, "wrong_code");
    assert_eq!(ada.post("/api/auth/step-up", json!({"recovery_code": anew["recovery_codes"][3]})).await.status, 204);
    ada.post("/api/auth/step-up", json!({"password": PASSWORD})).await.refused(403, "second_factor_required");
    let one = format!("/api/auth/mfa/{}", text(&setup["id"]));
    assert_eq!(ada.delete(&one).await.status, 204);
    ada.delete(&one).await.refused(404, "unknown_factor");
    assert!(log_in().await["access_token"].is_string(), "one step again");
}

#[tokio::test]
async fn what_is_dangerous_is_refused_without_a_fresh_proof() {
    // No configuration makes every proof an old one.
    let shop = Shop::with(|config| {
        config.identity.step_up_minutes = 0;
        config.identity.step_up_refund_above = 500;
    })
    .await;
    let staff = shop.staff();
    let stale = staff.post("/api/roles", json!({"name": "night-shift", "permissions": []})).await;
    assert_eq!(stale.refused(403, "step_up_required")["by"], "password");
    staff.put("/api/roles/manager", json!({"permissions": []})).await.refused(403, "step_up_required");
    staff.delete("/api/roles/night-shift").await.refused(403, "step_up_required");
    let user = json!({"email": "new@example.org", "roles": ["manager"]});
    staff.post("/api/users", user).await.refused(403, "step_up_required");
    let roles = format!("/api/users/{}/roles", fresh_key());
    staff.put(&roles, json!({"roles": ["manager"]})).await.refused(403, "step_up_required");
    let key = json!({"name": "the till", "permissions": ["stock.read"]});
    staff.post("/api/api-keys", key).await.refused(403, "step_up_required");
    staff.post("/api/auth/mfa/enroll", json!({})).await.refused(403, "step_up_required");
    staff.post("/api/auth/mfa/recovery-codes", json!({})).await.refused(403, "step_up_required");
    staff.delete(&format!("/api/auth/mfa/{}", fresh_key())).await.refused(403, "step_up_required");

    let buyer = shop.guest();
    let order = buyer.buy(&shop.sku_with(3).await, 1).await;
    shop.at_rest(&order).await;
    let path = format!("/api/payments/{}/refunds", text(&order["payment_id"]));
    let currency = order["totals"]["total"]["currency"].clone();
    let refund = |amount: Option<i64>| {
        let amount = amount.map(|amount| json!({"amount": amount, "currency": currency}));
        let (staff, path) = (&staff, &path);
        async move { staff.keyed(Method::POST, path, &fresh_key(), json!({"amount": amount, "reason": "broken"})).await }
    };
    refund(Some(501)).await.refused(403, "step_up_required");
    refund(None).await.refused(403, "step_up_required");
    refund(Some(300)).await.created();
    refund(Some(201)).await.refused(403, "step_up_required");
    refund(Some(200)).await.created();
}

#[tokio::test]
async fn a_role_that_needs_a_second_factor_grants_nothing_before_there_is_one() {
    let shop = Shop::with(|config| {
        config.identity.second_factor_roles.insert("manager".to_owned());
    })
    .await;
    let manager = shop.account(Role::Operator).await;
    manager.get("/api/roles").await.refused(403, "second_factor_required");
    enrolled(&manager).await;
    manager.get("/api/roles").await.ok();
    shop.account(Role::Shopper).await.get("/api/roles").await.refused(403, "forbidden");
}
