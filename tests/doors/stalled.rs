//! Clients that begin and do not go on: a body that is not sent, an answer that is not read. Their places come back.

use super::raw::{Raw, status};
use crate::shop::{Shop, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_body_is_refused_and_its_connection_ends() {
    let shop = Shop::with(|config| config.http.body_timeout_ms = 100).await;
    let mut slow = Raw::of(&shop).await;
    slow.ask("POST /api/cart/lines", "content-type: application/json\r\ncontent-length: 100\r\n").await;
    slow.say(r#"{"lines":"#).await;
    let answer = slow.rest().await;
    assert_eq!(status(&answer), 408, "{answer}");
    assert!(answer.contains("\"code\":\"body_too_slow\""), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_and_never_reads_loses_the_place() {
    const PLACES: usize = 3;
    let shop = Shop::with(|config| {
        config.http.write_timeout_ms = 100;
        config.http.connections_per_address_max = PLACES;
    })
    .await;
    let mut greedy = Vec::new();
    for _ in 0..PLACES {
        let mut client = Raw::from(&shop, 2).await;
        // More than the buffers of both ends take.
        for _ in 0..60 {
            client.ask("GET /api/openapi.json", "").await;
        }
        greedy.push(client);
    }
    eventually("an ordinary place of that address is free", async || {
        status(&Raw::from(&shop, 2).await.get("/api/products", "").await) == 200
    })
    .await;
    drop(greedy);
}

/// Of twenty orders each, some 10 KB of frames for one.
const ROUNDS_MAX: usize = 100;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_not_read_ends_too() {
    let shop = Shop::with(|config| {
        config.http.write_timeout_ms = 100;
        config.live.frame_interval_ms = 0;
        config.live.connections_per_address_max = 1;
    })
    .await;
    let (guest, staff) = (shop.guest(), shop.staff());
    let sku = shop.sku_with(500).await;
    let bearer = format!("authorization: Bearer {}\r\n", staff.token().expect("a token"));
    let mut silent = Raw::from(&shop, 2).await;
    silent.ask("GET /live/sse?topics=board,stock", &bearer).await;
    assert_eq!(status(&silent.head().await), 200, "it has its place");
    // Its place is free once the shop's changes have filled the buffers and nobody took them. The kernel's take some
    // megabytes on this machine: the work is bounded, and not the time that a machine needs for it.
    for _ in 0..ROUNDS_MAX {
        guest.put_in_cart(&sku, 1).await;
        for n in 1..20 {
            guest.put_in_cart(&sku, 1 + n % 3).await;
            let order = guest.order(&sku, 1).await;
            guest.delete(&format!("/api/orders/{}", crate::shop::text(&order["id"]))).await.ok();
        }
        let mut other = Raw::from(&shop, 2).await;
        other.ask(&format!("GET /live/sse?topics=stock.{sku}"), "").await;
        if status(&other.head().await) == 200 {
            return;
        }
    }
    panic!("the stream keeps its place");
}
