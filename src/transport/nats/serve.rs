//! One shard's subscription for other nodes' commands: to one of its subjects, while this node serves the shard.

use std::{sync::Arc, time::Duration};

use async_nats::{Client, Message, Subscriber};
use futures::StreamExt;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::{Instant, sleep, timeout_at},
};

use super::wire::{self, Answer};
use crate::actors::ports::{CommandEnvelope, Delivery, Reply, TransportError, journal::Shard};

/// Wait for messages in flight at the time of unsubscribing, at most.
const DRAIN_WITHIN: Duration = Duration::from_secs(2);
/// Pause after a failed subscription: the client is shutting down or its queue is gone.
const PAUSE: Duration = Duration::from_millis(200);
const RETRY_AFTER_MS: u64 = 100;

pub(super) struct Server {
    pub(super) client: Client,
    pub(super) shard: Shard,
    pub(super) subject: Arc<str>,
    /// One member of a group receives each command; without a group every subscriber does.
    pub(super) group: Option<&'static str>,
    pub(super) local: Arc<dyn Delivery>,
    pub(super) room: Arc<Semaphore>,
}

impl Server {
    /// Runs until the transport is dropped. Quick changes back and forth may be seen as one.
    pub(super) async fn run(self, mut wants: watch::Receiver<bool>) {
        while wants.wait_for(|wants| *wants).await.is_ok() {
            let subject = self.subject.to_string();
            let subscribed = match self.group {
                Some(group) => self.client.queue_subscribe(subject, group.to_owned()).await,
                None => self.client.subscribe(subject).await,
            };
            match subscribed {
                Ok(subscriber) => self.serve(subscriber, &mut wants).await,
                Err(error) => {
                    tracing::warn!(shard = self.shard.0, %error, "other nodes' commands cannot be subscribed to yet");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Runs until this node no longer serves the shard and has taken the messages that reached it.
    async fn serve(&self, mut subscriber: Subscriber, wants: &mut watch::Receiver<bool>) {
        loop {
            tokio::select! {
                biased;
                // `wait_for` returns a guard of the channel's lock, which must not live across the next await.
                () = async { drop(wants.wait_for(|wants| !*wants).await) } => break,
                message = subscriber.next() => match message {
                    Some(message) => self.take(message).await,
                    // The client dropped the subscription; the caller subscribes again.
                    None => return,
                },
            }
        }
        let end = Instant::now() + DRAIN_WITHIN;
        if let Err(error) = subscriber.drain().await {
            tracing::debug!(shard = self.shard.0, %error, "not unsubscribed in good order");
            return;
        }
        while let Ok(Some(message)) = timeout_at(end, subscriber.next()).await {
            self.take(message).await;
        }
    }

    /// Each command in a task of its own: the next one does not wait for the journal.
    async fn take(&self, message: Message) {
        let Some(reply) = message.reply else {
            tracing::warn!(shard = self.shard.0, "a command without a way back is passed over");
            return;
        };
        let Ok(permit) = self.room.clone().try_acquire_owned() else {
            metrics::counter!("souk_remote_busy_total").increment(1);
            let busy = Answer::Reply(Box::new(Reply::Busy { retry_after_ms: RETRY_AFTER_MS }));
            return answer(&self.client, reply, &busy).await;
        };
        let (client, local, shard) = (self.client.clone(), self.local.clone(), self.shard);
        tokio::spawn(handle(client, local, shard, message.payload, reply, permit));
    }
}

async fn handle(
    client: Client,
    local: Arc<dyn Delivery>,
    shard: Shard,
    payload: bytes::Bytes,
    reply: async_nats::Subject,
    _permit: OwnedSemaphorePermit,
) {
    metrics::counter!("souk_remote_received_total").increment(1);
    let said = match serde_json::from_slice::<CommandEnvelope>(&payload) {
        Ok(envelope) => match local.deliver(shard, Arc::new(envelope)).await {
            Ok(reply) => Answer::Reply(Box::new(reply)),
            Err(TransportError::Lost(reason)) => Answer::Lost(reason),
        },
        Err(error) => Answer::Reply(Box::new(wire::unreadable("command", &error))),
    };
    answer(&client, reply, &said).await;
}

async fn answer(client: &Client, to: async_nats::Subject, said: &Answer) {
    let payload = wire::encode(said, client.max_payload());
    if let Err(error) = client.publish(to, payload.into()).await {
        // The sender's time-out has the same effect, a little later.
        tracing::debug!(%error, "an answer to another node was lost");
    }
}
