//! Accounts on several nodes: one address has one account whatever races, and a session that is ended at one node is ended
//! at all of them.

use std::time::Duration;

use serde_json::{Value, json};
use souk::app::Shop;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{
    client::{Call, Person},
    nats::NatsServers,
    serves, start,
};

const PASSWORD: &str = "a password of the test";

fn url(shop: &Shop) -> String {
    format!("http://{}", shop.address)
}

async fn send(shop: &Shop, person: &Person, call: &Call) -> (u16, Value) {
    let answer = person.send(&url(shop), call).await.expect("an answer");
    (answer.status, answer.json)
}

fn post(path: &str, body: Value) -> Call {
    Call { key: None, ..Call::post(path, "", body) }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_is_one_account_and_an_ended_session_is_ended_on_every_node() {
    let (servers, dir) = (NatsServers::start(1).await, TempDir::new().expect("a directory"));
    let shops = futures::future::join_all(["a", "b", "c"].map(|name| start(&servers, &dir, name))).await;
    for shop in &shops {
        serves(shop, 3).await;
    }
    for round in 0..4 {
        let body = json!({"email": format!("Ada{round}@example.org"), "password": PASSWORD});
        let (register, guest) = (post("/api/auth/register", body), Person::guest());
        let raced = shops.iter().map(|shop| send(shop, &guest, &register));
        let mut raced: Vec<u16> = futures::future::join_all(raced).await.iter().map(|(status, _)| *status).collect();
        raced.sort_unstable();
        assert_eq!(raced, [201, 409, 409], "round {round}");
    }
    let body = json!({"email": "ada0@example.org", "password": PASSWORD});
    let (status, session) = send(&shops[0], &Person::guest(), &post("/api/auth/login", body)).await;
    assert_eq!(status, 200, "{session}");
    let me = Person::with_token(session["access_token"].as_str().expect("a token"));
    let who = Call::get("/api/auth/validate");
    for shop in &shops {
        // At once: a node that has not heard of the session yet asks for the owners' word.
        assert_eq!(send(shop, &me, &who).await.0, 200);
    }
    assert_eq!(send(&shops[1], &me, &post("/api/auth/logout", json!({}))).await.0, 204);
    let end = Instant::now() + Duration::from_secs(2);
    for shop in &shops {
        while send(shop, &me, &who).await.0 != 401 {
            assert!(Instant::now() < end, "a session that was ended elsewhere is ended here");
            sleep(Duration::from_millis(20)).await;
        }
    }
    for shop in shops {
        shop.stop().await;
    }
}
