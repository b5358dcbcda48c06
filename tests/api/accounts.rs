//! Accounts as a client sees them: made, logged in, refreshed, logged out, recovered, and their address book.

use hyper::{Method, header};
use serde_json::{Value, json};

use crate::shop::{PASSWORD, Person, Shop, address, fresh_email, fresh_key, text};

async fn is_in(person: &Person<'_>) -> bool {
    match person.get("/api/auth/validate").await.status {
        200 => true,
        401 => false,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_account_is_made_logs_in_and_is_what_its_token_says() {
    let shop = Shop::with(|_| {}).await;
    let email = fresh_email();
    let made = shop.register(&email).await;
    assert_eq!((&made["token_type"], &made["user"]["role"]), (&json!("Bearer"), &json!("shopper")));
    let body = json!({"email": email.to_uppercase(), "password": PASSWORD});
    shop.guest().post("/api/auth/register", body).await.refused(409, "account_exists");
    let session = shop.guest().log_in(&email, PASSWORD).await;
    let valid = shop.logged_in(&session).get("/api/auth/validate").await.ok();
    assert_eq!((&valid["user"]["id"], &valid["user"]["email"]), (&made["user"]["id"], &json!(email)));
    let wrong = json!({"email": email, "password": "wrong"});
    shop.guest().post("/api/auth/login", wrong).await.refused(401, "invalid_credentials");
    let unknown = json!({"email": "nobody@example.org", "password": "wrong"});
    shop.guest().post("/api/auth/login", unknown).await.refused(401, "invalid_credentials");
    let keys = shop.guest().get("/.well-known/jwks.json").await.ok();
    let head = text(&session["access_token"]).split('.').next().unwrap().to_owned();
    let head: Value = serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(head.as_bytes()).unwrap()).unwrap();
    assert_eq!((&head["alg"], &head["kid"]), (&json!("EdDSA"), &keys["keys"][0]["kid"]));
    assert_eq!(keys["keys"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn weak_passwords_and_what_is_no_address_are_refused() {
    let shop = Shop::start().await;
    let register = async |email: &str, password: &str| {
        shop.guest().post("/api/auth/register", json!({"email": email, "password": password})).await
    };
    for (password, reason) in [("short", "too_short"), ("Password1", "common"), ("abcabcabcabcabc", "guessable")] {
        let refused = register(&fresh_email(), password).await.refused(422, "password_too_weak");
        assert_eq!(refused["reason"], reason, "{password}");
    }
    let long = register(&fresh_email(), &"k7#pQ2vz!mW ".repeat(100)).await.refused(422, "password_too_weak");
    assert_eq!(long["reason"], "too_long");
    register("no address", PASSWORD).await.refused(422, "invalid_field");
}

#[tokio::test]
async fn two_that_register_one_address_at_once_are_one_account() {
    let shop = Shop::with(|_| {}).await;
    let email = fresh_email();
    let people: Vec<_> = (0..6).map(|_| shop.guest()).collect();
    let body = json!({"email": email, "password": PASSWORD});
    let answers = people.iter().map(|person| person.post("/api/auth/register", body.clone()));
    let mut answers: Vec<u16> = futures::future::join_all(answers).await.iter().map(|answer| answer.status).collect();
    answers.sort_unstable();
    assert_eq!(answers, [201, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_repetition_is_a_lost_answer() {
    let shop = Shop::with(|_| {}).await;
    let first = shop.register(&fresh_email()).await;
    let refresh = async |token: &Value| shop.guest().post("/api/auth/refresh", json!({"refresh_token": token})).await;
    let second = refresh(&first["refresh_token"]).await.ok();
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    let again = refresh(&first["refresh_token"]).await.ok();
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    let third = refresh(&second["refresh_token"]).await.ok();
    assert!(is_in(&shop.logged_in(&third)).await);
    // Two generations behind: no client that lost one answer has it.
    refresh(&first["refresh_token"]).await.refused(401, "refresh_token_reused");
    assert!(!is_in(&shop.logged_in(&third)).await, "the whole family has ended");
    refresh(&third["refresh_token"]).await.refused(401, "invalid_token");
    refresh(&json!("x.y")).await.refused(401, "invalid_token");
    assert!(shop.metrics().await.contains("souk_security_events_total{code=\"refresh_token_reused\"}"));
}

#[tokio::test]
async fn sessions_are_listed_and_end_one_by_one_or_all() {
    let shop = Shop::with(|_| {}).await;
    let email = fresh_email();
    let one = shop.register(&email).await;
    let [two, three] = [shop.guest().log_in(&email, PASSWORD).await, shop.guest().log_in(&email, PASSWORD).await];
    let (one, two, three) = (shop.logged_in(&one), shop.logged_in(&two), shop.logged_in(&three));
    let list = two.get("/api/auth/sessions").await.ok();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.iter().map(|item| item["current"] == true).collect::<Vec<_>>(), [false, true, false]);
    let newest = text(&items[0]["id"]);
    let stranger = shop.logged_in(&shop.register(&fresh_email()).await);
    let path = format!("/api/auth/sessions/{newest}");
    stranger.delete(&path).await.refused(404, "unknown_session");
    assert_eq!(two.delete(&path).await.status, 204);
    assert!(!is_in(&three).await && is_in(&two).await);
    assert_eq!(two.post("/api/auth/logout", json!({})).await.status, 204);
    assert!(!is_in(&two).await && is_in(&one).await);
    let four = shop.logged_in(&shop.guest().log_in(&email, PASSWORD).await);
    assert_eq!(one.post("/api/auth/logout", json!({"everywhere": true})).await.status, 204);
    assert!(!is_in(&one).await && !is_in(&four).await);
}

#[tokio::test]
async fn a_page_gets_cookies_that_refresh_and_end() {
    let shop = Shop::with(|_| {}).await;
    let body = json!({"email": fresh_email(), "password": PASSWORD, "cookies": true});
    let answer = shop.guest().post("/api/auth/register", body).await;
    let cookies = |answer: &crate::shop::Answer| -> Vec<String> {
        let set = answer.headers.get_all(header::SET_COOKIE).iter();
        set.map(|cookie| cookie.to_str().unwrap().to_owned()).collect()
    };
    let set = cookies(&answer);
    assert!(set.len() == 2 && set.iter().all(|cookie| cookie.contains("HttpOnly") && cookie.contains("SameSite=")));
    assert_eq!((&answer.json["access_token"], &answer.json["refresh_token"]), (&Value::Null, &Value::Null));
    let pairs: Vec<&str> = set.iter().map(|cookie| cookie.split(';').next().unwrap()).collect();
    let page = shop.guest();
    page.keep(&pairs.join("; "));
    page.get("/api/auth/profile").await.ok();
    let foreign = [("origin", "https://evil.example")];
    let forged = page.send(Method::POST, "/api/auth/logout", &foreign, Some(json!({}))).await;
    forged.refused(403, "foreign_origin");
    page.keep(&pairs.join("; "));
    let renewed = page.post("/api/auth/refresh", json!({})).await;
    assert_eq!((renewed.status, cookies(&renewed).len(), &renewed.json["access_token"]), (200, 2, &Value::Null));
    page.keep(&pairs.join("; "));
    let out = page.post("/api/auth/logout", json!({})).await;
    assert_eq!(out.status, 204);
    assert!(cookies(&out).iter().all(|cookie| cookie.contains("Max-Age=0")));
    page.keep(&pairs.join("; "));
    page.get("/api/auth/profile").await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn mails_verify_the_address_reset_the_password_and_change_the_e_mail() {
    let shop = Shop::with(|_| {}).await;
    let email = fresh_email();
    let session = shop.register(&email).await;
    let me = shop.logged_in(&session);
    let verify = shop.mailed_link(&email, "verify-email").await;
    assert_eq!(shop.guest().post("/api/auth/email/verify", json!({"token": verify})).await.status, 204);
    shop.guest().post("/api/auth/email/verify", json!({"token": verify})).await.refused(410, "bad_link");
    assert_eq!(me.get("/api/auth/profile").await.ok()["email_verified"], true);
    me.post("/api/auth/email/resend", json!({})).await.refused(409, "email_already_verified");

    for to in [email.as_str(), "nobody@example.org"] {
        assert_eq!(shop.guest().post("/api/auth/password/forgot", json!({"email": to})).await.status, 202);
    }
    let reset = shop.mailed_link(&email, "reset-password").await;
    let set = async |password: &str| {
        shop.guest().post("/api/auth/password/reset", json!({"token": reset, "password": password})).await
    };
    set("password").await.refused(422, "password_too_weak");
    assert_eq!(set("another good password").await.status, 204);
    set("yet another good password").await.refused(410, "bad_link");
    assert!(!is_in(&me).await, "every session has ended");
    let me = shop.logged_in(&shop.guest().log_in(&email, "another good password").await);

    let other = fresh_email();
    let ask = json!({"email": other, "password": "another good password"});
    assert_eq!(me.post("/api/auth/email/change", ask).await.status, 202);
    let confirm = shop.mailed_link(&other, "confirm-email").await;
    assert_eq!(shop.guest().post("/api/auth/email/confirm", json!({"token": confirm})).await.status, 204);
    assert_eq!(me.get("/api/auth/profile").await.ok()["email"], json!(other));
    shop.register(&email).await;
    shop.guest().log_in(&other, "another good password").await;

    let change = json!({"old_password": "wrong", "password": "a third good password"});
    me.post("/api/auth/password/change", change).await.refused(401, "invalid_credentials");
    let change = json!({"old_password": "another good password", "password": "a third good password"});
    assert_eq!(me.post("/api/auth/password/change", change).await.status, 204);
    shop.guest().log_in(&other, "a third good password").await;
}

#[tokio::test]
async fn a_profile_and_an_address_book_with_a_default() {
    let shop = Shop::with(|_| {}).await;
    let me = shop.logged_in(&shop.register(&fresh_email()).await);
    let profile = me.put("/api/auth/profile", json!({"name": "Ada", "phone": "+44 20 7946 0000"})).await.ok();
    assert_eq!((&profile["name"], &profile["phone"]), (&json!("Ada"), &json!("+44 20 7946 0000")));
    let stale = [("if-match", "\"1\"")];
    let refused = me.send(Method::PUT, "/api/auth/profile", &stale, Some(json!({"name": "Bea"}))).await;
    refused.refused(412, "version_conflict");
    let add = async |make_default: bool| {
        let body = json!({"address": address(), "make_default": make_default});
        me.post("/api/auth/addresses", body).await.created()["addresses"].as_array().unwrap().clone()
    };
    let book = add(false).await;
    assert_eq!(book[0]["is_default"], true, "the first one");
    let book = add(true).await;
    assert_eq!((&book[0]["is_default"], &book[1]["is_default"]), (&json!(false), &json!(true)));
    let second = format!("/api/auth/addresses/{}", text(&book[1]["id"]));
    let bad = json!({"address": {"name": "", "line1": "x", "country": "ZZ"}});
    me.put(&second, bad).await.refused(422, "invalid_field");
    let left = me.delete(&second).await.ok();
    assert_eq!((left["addresses"].as_array().unwrap().len(), &left["addresses"][0]["is_default"]), (1, &json!(true)));
    let unknown = format!("/api/auth/addresses/{}", fresh_key());
    me.put(&unknown, json!({"address": address()})).await.refused(404, "unknown_address");
    for _ in 0..19 {
        add(false).await;
    }
    let one_more = me.post("/api/auth/addresses", json!({"address": address()})).await;
    one_more.refused(409, "too_many_addresses");
}

#[tokio::test]
async fn the_old_doors_stay_open() {
    let shop = Shop::with(|_| {}).await;
    let (email, guest) = (fresh_email(), shop.guest());
    let body = json!({"email": email, "password": PASSWORD});
    let send = async |person: &Person<'_>, method: Method, path: &str, body: Option<Value>| {
        let bytes = body.map(|body| body.to_string().into()).unwrap_or_default();
        person.send_raw(method, path, &[("content-type", "application/json")], bytes).await
    };
    send(&guest, Method::POST, "/register", Some(body.clone())).await.created();
    let session = send(&guest, Method::POST, "/login", Some(body)).await.ok();
    let me = shop.logged_in(&session);
    assert_eq!(send(&me, Method::GET, "/profile", None).await.ok()["email"], json!(email));
    assert_eq!(send(&me, Method::PUT, "/profile", Some(json!({"name": "Ada"}))).await.ok()["name"], "Ada");
}

#[tokio::test]
async fn one_address_makes_so_many_accounts() {
    let shop = Shop::with(|config| config.identity.registrations_per_address_hour = 2).await;
    for _ in 0..2 {
        shop.register(&fresh_email()).await;
    }
    let body = json!({"email": fresh_email(), "password": PASSWORD});
    let refused = shop.guest().post("/api/auth/register", body).await;
    assert!(refused.header("retry-after").is_some());
    refused.refused(429, "too_many_attempts");
}

#[tokio::test]
async fn no_hash_key_or_password_is_shown_anywhere() {
    let shop = Shop::with(|_| {}).await;
    let email = fresh_email();
    let session = shop.register(&email).await;
    shop.guest().log_in(&email, PASSWORD).await;
    let id = text(&session["user"]["id"]);
    let key = souk::domain::key::EntityKey::new(souk::domain::kinds::Kind::Account, id);
    let commits = shop.app().engine.gateway.history(&key, 1, 100).await.expect("a history");
    let kept: Vec<Value> = commits.iter().map(|commit| serde_json::from_str(&commit.events_json).unwrap()).collect();
    let kept = Value::from(kept);
    let begun = kept.pointer("/0/0/begun/password").expect("what the journal keeps of a password");
    let (verifier, salt) = (text(&begun["verifier"]).to_owned(), text(&begun["salt"]).to_owned());
    assert!(!kept.to_string().contains(PASSWORD), "the password is nowhere, the journal included");
    // What `souk history` prints.
    let mut printed = kept;
    souk::domain::kinds::redact(key.kind, &mut printed);
    let view = shop.app().engine.gateway.read_local_any(&key).expect("a read").expect("an account").1;
    let profile = shop.logged_in(&session).get("/api/auth/profile").await.ok();
    for shown in [printed.to_string(), serde_json::to_string(&view).unwrap(), profile.to_string(), session.to_string()]
    {
        assert!(!shown.contains(&verifier) && !shown.contains(PASSWORD), "{shown}");
    }
    assert!(!printed.to_string().contains(&salt) && !profile.to_string().contains(&salt));
}
