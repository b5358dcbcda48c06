//! Personal data on several nodes: what one sealed the other reads, and who is erased at one is gone from all of them,
//! their directories and the servers' streams.

use std::{fs, path::Path, time::Duration};

use serde_json::{Value, json};
use souk::{app::Shop, testing::eventually};
use tempfile::TempDir;

use super::{
    client::{Call, Person, text},
    nats::NatsServers,
    serves, start,
};

const EMAIL: &str = "grace.hopper@navy.example";
const TRACES: [&str; 3] = ["navy.example", "Grace Hopper", "Eckert Way"];

async fn send(shop: &Shop, person: &Person, call: &Call) -> (u16, Value) {
    let answer = person.send(&format!("http://{}", shop.address), call).await.expect("an answer");
    (answer.status, answer.json)
}

fn found(dir: &Path) -> Vec<String> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(found(&path));
            continue;
        }
        // A server's file may go in this moment.
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
        let has = |trace: &&&str| text.contains(**trace);
        all.extend(TRACES.iter().filter(has).map(|trace| format!("{}: {trace}", path.display())));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_erased_at_one_node_is_nowhere() {
    let (servers, dir) = (NatsServers::start(1).await, TempDir::new().expect("a directory"));
    let (a, b) = tokio::join!(start(&servers, &dir, "a"), start(&servers, &dir, "b"));
    serves(&a, 2).await;
    serves(&b, 2).await;
    let body = json!({"email": EMAIL, "password": "a password of the test", "name": "Grace Hopper"});
    let (status, session) = send(&a, &Person::guest(), &Call::post_without_key("/api/auth/register", body)).await;
    assert_eq!(status, 201, "{session}");
    let grace = Person::with_token(text(&session["access_token"]));
    let address = json!({"name": "Grace Hopper", "line1": "1 Eckert Way", "city": "Arlington", "region": "VA", "postal_code": "22201",
        "country": "US"});
    let (status, _) =
        send(&b, &grace, &Call::post_without_key("/api/auth/addresses", json!({"address": address}))).await;
    assert_eq!(status, 201);
    // The outbox has mails to her, in the clear.
    let clear = found(dir.path());
    assert!(clear.iter().all(|file| file.contains("/outbox/")), "{clear:#?}");
    assert_eq!(found(servers.dir()), Vec::<String>::new(), "the streams are sealed");
    // A node that starts now opens what the others sealed.
    let c = start(&servers, &dir, "c").await;
    serves(&c, 3).await;
    let (_, profile) = send(&c, &grace, &Call::get("/api/auth/profile")).await;
    assert_eq!(
        (&profile["name"], &profile["addresses"][0]["address"]["line1"]),
        (&json!("Grace Hopper"), &json!("1 Eckert Way"))
    );

    let (status, erasure) =
        send(&b, &grace, &Call::post_without_key("/api/auth/me/erase", json!({"email": EMAIL}))).await;
    assert_eq!(status, 202, "{erasure}");
    let profile = Call::get("/api/auth/profile");
    eventually("no node admits her any more", Duration::from_secs(20), async || {
        let asked = [&a, &b, &c].map(|shop| send(shop, &grace, &profile));
        futures::future::join_all(asked).await.iter().all(|(status, _)| *status == 401)
    })
    .await;
    let forgotten = async || {
        let subject = souk::domain::personal::Subject::User(text(&session["user"]["id"]).parse().expect("an id"));
        [&a, &b, &c].iter().all(|shop| shop.engine.keys.is_forgotten(subject))
    };
    eventually("every node has forgotten the key", Duration::from_secs(20), forgotten).await;
    eventually("every outbox is cleared", Duration::from_secs(20), async || found(dir.path()).is_empty()).await;
    for shop in [a, b, c] {
        shop.stop().await;
    }
    assert_eq!(found(dir.path()), Vec::<String>::new());
    assert_eq!(found(servers.dir()), Vec::<String>::new());
}
