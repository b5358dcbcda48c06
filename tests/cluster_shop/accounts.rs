//! Accounts on several nodes: one address has one account whatever races, and a session that is ended at one node is ended
//! at all of them.

use std::time::Duration;

use serde_json::{Value, json};
use souk::{app::Shop, testing::eventually};
use tempfile::TempDir;

use super::{
    client::{Call, Person, text},
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

#[tokio::test(flavor = "multi_thread")]
async fn one_address_is_one_account_and_an_ended_session_is_ended_on_every_node() {
    let (servers, dir) = (NatsServers::start(1).await, TempDir::new().expect("a directory"));
    let shops = futures::future::join_all(["a", "b", "c"].map(|name| start(&servers, &dir, name))).await;
    for shop in &shops {
        serves(shop, 3).await;
    }
    for round in 0..4 {
        let body = json!({"email": format!("Ada{round}@example.org"), "password": PASSWORD});
        let (register, guest) = (Call::post_without_key("/api/auth/register", body), Person::guest());
        let raced = shops.iter().map(|shop| send(shop, &guest, &register));
        let mut raced: Vec<u16> = futures::future::join_all(raced).await.iter().map(|(status, _)| *status).collect();
        raced.sort_unstable();
        assert_eq!(raced, [201, 409, 409], "round {round}");
    }
    let body = json!({"email": "ada0@example.org", "password": PASSWORD});
    let (status, session) = send(&shops[0], &Person::guest(), &Call::post_without_key("/api/auth/login", body)).await;
    assert_eq!(status, 200, "{session}");
    let me = Person::with_token(text(&session["access_token"]));
    let who = Call::get("/api/auth/validate");
    for shop in &shops {
        // At once: a node that has not heard of the session yet asks for the owners' word.
        assert_eq!(send(shop, &me, &who).await.0, 200);
    }
    assert_eq!(send(&shops[1], &me, &Call::post_without_key("/api/auth/logout", json!({}))).await.0, 204);
    eventually("a session that was ended elsewhere is ended here", Duration::from_secs(2), async || {
        let everywhere = shops.iter().map(|shop| send(shop, &me, &who));
        futures::future::join_all(everywhere).await.iter().all(|(status, _)| *status == 401)
    })
    .await;
    for shop in shops {
        shop.stop().await;
    }
}
