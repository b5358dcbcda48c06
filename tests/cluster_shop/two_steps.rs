//! Proofs on several nodes: the two steps of a log-in at two of them, a code that is good once on all together, and an
//! API key that works everywhere until it is ended anywhere.

use std::time::Duration;

use serde_json::{Value, json};
use souk::testing::eventually;
use tempfile::TempDir;

use super::{
    authenticator::code,
    client::{Answer, Call, Person, text},
    nats::NatsServers,
    serves, start,
};

const PASSWORD: &str = "a password of the test";
const WITHIN: Duration = Duration::from_secs(2);

fn post(path: &str, body: Value) -> Call {
    Call::post_without_key(path, body)
}

async fn ask(url: &str, person: &Person, call: Call) -> Answer {
    person.send(url, &call).await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_proves_a_caller_is_known_at_every_node_and_used_up_at_all() {
    let (servers, dir) = (NatsServers::start(1).await, TempDir::new().expect("a directory"));
    let shops = futures::future::join_all(["a", "b", "c"].map(|name| start(&servers, &dir, name))).await;
    for shop in &shops {
        serves(shop, 3).await;
    }
    let [one, two, three] = [0, 1, 2].map(|n: usize| format!("http://{}", shops[n].address));

    let guest = Person::guest();
    let who = json!({"email": "ada@example.org", "password": PASSWORD});
    let session = ask(&one, &guest, post("/api/auth/register", who.clone())).await.ok();
    let ada = Person::with_token(text(&session["access_token"]));
    let setup = ask(&one, &ada, post("/api/auth/mfa/enroll", json!({}))).await.ok();
    let confirm = json!({"id": setup["id"], "code": code(&setup["secret"], 0)});
    ask(&two, &ada, post("/api/auth/mfa/confirm", confirm)).await.ok();

    let waits = ask(&two, &guest, post("/api/auth/login", who.clone())).await.ok();
    assert_eq!((&waits["mfa_required"], &waits["access_token"]), (&json!(true), &Value::Null));
    let next = code(&setup["secret"], 1);
    let verify = |waits: &Value| post("/api/auth/mfa/verify", json!({"mfa_token": waits["mfa_token"], "code": next}));
    let opened = ask(&three, &guest, verify(&waits)).await.ok();
    let ada = Person::with_token(text(&opened["access_token"]));
    for url in [&one, &two, &three] {
        ask(url, &ada, Call::get("/api/auth/validate")).await.ok();
    }
    // The same code at every node at once, each for a log-in of its own.
    for url in [&one, &two] {
        let waits = ask(url, &guest, post("/api/auth/login", who.clone())).await.ok();
        let refused = ask(url, &guest, verify(&waits)).await;
        assert!(refused.is(401, "wrong_code"), "{refused:?}");
    }

    let password = shops.iter().find_map(|shop| shop.superadmin_password.as_deref()).expect("a node makes the account");
    let staff = Person::staff_with(&one, password).await;
    let wanted = json!({"name": "the till", "permissions": ["stock.read"], "expires_in_days": 30});
    let made = ask(&one, &staff, post("/api/api-keys", wanted)).await.ok();
    let program = Person::with_token(text(&made["key"]));
    for url in [&two, &three] {
        ask(url, &program, Call::get("/api/stock")).await.ok();
        let refused = ask(url, &program, Call::get("/api/users")).await;
        assert!(refused.is(403, "forbidden"), "{refused:?}");
    }
    let path = format!("/api/api-keys/{}", text(&made["id"]));
    assert_eq!(ask(&three, &staff, Call::delete(path)).await.status, 204);
    eventually("a key that was ended at one node is ended at all", WITHIN, async || {
        let everywhere = [&one, &two, &three].map(|url| ask(url, &program, Call::get("/api/stock")));
        futures::future::join_all(everywhere).await.iter().all(|answer| answer.is(401, "invalid_token"))
    })
    .await;
    for shop in shops {
        shop.stop().await;
    }
}
