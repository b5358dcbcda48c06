//! The same feed as server-sent events, resumed by the id of the last one.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use super::listener::PATIENCE;
use crate::shop::Shop;

struct Events(BufReader<TcpStream>);

impl Events {
    async fn of(shop: &Shop, topics: &str, more: &str) -> Self {
        let address = shop.url.trim_start_matches("http://");
        let mut socket = TcpStream::connect(address).await.expect("a connection");
        let request = format!("GET /live/sse?topics={topics} HTTP/1.1\r\nhost: {address}\r\n{more}\r\n");
        socket.write_all(request.as_bytes()).await.expect("a request");
        Self(BufReader::new(socket))
    }

    async fn next(&mut self) -> (String, Value) {
        let mut id = String::new();
        loop {
            let mut line = String::new();
            timeout(PATIENCE, self.0.read_line(&mut line)).await.expect("in time").expect("readable");
            assert!(!line.is_empty(), "the stream ended");
            if let Some(text) = line.strip_prefix("id: ") {
                id = text.trim().to_owned();
            }
            if let Some(text) = line.strip_prefix("data: ") {
                return (id, serde_json::from_str(text).expect("json"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_resumes_where_it_was_cut() {
    let shop = Shop::with(|_| {}).await;
    let skus = [shop.sku_with(3).await, shop.sku_with(3).await];
    let topics = format!("stock.{},stock.{}", skus[0], skus[1]);
    let mut stream = Events::of(&shop, &topics, "").await;
    stream.next().await;
    let (id, _) = stream.next().await;
    drop(stream);
    shop.guest().order(&skus[1], 3).await;
    let mut stream = Events::of(&shop, &topics, &format!("last-event-id: {id}\r\n")).await;
    let (later, frame) = stream.next().await;
    assert_eq!(frame["topic"], json!(format!("stock.{}", skus[1])), "the first has not moved and is not repeated");
    assert_eq!(frame["view"]["availability"], "out");
    assert_ne!(later, id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn staff_streams_with_a_bearer_token() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(7).await;
    let bearer = format!("authorization: Bearer {}\r\n", shop.staff_token());
    let (_, frame) = Events::of(&shop, &format!("stock.{sku}"), &bearer).await.next().await;
    assert_eq!(frame["view"]["on_hand"], 7);
    let (_, refused) = Events::of(&shop, "board", "").await.next().await;
    assert_eq!(refused["code"], "staff_only");
}
