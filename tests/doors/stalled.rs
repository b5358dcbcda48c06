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

/// The kernel would keep some MiB for each connection, which no figure of the process shows.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kernel_keeps_little_for_who_never_reads() {
    /// What is unsent, under way, and the kernel's overhead.
    const KEPT_MAX: u64 = 512 * 1_024;
    let shop = Shop::with(|config| config.http.write_timeout_ms = 500).await;
    let mut greedy = Raw::from(&shop, 5).await;
    let me = greedy.stream.local_addr().expect("an address");
    for _ in 0..60 {
        greedy.ask("GET /api/openapi.json", "").await;
    }
    let most = std::sync::atomic::AtomicU64::new(0);
    // An error once the server has cut the connection; until then the queue has had its time to grow.
    eventually("the connection is cut", async || {
        most.fetch_max(kept_for(me), std::sync::atomic::Ordering::Relaxed);
        greedy.stream.try_write(b"\r\n").is_err()
    })
    .await;
    let most = most.into_inner();
    assert!((1..=KEPT_MAX).contains(&most), "{most} bytes wait for a client that reads nothing");
}

/// Bytes that wait in the other end's socket, by `proc_net_tcp(5)`.
#[cfg(target_os = "linux")]
fn kept_for(client: std::net::SocketAddr) -> u64 {
    let std::net::SocketAddr::V4(client) = client else { return 0 };
    let remote = format!("{:08X}:{:04X}", u32::from_le_bytes(client.ip().octets()), client.port());
    let table = std::fs::read_to_string("/proc/net/tcp").expect("Linux");
    let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let queues = lines.filter(|fields| fields.get(2) == Some(&remote.as_str()));
    let waiting = |fields: Vec<&str>| u64::from_str_radix(fields[4].split(':').next()?, 16).ok();
    queues.filter_map(waiting).max().unwrap_or(0)
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
    // Its place is free once the shop's changes have filled the buffers and nobody took them: the work is bounded, and
    // not the time that a machine needs for it.
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
