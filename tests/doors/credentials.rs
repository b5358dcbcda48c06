//! Each credential's way in, on each channel, in one test: a token ends what it opened, a cookie does not.

use futures::future::join_all;
use serde_json::json;
use souk::domain::account::Role;
use tokio::{io::AsyncWriteExt, time::timeout};

use super::raw::{PATIENCE, Raw, status};
use crate::{
    live::listener::Listener,
    shop::{Shop, text},
};

/// Subscribed: the pong comes after whatever the subscription is answered with, and nothing of it is an error.
async fn listen(listener: &mut Listener, topic: &str) {
    listener.listen(topic).await;
    listener.say(json!({"op": "ping"})).await;
    listener
        .until(|answer| {
            assert_ne!(answer["op"], "error", "{answer}");
            answer["op"] == "pong"
        })
        .await;
}

/// A stream that has given its first event.
async fn stream(shop: &Shop, topic: &str, header: &str) -> Raw {
    let mut stream = Raw::of(shop).await;
    stream.ask(&format!("GET /live/sse?topics={topic}"), &format!("{header}\r\nconnection: close\r\n")).await;
    assert_eq!(status(&stream.head().await), 200);
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_ends_what_it_opened_on_every_channel_and_a_cookie_does_not() {
    let shop = Shop::with(|config| config.live.ping_interval_ms = 1_000).await;
    let sku = shop.sku_with(50).await;
    let guest = shop.guest();
    let cart = guest.put_in_cart(&sku, 1).await;
    let (own, cookie) = (format!("cart.{}", text(&cart["id"])), guest.cookie().expect("a cookie"));
    // Short-lived tokens come from the shop's own key; no configuration allows ones that end so soon.
    let short = Shop::with(|config| config.identity.token_ttl_ms = 2_000).await;
    let operator = short.account(Role::Operator).await;
    let bearer = format!("Bearer {}", operator.token().expect("a token"));

    let mut by_header = Listener::with(&short, &[("authorization", &bearer)]).await;
    let mut by_message = Listener::with(&short, &[]).await;
    by_message.say(json!({"op": "authenticate", "access_token": operator.token()})).await;
    by_message.until(|answer| answer["op"] == "authenticated").await;
    for socket in [&mut by_header, &mut by_message] {
        listen(socket, "stock").await;
    }
    let stream_by_header = stream(&short, "stock", &format!("authorization: {bearer}")).await;

    let mut by_cookie = Listener::with(&shop, &[("cookie", &cookie)]).await;
    listen(&mut by_cookie, &own).await;
    let mut stream_by_cookie = stream(&shop, &own, &format!("cookie: {cookie}")).await;

    // A stream has no messages, so these are all ways of a token.
    let ends = join_all([by_header.closed_with(), by_message.closed_with()]);
    let (codes, _) = tokio::join!(ends, stream_by_header.rest());
    assert_eq!(codes, [1008, 1008], "socket by header, socket by message; the stream has ended, too");

    // Later than that the cookie's connections still hear.
    guest.put_in_cart(&sku, 2).await;
    by_cookie.until(|frame| frame["view"]["units"] == 2).await;
    let heard = timeout(PATIENCE, stream_by_cookie.until("\"units\":2")).await.expect("in time");
    assert!(heard.is_some(), "the cookie's stream ended");
    stream_by_cookie.stream.shutdown().await.expect("closed");
    drop(by_cookie);
}
