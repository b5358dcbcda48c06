//! HTTPS by the shop itself: what a browser sees, a certificate that is renewed, and handshakes that are not finished.

use std::{fs, time::Duration};

use futures::{SinkExt, StreamExt};
use hyper::Method;
use serde_json::json;
use souk::{config::Secret, testing::free_port};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::{client_async, tungstenite::Message};

use super::{
    https::{HOST, HttpsShop, renew, tcp},
    raw::{PATIENCE, status},
};
use crate::shop::{checkout_body, eventually, start, text};

/// A record's head that announces a client's hello, which does not come.
const HALF_A_HELLO: [u8; 5] = [0x16, 0x03, 0x01, 0x02, 0x00];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_over_https() {
    let shop = HttpsShop::with(|_| {}).await;
    assert_eq!(shop.own.app.scheme, "https");
    let agreed = shop.client(1).await.expect("a handshake");
    assert_eq!(agreed.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]), "and not h2, which comes first");

    let mut staff = shop.browser().await;
    let login = json!({"email": start::EMAIL, "password": start::PASSWORD});
    let (_, _, session) = staff.send(Method::POST, "/api/auth/login", Some(login)).await;
    staff.token = Some(text(&session["access_token"]).to_owned());
    let delivery = json!({"delta": 5, "reason": "a delivery"});
    let (counted, ..) = staff.send(Method::POST, "/api/stock/THING-01/adjustments", Some(delivery)).await;
    assert_eq!(counted, 200);

    let mut guest = shop.browser().await;
    let (put, headers, _) = guest.send(Method::PUT, "/api/cart/lines/THING-01", Some(json!({"quantity": 1}))).await;
    assert_eq!((put, &headers["strict-transport-security"]), (200, &"max-age=31536000".parse().unwrap()));
    let cookie = headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-souk_session=") && cookie.contains("; Secure"), "{cookie}");
    let (placed, _, order) = guest.send(Method::POST, "/api/checkout", Some(checkout_body())).await;
    assert_eq!(placed, 201, "{order}");
    let payment = json!({"order_id": order["id"], "provider": "sandbox", "token": "tok_requires_action"});
    let (paid, _, payment) = guest.send(Method::POST, "/api/payments", Some(payment)).await;
    assert_eq!(paid, 202, "{payment}");
    let (id, guest) = (text(&payment["id"]).to_owned(), tokio::sync::Mutex::new(guest));
    let seen = async || guest.lock().await.get(&format!("/api/payments/{id}")).await.2;
    eventually("the bank's page is named", async || seen().await["continue_url"].is_string()).await;
    let page = text(&seen().await["continue_url"]).to_owned();
    let path = page.strip_prefix(&format!("https://{}", shop.address())).expect("a page over HTTPS");
    let (approved, ..) = guest.lock().await.send(Method::POST, &format!("{path}/approve"), None).await;
    assert!(approved < 400, "{approved}");
    // By a webhook alone, which comes on the socket of this machine that speaks no TLS.
    eventually("the payment is captured", async || seen().await["status"] == "captured").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_is_led_to_https_and_answered_nothing_else() {
    let port = free_port();
    let shop = HttpsShop::with(|config| config.http.tls.redirect_listen = format!("127.0.0.1:{port}")).await;
    let ask = async |host: &str| {
        let mut client = tcp(([127, 0, 0, 1], port).into(), 1).await;
        let head = format!("POST /api/cart?a=b HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        client.write_all(head.as_bytes()).await.expect("written");
        let mut answer = String::new();
        timeout(PATIENCE, client.read_to_string(&mut answer)).await.expect("in time").expect("an answer");
        answer
    };
    let led = ask(HOST).await;
    let there = format!("location: https://{HOST}:{}/api/cart?a=b\r\n", shop.address().port());
    assert!(status(&led) == 308 && led.contains(&there), "{led}");
    assert!(!led.contains("strict-transport-security") && led.contains("content-security-policy"), "{led}");
    let refused = ask("evil.example").await;
    assert!(status(&refused) == 400 && !refused.contains("location:"), "{refused}");

    let mut plain = tcp(shop.address(), 1).await;
    plain.write_all(format!("GET / HTTP/1.1\r\nhost: {HOST}\r\n\r\n").as_bytes()).await.expect("written");
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, plain.read_to_end(&mut answer)).await.expect("closed in time");
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_is_shown_and_a_bad_one_is_not() {
    const TOKEN: &str = "a scraper's own token";
    let shop = HttpsShop::with(|config| {
        config.http.tls.reload_interval_ms = 100;
        config.http.metrics_token = Secret::new(TOKEN);
    })
    .await;
    let mut old = shop.browser().await;
    assert_eq!(old.get("/api/products").await.0, 200);
    renew(&shop.files);
    eventually("new connections are shown the new certificate", async || shop.client(1).await.is_some()).await;
    assert_eq!(old.get("/api/products").await.0, 200, "an open connection goes on");

    let good = fs::read(shop.files.path().join("cert.pem")).expect("a file");
    let mut scraper = shop.browser().await;
    scraper.token = Some(TOKEN.to_owned());
    let scraper = tokio::sync::Mutex::new(scraper);
    // Half of the renewal may have been refused before.
    let refused = async || {
        let text = scraper.lock().await.text("/metrics").await;
        let value = text.lines().find_map(|line| line.strip_prefix("souk_tls_reloads_total{outcome=\"refused\"} "));
        value.map_or(0, |value| value.parse().expect("a count"))
    };
    let before: u64 = refused().await;
    fs::write(shop.files.path().join("cert.pem"), "no certificate").expect("a file");
    eventually("the bad file is refused", async || refused().await > before).await;
    fs::write(shop.files.path().join("cert.pem"), good).expect("a file");
    assert!(shop.client(1).await.is_some(), "the last good certificate is shown on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_handshakes_of_one_address_stop_nobody_else() {
    const HANDSHAKES: usize = 3;
    let shop = HttpsShop::with(|config| {
        config.http.tls.handshakes_per_address_max = HANDSHAKES;
        (config.http.tls.handshake_timeout_ms, config.http.drain_timeout_ms) = (60_000, 60_000);
    })
    .await;
    let mut slow = Vec::new();
    for _ in 0..HANDSHAKES {
        let mut client = tcp(shop.address(), 2).await;
        client.write_all(&HALF_A_HELLO).await.expect("written");
        slow.push(client);
    }
    eventually("that address has all of its handshakes", async || shop.client(2).await.is_none()).await;
    assert!(shop.client(3).await.is_some(), "another address has its own");
    slow.pop();
    eventually("a given up handshake leaves its place", async || shop.client(2).await.is_some()).await;
    // A drain owes nothing to those who have asked for nothing yet.
    timeout(PATIENCE, shop.own.app.stop()).await.expect("stopped in time");
    drop(slow);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handshake_that_is_not_finished_ends_by_its_time() {
    let shop = HttpsShop::with(|config| config.http.tls.handshake_timeout_ms = 100).await;
    let mut client = tcp(shop.address(), 2).await;
    client.write_all(&HALF_A_HELLO).await.expect("written");
    let mut nothing = Vec::new();
    let _ = timeout(PATIENCE, client.read_to_end(&mut nothing)).await.expect("closed in time");
    assert_eq!(nothing, b"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_live_feed_runs_over_tls() {
    let shop = HttpsShop::with(|_| {}).await;
    let stream = shop.client(1).await.expect("a handshake");
    let (mut socket, answer) = client_async(format!("wss://{HOST}/live"), stream).await.expect("a socket");
    assert!(answer.headers().contains_key("strict-transport-security"));
    let listen = json!({"op": "subscribe", "topics": ["stock.THING-01"]}).to_string();
    socket.send(Message::text(listen)).await.expect("sent");
    let heard = async {
        while let Some(Ok(message)) = socket.next().await {
            if message.to_text().is_ok_and(|text| text.contains("THING-01") && text.contains("availability")) {
                return true;
            }
        }
        false
    };
    assert!(timeout(Duration::from_secs(20), heard).await.expect("in time"), "the socket was closed");
}
