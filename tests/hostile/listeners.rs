//! Sockets of the live feed that listen to as much as they may, of things that do not exist, and read nothing.

use std::net::Ipv4Addr;

use futures::SinkExt;
use tokio_tungstenite::{client_async, tungstenite::Message};
use uuid::Uuid;

use super::{attack::Field, stalled::keep, toll::Toll};
use crate::raw::Raw;

/// `live.connections_per_address_max`, and some that find no place.
const SOCKETS: usize = 1_050;
/// `live.topics_max`.
const TOPICS: usize = 256;

pub async fn listen_to_nothing(field: &Field, from: Ipv4Addr, toll: &Toll) {
    let address = format!("ws://{}/live", field.url.trim_start_matches("http://"));
    keep((field, from, toll), SOCKETS, async |raw: Raw| {
        let Ok((mut socket, _)) = client_async(&address, raw.stream).await else { return "no socket" };
        toll.requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let topics: Vec<String> = (0..TOPICS).map(|_| format!("stock.{}", Uuid::new_v4().simple())).collect();
        let asked = serde_json::json!({"op": "subscribe", "topics": topics}).to_string();
        if socket.send(Message::text(asked)).await.is_err() {
            return "refused";
        }
        // Only a write shows that the server has closed: a read would take.
        while socket.get_ref().try_write(b"").is_ok() {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
        "closed"
    })
    .await;
}
