//! `stock.<sku>` and the staff's `stock`: their changes by purchases, their rate, and a client's resume.

use std::time::Instant;

use hyper::Method;
use serde_json::{Value, json};

use super::listener::Listener;
use crate::shop::{Shop, fresh_key, text};

fn units(frame: &Value) -> (i64, i64, i64) {
    let number = |name: &str| frame["view"][name].as_i64().expect("staff sees counts");
    (number("available"), number("held"), number("committed"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_a_sale_and_a_release_are_seen_as_they_happen() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(5).await;
    let mut staff = Listener::staff(&shop).await;
    staff.listen(&format!("stock.{sku}")).await;
    assert_eq!(units(&staff.hear().await), (5, 0, 0), "the snapshot comes first");
    let buyer = shop.guest();
    let order = buyer.order(&sku, 2).await;
    assert_eq!(units(&staff.hear().await), (3, 2, 0), "held at checkout");
    buyer.pay(&order, "tok_ok").await.created();
    staff.until(|frame| units(frame) == (3, 0, 2)).await;
    let order = shop.guest();
    let other = order.order(&sku, 3).await;
    staff.until(|frame| units(frame) == (0, 3, 2)).await;
    order.delete(&format!("/api/orders/{}", text(&other["id"]))).await.ok();
    staff.until(|frame| units(frame) == (3, 0, 2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shoppers_see_words_and_staff_sees_numbers() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(1).await;
    let mut stranger = Listener::stranger(&shop).await;
    stranger.listen(&format!("stock.{sku}")).await;
    let view = stranger.hear().await["view"].clone();
    assert_ne!(view["availability"], "out");
    assert_eq!(view.get("available"), None, "no count for the public");
    shop.guest().order(&sku, 1).await;
    let out = stranger.until(|frame| frame["view"]["availability"] == "out").await;
    assert_eq!(out["view"], json!({"sku": sku, "version": out["version"], "availability": "out"}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_badge_says_the_same_however_it_is_read() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(2).await;
    for threshold in [0, 2, 9] {
        shop.staff().put(&format!("/api/stock/{sku}/threshold"), json!({"threshold": threshold})).await.ok();
        let body = shop.guest().get(&format!("/api/stock/{sku}")).await.ok();
        assert_eq!(body["availability"], "low", "threshold {threshold}");
        for mut listener in [Listener::stranger(&shop).await, Listener::staff(&shop).await] {
            listener.listen(&format!("stock.{sku}")).await;
            let frame = listener.until(|frame| frame["version"].as_u64() >= body["version"].as_u64()).await;
            assert_eq!(frame["view"]["availability"], body["availability"], "threshold {threshold}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_staffs_levels_are_a_snapshot_and_then_what_moves() {
    let shop = Shop::with(|_| {}).await;
    let skus = [shop.sku_with(4).await, shop.sku_with(6).await];
    let mut staff = Listener::staff(&shop).await;
    staff.listen("stock").await;
    while !skus.iter().all(|sku| staff.versions.contains_key(&("stock".to_owned(), sku.clone()))) {
        staff.hear().await;
    }
    shop.guest().order(&skus[1], 6).await;
    let frame = staff.until(|frame| frame["key"] == json!(skus[1])).await;
    assert_eq!((units(&frame), &frame["view"]["availability"]), ((0, 6, 0), &json!("out")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_on_one_sku_is_twenty_frames_a_second_and_ends_on_the_newest() {
    const CHANGES: i64 = 1_000;
    const AT_ONCE: i64 = 50;
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(1).await;
    let mut watcher = Listener::staff(&shop).await;
    watcher.listen(&format!("stock.{sku}")).await;
    let first = watcher.hear().await["version"].as_u64().expect("a version");
    let storm = async {
        let path = format!("/api/stock/{sku}/receipts");
        for _ in 0..CHANGES / AT_ONCE {
            let receipts = (0..AT_ONCE).map(async |_| {
                let staff = shop.staff();
                staff.keyed(Method::POST, &path, &fresh_key(), json!({"quantity": 1})).await
            });
            let answers = futures::future::join_all(receipts).await;
            assert!(answers.iter().all(|answer| answer.status < 300), "{answers:?}");
        }
    };
    let started = Instant::now();
    let newest = first + CHANGES.unsigned_abs();
    let frames = async {
        let mut frames = 0_u32;
        loop {
            frames += 1;
            let frame = watcher.hear().await;
            if frame["version"] == newest {
                assert_eq!(frame["view"]["available"], CHANGES + 1);
                return (frames, started.elapsed());
            }
        }
    };
    let ((), (frames, took)) = tokio::join!(storm, frames);
    // One at the start of each interval of 50 ms, and one for the last to begin.
    let most = took.as_millis() / 50 + 2;
    assert!(u128::from(frames) <= most, "{frames} frames in {took:?}");
    watcher.hears_nothing().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_with_since_hears_only_what_moved() {
    let shop = Shop::with(|_| {}).await;
    let skus = [shop.sku_with(3).await, shop.sku_with(3).await];
    let topics = skus.clone().map(|sku| format!("stock.{sku}"));
    let mut before = Listener::stranger(&shop).await;
    before.say(json!({"op": "subscribe", "topics": topics})).await;
    let seen = [before.hear().await, before.hear().await].map(|frame| frame["version"].clone());
    drop(before);
    shop.guest().order(&skus[1], 3).await;
    let mut after = Listener::stranger(&shop).await;
    let since = json!({&topics[0]: seen[0], &topics[1]: seen[1]});
    after.say(json!({"op": "subscribe", "topics": topics, "since": since})).await;
    let frame = after.hear().await;
    assert_eq!((&frame["topic"], &frame["view"]["availability"]), (&json!(topics[1]), &json!("out")));
    after.hears_nothing().await;
}
