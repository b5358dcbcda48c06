//! The bounds of one client: messages a second, and the close codes.

use std::time::Duration;

use hyper::Method;
use serde_json::{Value, json};

use super::listener::{Listener, PATIENCE};
use crate::shop::Shop;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_speaks_too_fast_is_told_so_and_heard_again_after_a_rest() {
    const BURST: u64 = 20;
    let shop = Shop::with(|config| {
        (config.live.messages_per_second_max, config.live.messages_burst_max) = (20, BURST as u32);
    })
    .await;
    let mut client = Listener::stranger(&shop).await;
    for _ in 0..BURST + 10 {
        client.say(json!({"op": "ping"})).await;
    }
    let refused = client.until(|answer| answer["code"] == "slow_down").await;
    assert_eq!(refused["op"], "error");
    // Until the pongs come back: each ask is a message too, and is itself spaced out.
    let mut rest = tokio::time::interval(Duration::from_millis(200));
    loop {
        rest.tick().await;
        client.say(json!({"op": "unsubscribe", "topics": ["nonsense"]})).await;
        let answer: Value = client.until(|answer| answer["op"] == "error").await;
        if answer["code"] == "bad_topic" {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_never_stops_is_closed_with_1008() {
    let shop = Shop::with(|config| {
        (config.live.messages_per_second_max, config.live.messages_burst_max) = (1, 10);
    })
    .await;
    let mut client = Listener::stranger(&shop).await;
    for _ in 0..40 {
        client.say(json!({"op": "ping"})).await;
    }
    assert_eq!(client.closed_with().await, 1008);
    let mut other = Listener::stranger(&shop).await;
    other.hears_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_says_1001_and_a_foreign_page_is_not_let_in() {
    let mut shop = Shop::with(|_| {}).await;
    let origin = [("origin", "https://evil.example")];
    let page = shop.guest().send(Method::GET, "/live/sse?topics=stock.A", &origin, None).await;
    page.refused(403, "foreign_origin");
    let mut client = Listener::stranger(&shop).await;
    client.hears_nothing().await;
    let (app, _dir) = shop.leave();
    let (code, ended) = tokio::join!(client.closed_with(), tokio::time::timeout(PATIENCE, app.stop()));
    assert_eq!(code, 1001);
    assert!(ended.is_ok(), "the shop stops though somebody was listening");
}
