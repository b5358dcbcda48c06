//! The owner's end: takes a shard's commands off NATS, each to the shard's door and its answer back.

use std::{sync::Arc, time::Duration};

use async_nats::{Client, Message};
use futures::StreamExt;
use tokio::{sync::OwnedSemaphorePermit, time::sleep};
use tokio_util::sync::CancellationToken;

use super::Shared;
use crate::actors::ports::{Envelope, Reply, journal::Shard};

const GROUP: &str = "owner";
/// Between two tries to subscribe; the client buffers subscriptions while it is disconnected, so that one fails is rare.
const AGAIN: Duration = Duration::from_millis(100);

pub(super) async fn serve(shared: Arc<Shared>, shard: Shard, subject: String, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let subscribed = shared.client.queue_subscribe(subject.clone(), GROUP.to_owned()).await;
        let mut commands = match subscribed {
            Ok(commands) => commands,
            Err(error) => {
                tracing::warn!(shard = shard.0, %error, "commands of other nodes cannot be subscribed to");
                sleep(AGAIN).await;
                continue;
            }
        };
        loop {
            let message = tokio::select! {
                biased;
                () = stop.cancelled() => {
                    let _ = commands.unsubscribe().await;
                    // What is here already is answered: nobody else will get it.
                    while let Some(message) = commands.next().await {
                        take(&shared, shard, message);
                    }
                    return;
                }
                message = commands.next() => message,
            };
            match message {
                Some(message) => take(&shared, shard, message),
                None => break,
            }
        }
    }
}

fn take(shared: &Arc<Shared>, shard: Shard, message: Message) {
    let Some(reply_to) = message.reply else { return };
    let Ok(room) = shared.room.clone().try_acquire_owned() else {
        shared.meter.refused.increment(1);
        let client = shared.client.clone();
        tokio::spawn(async move { answer(&client, reply_to, &Reply::Busy { retry_after_ms: 100 }).await });
        return;
    };
    shared.meter.served.increment(1);
    let shared = shared.clone();
    tokio::spawn(async move {
        let _room: OwnedSemaphorePermit = room;
        let reply = match serde_json::from_slice::<Envelope>(&message.payload) {
            Ok(envelope) => shared.local.deliver(shard, Arc::new(envelope)).await,
            Err(error) => Ok(Reply::Unavailable {
                retry_after_ms: 1_000,
                reason: format!("a command from a node of another version: {error}").into(),
                retry: false,
            }),
        };
        // Lost here is lost there: its sender asks again.
        if let Ok(reply) = reply {
            answer(&shared.client, reply_to, &reply).await;
        }
    });
}

async fn answer(client: &Client, to: async_nats::Subject, reply: &Reply) {
    let Ok(payload) = serde_json::to_vec(reply) else { return };
    let (bytes, max) = (payload.len(), client.server_info().max_payload);
    let payload =
        if bytes > max { serde_json::to_vec(&Reply::TooLarge { bytes, max }).unwrap_or_default() } else { payload };
    if let Err(error) = client.publish(to, payload.into()).await {
        tracing::debug!(%error, "an answer could not be sent");
    }
}
