//! A WebSocket client of the shop, with a guest's cookie or without, that checks G5 on all it hears.

use std::{collections::HashMap, time::Duration};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::shop::{Person, Shop};

pub const PATIENCE: Duration = Duration::from_secs(20);

pub struct Listener {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The newest version heard of each (topic, key).
    pub versions: HashMap<(String, String), u64>,
}

impl Listener {
    /// With the cookie that the guest holds by now, or the account's token.
    pub async fn of(shop: &Shop, who: &Person<'_>) -> Self {
        Self::on_page(shop, who, None).await
    }

    /// From a page of that origin.
    pub async fn on_page(shop: &Shop, who: &Person<'_>, origin: Option<&str>) -> Self {
        let cookie = who.cookie();
        let cookie = cookie.as_deref().map(|cookie| ("cookie", cookie));
        let bearer = who.token().map(|token| format!("Bearer {token}"));
        let bearer = bearer.as_deref().map(|bearer| ("authorization", bearer));
        let origin = origin.map(|origin| ("origin", origin));
        let headers: Vec<_> = cookie.into_iter().chain(bearer).chain(origin).collect();
        Self::with(shop, &headers).await
    }

    /// With these headers in the handshake.
    pub async fn with(shop: &Shop, headers: &[(&'static str, &str)]) -> Self {
        let url = format!("{}/live", shop.url.replace("http://", "ws://"));
        let mut request = url.into_client_request().expect("an address");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        let (socket, _) = connect_async(request).await.expect("a connection");
        Self { socket, versions: HashMap::new() }
    }

    pub async fn stranger(shop: &Shop) -> Self {
        Self::of(shop, &shop.guest()).await
    }

    /// A stranger who then shows the superadmin's token.
    pub async fn staff(shop: &Shop) -> Self {
        let mut listener = Self::stranger(shop).await;
        listener.say(json!({"op": "authenticate", "access_token": shop.staff_token()})).await;
        assert_eq!(listener.hear().await, json!({"op": "authenticated"}));
        listener
    }

    pub async fn say(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.expect("an open connection");
    }

    pub async fn listen(&mut self, topic: &str) {
        self.say(json!({"op": "subscribe", "topics": [topic]})).await;
    }

    /// The next frame or message. No topic's version ever goes back, or is sent twice.
    pub async fn hear(&mut self) -> Value {
        loop {
            let message =
                timeout(PATIENCE, self.socket.next()).await.expect("in time").expect("open").expect("readable");
            let Message::Text(text) = message else { continue };
            let frame: Value = serde_json::from_str(text.as_str()).expect("json");
            if let Some(version) = frame["version"].as_u64() {
                let name = |field: &str| frame[field].as_str().unwrap_or("").to_owned();
                let before = self.versions.insert((name("topic"), name("key")), version);
                assert!(before.is_none_or(|before| version > before), "{before:?} before {frame}");
            }
            return frame;
        }
    }

    /// Reads on until a frame is so.
    pub async fn until(&mut self, is_so: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.hear().await;
            if is_so(&frame) {
                return frame;
            }
        }
    }

    pub async fn refused(&mut self, topic: &str, code: &str) {
        self.listen(topic).await;
        let answer = self.hear().await;
        assert_eq!((&answer["op"], &answer["topic"], &answer["code"]), (&json!("error"), &json!(topic), &json!(code)));
    }

    /// What the topic's subscription is refused with, if it is.
    pub async fn refusal(&mut self, topic: &str) -> Option<Value> {
        self.listen(topic).await;
        self.say(json!({"op": "ping"})).await;
        // Both are said before any frame.
        let said = self.until(|said| said["op"] == "error" || said["op"] == "pong").await;
        (said["op"] == "error").then_some(said)
    }

    /// Nothing waits: the pong is the very next thing.
    pub async fn hears_nothing(&mut self) {
        self.say(json!({"op": "ping"})).await;
        assert_eq!(self.hear().await, json!({"op": "pong"}));
    }

    /// The close code, with the frames before it left aside.
    pub async fn closed_with(mut self) -> u16 {
        loop {
            match timeout(PATIENCE, self.socket.next()).await.expect("in time") {
                Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                Some(Ok(_)) => {}
                other => panic!("a close frame was expected, not {other:?}"),
            }
        }
    }
}
