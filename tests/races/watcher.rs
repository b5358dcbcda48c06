//! A subscriber to one topic over a WebSocket, which accepts no version that goes backwards.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::shop::Shop;

pub struct Watcher {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    version: u64,
    available: u64,
}

impl Watcher {
    pub async fn of(shop: &Shop, topic: &str) -> Self {
        let url = format!("{}/live", shop.url.replacen("http", "ws", 1));
        let (mut socket, _) = connect_async(url).await.expect("a socket");
        let subscribe = json!({"op": "subscribe", "topics": [topic]});
        socket.send(Message::text(subscribe.to_string())).await.expect("sent");
        Self { socket, version: 0, available: u64::MAX }
    }

    /// The next view.
    pub async fn next(&mut self) -> Value {
        loop {
            let message = timeout(Duration::from_secs(20), self.socket.next()).await.expect("a frame in time");
            let Message::Text(text) = message.expect("open").expect("readable") else { continue };
            let frame: Value = serde_json::from_str(text.as_str()).expect("json");
            let version = frame["version"].as_u64().unwrap_or_else(|| panic!("no view: {frame}"));
            assert!(version > self.version, "{version} after {}", self.version);
            let view = frame["view"].clone();
            let available = view["available"].as_u64().expect("a count");
            assert!(available <= self.available, "units came back: {available} after {}", self.available);
            (self.version, self.available) = (version, available);
            return view;
        }
    }

    /// The view of `version`.
    pub async fn until(&mut self, version: u64) -> Value {
        loop {
            let view = self.next().await;
            if self.version >= version {
                return view;
            }
        }
    }
}
