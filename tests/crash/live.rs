//! A live viewer through all crashes: after each restart it sees the current version, and never one
//! older than it was shown before.

use std::{collections::HashMap, time::Duration};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinHandle, time::timeout};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

const PATIENCE: Duration = Duration::from_secs(20);

type Versions = HashMap<String, u64>;

pub struct Viewer {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    seen: Versions,
}

impl Viewer {
    /// Subscribes to each SKU; the first frames must be as new as `floor`, the versions acknowledged or shown before.
    pub async fn open(url: &str, skus: &[String], floor: &Versions) -> Self {
        let address = url.replacen("http", "ws", 1);
        let (mut socket, _) = connect_async(format!("{address}/live")).await.expect("a socket");
        let topics: Vec<_> = skus.iter().map(|sku| format!("stock.{sku}")).collect();
        let subscribe = json!({"op": "subscribe", "topics": topics}).to_string();
        socket.send(Message::text(subscribe)).await.expect("sent");
        let mut viewer = Self { socket, seen: Versions::new() };
        while viewer.seen.len() < skus.len() {
            let frame = timeout(PATIENCE, viewer.socket.next()).await.expect("a frame in time").expect("open");
            viewer.take(&frame.expect("readable"));
        }
        for (sku, version) in floor {
            let shown = viewer.seen.get(sku).copied().unwrap_or(0);
            assert!(shown >= *version, "G5: {sku} is shown at version {shown}, and was at {version}");
        }
        viewer
    }

    /// Watches until the server dies; gives the newest versions shown.
    pub fn watch(mut self) -> JoinHandle<Versions> {
        tokio::spawn(async move {
            while let Some(Ok(frame)) = self.socket.next().await {
                self.take(&frame);
            }
            self.seen
        })
    }

    /// Watches until each SKU is shown at its version, which is the newest there is.
    pub async fn reaches(mut self, newest: &Versions) {
        while newest.iter().any(|(sku, version)| self.seen.get(sku).copied().unwrap_or(0) < *version) {
            let frame = timeout(PATIENCE, self.socket.next()).await.expect("a frame in time").expect("open");
            self.take(&frame.expect("readable"));
        }
        assert_eq!(&self.seen, newest);
    }

    fn take(&mut self, frame: &Message) {
        let Message::Text(text) = frame else { return };
        let frame: Value = serde_json::from_str(text.as_str()).expect("JSON");
        let Some(sku) = frame["topic"].as_str().and_then(|topic| topic.strip_prefix("stock.")) else {
            panic!("not a frame of a SKU: {frame}");
        };
        let version = frame["version"].as_u64().expect("a version");
        let before = self.seen.insert(sku.to_owned(), version);
        assert!(before.is_none_or(|before| before < version), "G5: {sku} went from {before:?} to {version}");
    }
}
