//! A whole run at debug level, with each secret that there is: none of them is in the log, and none in history.

use std::time::Duration;

use serde_json::{Value, json};
use souk::testing::eventually;

use crate::{
    authenticator, buy,
    client::{Call, Person, text},
    outbox,
    process::{Home, PASSWORD, Server},
    shop,
};

const SIGNING_KEY: &str = "5e3a0f9c2b7d4861905e3a0f9c2b7d4861905e3a0f9c2b7d4861905e3a0f9c2b";
const ADA: &str = "ada@example.org";
const FIRST: &str = "seven purple herons at dusk";
const SECOND: &str = "eleven quiet lighthouses in fog";
const THIRD: &str = "a cupboard of borrowed umbrellas";
const GUESS: &str = "what eve thinks it may be";

/// A server, and every secret that was seen so far.
struct Run<'a> {
    server: &'a Server,
    secrets: Vec<String>,
    calls: usize,
}

impl Run<'_> {
    async fn post(&mut self, who: &Person, path: &str, body: Value) -> Value {
        self.calls += 1;
        let answer = who.send(&self.server.url, &Call::post(path, &format!("s{}", self.calls), body)).await;
        let answer = answer.expect("an answer");
        assert!(answer.status < 500, "{path}: {}", answer.text);
        let cookies = answer.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        let values = cookies.filter_map(|cookie| cookie.split(';').next()?.split('=').nth(1));
        self.secrets.extend(values.filter(|value| !value.is_empty()).map(str::to_owned));
        let named =
            ["access_token", "refresh_token", "key", "mfa_token", "secret", "uri"].map(|name| &answer.json[name]);
        let codes = answer.json["recovery_codes"].as_array().into_iter().flatten();
        self.secrets.extend(named.into_iter().chain(codes).filter_map(Value::as_str).map(str::to_owned));
        answer.json
    }

    /// The text in the link of the mail that leads to this page.
    async fn link(&mut self, home: &Home, page: &str) -> String {
        let find = || outbox::link(&home.data, ADA, page);
        eventually("the mail is written", Duration::from_secs(20), async || find().is_some()).await;
        let link = find().expect("a mail");
        self.secrets.push(link.clone());
        link
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_a_whole_run_is_in_its_log_or_in_history() {
    let home = shop(&[("SOUK_LOG__FILTER", "debug"), ("SOUK_IDENTITY__SIGNING_KEY", SIGNING_KEY)]).await;
    let server = home.serve(&[]).await;
    let secrets = [SIGNING_KEY, PASSWORD, FIRST, SECOND, THIRD, GUESS, "tok_ok"].map(str::to_owned).to_vec();
    let mut run = Run { server: &server, secrets, calls: 0 };

    let guest = Person::guest();
    buy(&server, &guest, "k1").await;
    run.secrets.extend(guest.cookie().and_then(|cookie| cookie.split('=').nth(1).map(str::to_owned)));
    let session = run.post(&guest, "/api/auth/register", json!({"email": ADA, "password": FIRST})).await;
    let user = text(&session["user"]["id"]).to_owned();
    let link = run.link(&home, "verify-email").await;
    run.post(&guest, "/api/auth/email/verify", json!({"token": link})).await;
    run.post(&guest, "/api/auth/email/verify", json!({"token": link})).await;
    run.post(&guest, "/api/auth/login", json!({"email": ADA, "password": GUESS})).await;
    run.post(&Person::guest(), "/api/auth/login", json!({"email": ADA, "password": FIRST, "cookies": true})).await;
    let refresh = json!({"refresh_token": session["refresh_token"]});
    run.post(&Person::guest(), "/api/auth/refresh", refresh).await;
    let ada = Person::with_token(text(&session["access_token"]));
    run.post(&ada, "/api/auth/password/change", json!({"old_password": FIRST, "password": SECOND})).await;
    run.post(&Person::guest(), "/api/auth/password/forgot", json!({"email": ADA})).await;
    let link = run.link(&home, "reset-password").await;
    run.post(&Person::guest(), "/api/auth/password/reset", json!({"token": link, "password": THIRD})).await;

    let log_in = json!({"email": ADA, "password": THIRD});
    let session = run.post(&Person::guest(), "/api/auth/login", log_in.clone()).await;
    let ada = Person::with_token(text(&session["access_token"]));
    let setup = run.post(&ada, "/api/auth/mfa/enroll", json!({})).await;
    let confirmation = json!({"id": setup["id"], "code": authenticator::code(&setup["secret"], 0)});
    let codes = run.post(&ada, "/api/auth/mfa/confirm", confirmation).await["recovery_codes"].clone();
    let waits = run.post(&Person::guest(), "/api/auth/login", log_in).await;
    let second = json!({"mfa_token": waits["mfa_token"], "recovery_code": codes[0]});
    let session = run.post(&Person::guest(), "/api/auth/mfa/verify", second).await;
    assert!(session["access_token"].is_string(), "{session}");

    let staff = Person::staff(&server.url).await;
    run.secrets.extend(staff.token().map(str::to_owned));
    let wanted = json!({"name": "the till", "permissions": ["stock.read"]});
    let made = run.post(&staff, "/api/api-keys", wanted).await;
    let rotated = run.post(&staff, &format!("/api/api-keys/{}/rotate", text(&made["id"])), json!({})).await;
    for key in [&made["key"], &rotated["key"]] {
        let program = Person::with_token(text(key));
        program.send(&server.url, &Call::get("/api/stock")).await.expect("an answer").ok();
        // One that is wrong by its last characters is nearly as good as the right one.
        let wrong = Person::with_token(&format!("{}AAAA", &text(key)[..text(key).len() - 4]));
        let refused = wrong.send(&server.url, &Call::get("/api/stock")).await.expect("an answer");
        assert!(refused.is(401, "invalid_token"), "{}", refused.text);
        run.secrets.push(text(key)[16..88].to_owned());
    }
    let secrets = run.secrets;
    server.terminate().await;

    let log = home.log();
    assert!(log.lines().count() > 20 && log.contains("DEBUG"), "debug logs say something: {log}");
    let history = home.run(&["history", "account", &user]).await.ok();
    assert!(history.contains("***") && !history.contains("salt"), "what is kept of the password is blotted: {history}");
    assert!(secrets.len() > 15, "every kind of secret was seen: {}", secrets.len());
    for secret in &secrets {
        assert!(secret.len() > 5, "too short to be looked for: {secret:?}");
        for (name, text) in [("the log", &log), ("history", &history)] {
            let found = text.lines().find(|line| line.contains(secret.as_str()));
            assert!(found.is_none(), "{secret:?} is in {name}: {found:?}");
        }
    }
}
