//! Attacks with connections that begin and do not go on: each holds a place, a file handle and buffers.

use std::{future::Future, net::Ipv4Addr, sync::atomic::Ordering::Relaxed, time::Duration};

use futures::future::join_all;
use tokio::{io::AsyncReadExt, time::sleep};

use super::{attack::Field, toll::Toll};
use crate::raw::{Raw, status};

/// More than an address has places: `http.connections_per_address_max` and its part of the reserve.
const IDLE: usize = 1_100;
const HALF: usize = 1_100;
/// `http.inflight_per_address_max`.
const FAT: usize = 512;
const UNREAD: usize = 600;
const SLOW: usize = 200;
/// Before a closed connection is opened again: the attacker's own time is not for free.
const AGAIN: Duration = Duration::from_millis(250);

/// Keeps `count` connections open; each is given to `hold`, and opened again when that ends.
pub async fn keep<F: Future<Output = &'static str>>(
    (field, from, toll): (&Field, Ipv4Addr, &Toll),
    count: usize,
    hold: impl Fn(Raw) -> F,
) {
    let hold = &hold;
    let one = async |n: usize| {
        // Not all in the same instant: the kernel's queue of new connections is not what is attacked.
        sleep(Duration::from_millis(n as u64 / 4)).await;
        loop {
            if let Ok(raw) = Raw::connect(&field.url, from).await {
                toll.connections.fetch_add(1, Relaxed);
                toll.answered(hold(raw).await);
            }
            sleep(AGAIN).await;
        }
    };
    join_all((0..count).map(one)).await;
}

/// Until the server closes the connection.
async fn closed(raw: &mut Raw) -> &'static str {
    let (mut said, mut first) = ([0; 512], None);
    loop {
        match raw.stream.read(&mut said).await {
            Ok(0) | Err(_) => return first.unwrap_or("closed"),
            Ok(read) if first.is_none() => first = Some(named(status(&String::from_utf8_lossy(&said[..read])))),
            Ok(_) => {}
        }
    }
}

fn named(status: u16) -> &'static str {
    match status {
        200 => "200",
        408 => "408",
        429 => "429",
        431 => "431",
        503 => "503",
        _ => "another answer",
    }
}

pub async fn stay_idle(field: &Field, from: Ipv4Addr, toll: &Toll) {
    keep((field, from, toll), IDLE, async |mut raw| closed(&mut raw).await).await;
}

pub async fn send_half_bodies(field: &Field, from: Ipv4Addr, toll: &Toll) {
    keep((field, from, toll), HALF, async |mut raw| {
        toll.requests.fetch_add(1, Relaxed);
        raw.ask("POST /api/cart/lines", "content-type: application/json\r\ncontent-length: 1000000\r\n").await;
        closed(&mut raw).await
    })
    .await;
}

/// The longest bodies that are taken, but for their last byte: each lies in the shop's memory until it is given up.
pub async fn send_fat_bodies(field: &Field, from: Ipv4Addr, toll: &Toll) {
    let body = vec![b' '; souk::config::Http::default().body_bytes_max];
    let head = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
    keep((field, from, toll), FAT, async |mut raw| {
        toll.requests.fetch_add(1, Relaxed);
        raw.ask("POST /api/cart/lines", &head).await;
        raw.say(&body[1..]).await;
        closed(&mut raw).await
    })
    .await;
}

/// Each asks for some megabytes and takes nothing. Only a write shows that the server has closed: a read would take.
pub async fn never_read(field: &Field, from: Ipv4Addr, toll: &Toll) {
    keep((field, from, toll), UNREAD, async |mut raw| {
        for _ in 0..20 {
            toll.requests.fetch_add(1, Relaxed);
            raw.ask("GET /api/openapi.json", "").await;
        }
        while raw.stream.try_write(b"\r\n").is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
        "cut"
    })
    .await;
}

pub async fn send_slow_heads(field: &Field, from: Ipv4Addr, toll: &Toll) {
    keep((field, from, toll), SLOW, async |mut raw| {
        toll.requests.fetch_add(1, Relaxed);
        raw.say("GET /api/products HTTP/1.1\r\nhost: souk\r\nx-slow: ").await;
        while raw.stream.try_write(b"x").is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
        closed(&mut raw).await
    })
    .await;
}
