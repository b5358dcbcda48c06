//! Each credential's way in, on each channel, in one test: a token ends what it opened, a cookie does not.

use std::time::Duration;

use futures::{SinkExt, StreamExt, future::join_all};
use serde_json::{Value, json};
use souk::domain::account::Role;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::raw::{PATIENCE, Raw, status};
use crate::shop::{Shop, text};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn socket(shop: &Shop, header: Option<(&'static str, &str)>) -> Socket {
    let url = format!("{}/live", shop.url.replace("http://", "ws://"));
    let mut request = url.into_client_request().expect("an address");
    if let Some((name, value)) = header {
        request.headers_mut().insert(name, value.parse().expect("a header"));
    }
    connect_async(request).await.expect("a connection").0
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.expect("an open connection");
}

/// Subscribed: the pong comes after whatever the subscription is answered with, and nothing of it is an error.
async fn listen(socket: &mut Socket, topic: &str) {
    say(socket, json!({"op": "subscribe", "topics": [topic]})).await;
    say(socket, json!({"op": "ping"})).await;
    until(socket, |answer| {
        assert_ne!(answer["op"], "error", "{answer}");
        answer["op"] == "pong"
    })
    .await;
}

/// The next message that is so.
async fn until(socket: &mut Socket, is_so: impl Fn(&Value) -> bool) {
    loop {
        let message = timeout(PATIENCE, socket.next()).await.expect("in time").expect("open").expect("readable");
        let Message::Text(text) = message else { continue };
        if is_so(&serde_json::from_str(text.as_str()).expect("json")) {
            return;
        }
    }
}

async fn closed_with(mut socket: Socket) -> u16 {
    loop {
        match timeout(PATIENCE, socket.next()).await.expect("in time") {
            Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
            Some(Ok(_)) => {}
            other => panic!("a close frame was expected, not {other:?}"),
        }
    }
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

    let mut by_header = socket(&short, Some(("authorization", &bearer))).await;
    let mut by_message = socket(&short, None).await;
    say(&mut by_message, json!({"op": "authenticate", "access_token": operator.token()})).await;
    until(&mut by_message, |answer| answer["op"] == "authenticated").await;
    for socket in [&mut by_header, &mut by_message] {
        listen(socket, "stock").await;
    }
    let stream_by_header = stream(&short, "stock", &format!("authorization: {bearer}")).await;

    let mut by_cookie = socket(&shop, Some(("cookie", &cookie))).await;
    listen(&mut by_cookie, &own).await;
    let mut stream_by_cookie = stream(&shop, &own, &format!("cookie: {cookie}")).await;

    // A stream has no messages, so these are all ways of a token.
    let ends = join_all([closed_with(by_header), closed_with(by_message)]);
    let (codes, _) = tokio::join!(ends, stream_by_header.rest());
    assert_eq!(codes, [1008, 1008], "socket by header, socket by message; the stream has ended, too");

    // Later than that the cookie's connections still hear.
    guest.put_in_cart(&sku, 2).await;
    until(&mut by_cookie, |frame| frame["view"]["units"] == 2).await;
    let mut heard = String::new();
    while !heard.contains("\"units\":2") {
        let mut bytes = [0; 4_096];
        let read = timeout(PATIENCE, stream_by_cookie.stream.read(&mut bytes)).await.expect("in time").expect("open");
        assert!(read > 0, "the cookie's stream ended");
        heard += &String::from_utf8_lossy(&bytes[..read]);
    }
    stream_by_cookie.stream.shutdown().await.expect("closed");
    let _ = timeout(Duration::from_secs(1), by_cookie.close(None)).await;
}
