//! A permission that is taken away closes what it opened within two seconds: by a change of the role, by taking the role,
//! by disabling the account. What is opened without it stays.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::listener::{Listener, PATIENCE};
use crate::shop::{Person, Shop};

const WITHIN: Duration = Duration::from_secs(2);

async fn board(shop: &Shop, who: &Person<'_>) -> Listener {
    let mut listener = Listener::of(shop, who).await;
    assert_eq!(listener.refusal("board").await, None);
    listener
}

async fn stream(shop: &Shop, who: &Person<'_>) -> TcpStream {
    let address = shop.url.trim_start_matches("http://");
    let bearer = who.token().expect("an account");
    let request = format!(
        "GET /live/sse?topics=unpaid,stock.ANY HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {bearer}\r\nconnection: close\r\n\r\n"
    );
    let mut socket = TcpStream::connect(address).await.expect("a connection");
    socket.write_all(request.as_bytes()).await.expect("a request");
    let mut head = [0; 12];
    socket.read_exact(&mut head).await.expect("an answer");
    assert_eq!(&head, b"HTTP/1.1 200");
    socket
}

async fn ends(mut stream: TcpStream) {
    let mut rest = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("in time").expect("readable");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_permission_opened_is_closed_when_it_is_taken_away() {
    let shop = Shop::with(|_| {}).await;
    let staff = shop.staff();
    let watcher = json!({"name": "watcher", "permissions": ["orders.read", "money.read"]});
    staff.post("/api/roles", watcher).await.created();
    let (who, other) = (shop.person(&["watcher"]).await, shop.person(&["support"]).await);
    let account = format!("/api/users/{}", who.id().await);
    let roles = format!("{account}/roles");
    let mut stays = board(&shop, &other).await;
    for (path, taken, given) in [
        (
            "/api/roles/watcher",
            json!({"permissions": ["orders.read"]}),
            json!({"permissions": ["orders.read", "money.read"]}),
        ),
        (roles.as_str(), json!({"roles": ["customer"]}), json!({"roles": ["watcher"]})),
    ] {
        let (socket, stream) = (board(&shop, &who).await, stream(&shop, &who).await);
        staff.put(path, taken).await.ok();
        let since = Instant::now();
        let (code, ()) = tokio::join!(socket.closed_with(), ends(stream));
        assert!(code == 1008 && since.elapsed() < WITHIN, "{path}: {code} after {:?}", since.elapsed());
        staff.put(path, given).await.ok();
    }
    let (socket, stream) = (board(&shop, &who).await, stream(&shop, &who).await);
    staff.put(&account, json!({"disabled": true})).await.ok();
    let since = Instant::now();
    let (code, ()) = tokio::join!(socket.closed_with(), ends(stream));
    assert!(code == 1008 && since.elapsed() < WITHIN, "{code} after {:?}", since.elapsed());
    who.get("/api/orders").await.refused(401, "invalid_token");
    stays.say(json!({"op": "ping"})).await;
    assert_eq!(stays.until(|said| said["op"] == "pong").await["op"], "pong");
}
