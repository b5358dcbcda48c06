//! Sockets of the live feed: as many topics as they may have, of things that do not exist; and names of orders, asked
//! over and over, for which the shop looks each time.

use std::{net::Ipv4Addr, sync::atomic::Ordering::Relaxed};

use futures::{SinkExt, StreamExt};
use tokio::io::Interest;
use tokio_tungstenite::{client_async, tungstenite::Message};
use uuid::Uuid;

use super::{attack::Field, stalled::keep, toll::Toll};
use crate::raw::Raw;

/// `live.connections_per_address_max`, and some that find no place.
const SOCKETS: usize = 1_050;
/// `live.topics_max`.
const TOPICS: usize = 256;
const ASKERS: usize = 10;

pub async fn listen_to_nothing(field: &Field, from: Ipv4Addr, toll: &Toll) {
    let address = feed(field);
    keep((field, from, toll), SOCKETS, async |raw: Raw| {
        let Ok((mut socket, _)) = client_async(&address, raw.stream).await else { return "no socket" };
        toll.requests.fetch_add(1, Relaxed);
        if socket.send(subscribe("stock")).await.is_err() {
            return "refused";
        }
        // Until the server has closed, and without a read, which would take.
        let _closed = socket.get_ref().ready(Interest::ERROR).await;
        "closed"
    })
    .await;
}

/// Each socket as often as the feed's own bound of messages allows.
pub async fn ask_for_orders(field: &Field, from: Ipv4Addr, toll: &Toll) {
    let address = feed(field);
    keep((field, from, toll), ASKERS, async |raw: Raw| {
        let Ok((mut socket, _)) = client_async(&address, raw.stream).await else { return "no socket" };
        let asked = subscribe("order");
        loop {
            toll.requests.fetch_add(1, Relaxed);
            if socket.send(asked.clone()).await.is_err() {
                return "closed";
            }
            // An error frame for each name; then the next message.
            for _ in 0..TOPICS {
                if socket.next().await.is_none_or(|frame| frame.is_err()) {
                    return "closed";
                }
            }
        }
    })
    .await;
}

fn feed(field: &Field) -> String {
    format!("{}/live", field.url.replace("http://", "ws://"))
}

fn subscribe(name: &str) -> Message {
    let topics: Vec<String> = (0..TOPICS).map(|_| format!("{name}.{}", Uuid::new_v4())).collect();
    Message::text(serde_json::json!({"op": "subscribe", "topics": topics}).to_string())
}
