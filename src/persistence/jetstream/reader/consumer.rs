//! A reader's consumer: created when missing, dropped whenever it ends, fails, falls silent or skips.

use std::time::Duration;

use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, DeliverPolicy, PullConsumer, ReplayPolicy, pull},
};
use futures::StreamExt;
use tokio::time::sleep;

use super::{
    super::chain::{BEFORE, Message, parsed},
    Reader,
};
use crate::actors::ports::journal::JournalError;

/// Messages requested at a time.
const BATCH: usize = 500;
/// A server without messages sends a heartbeat this often; two missing heartbeats count as a loss.
const HEARTBEAT: Duration = Duration::from_millis(500);
const EXPIRES: Duration = Duration::from_secs(20);
/// A range's consumer without a message for this long is given up.
const LAGS: Duration = Duration::from_secs(3);
/// A server drops a consumer that received no request for this long.
const INACTIVE: Duration = Duration::from_secs(30);

impl Reader {
    /// Takes the next message; `false` when the consumer is lost and another must be created, after a pause.
    pub(super) async fn receive(&mut self) -> Result<bool, JournalError> {
        if self.messages.is_none() && self.shorter().await? {
            return Ok(false);
        }
        let messages = match &mut self.messages {
            Some(messages) => messages,
            None => match self.consume().await {
                Ok(messages) => self.messages.insert(messages),
                Err(error) => {
                    tracing::debug!(shard = self.shard.0, %error, "a reader has no consumer");
                    self.refused().await?;
                    return Ok(false);
                }
            },
        };
        // A second handle: the select below borrows the first.
        let journal = self.journal.clone();
        loop {
            let message = tokio::select! {
                biased;
                message = messages.next() => message,
                () = journal.0.turned.notified() => break,
                // The server is there, and has nothing more: its copy may lag, and the leader has the rest of a range.
                () = sleep(LAGS), if self.to.is_some() => {
                    self.messages = None;
                    return self.singly().await.map(|()| true);
                }
            };
            let Some(message) = message else { break };
            let message = match message {
                Ok(message) => message,
                Err(error) => {
                    tracing::debug!(shard = self.shard.0, %error, "a reader lost its consumer");
                    break;
                }
            };
            let Ok(seq) = message.info().map(|info| info.stream_sequence) else { break };
            if seq < self.next {
                continue;
            }
            if seq > self.next {
                tracing::debug!(shard = self.shard.0, seq, next = self.next, "a reader's consumer skipped");
                // Only the leader can confirm a gap: a lost delivery is requested again.
                let leader = &self.journal.0.api;
                let found = leader.get(&self.journal.0.options.stream(self.shard), self.next).await;
                if matches!(found, Ok(None)) {
                    let problem = format!("record {seq} follows, and {} is not there", self.next).into();
                    return Err(JournalError::Corrupt { shard: self.shard, seq: self.next, problem });
                }
                break;
            }
            let before = message.headers.as_ref().and_then(|headers| parsed(headers.get(BEFORE)?.as_str()));
            let next = Message { seq, payload: message.payload.clone(), before };
            if self.accept(next).await? {
                return Ok(true);
            }
            break;
        }
        self.messages = None;
        Ok(false)
    }

    async fn consume(&self) -> Result<pull::Stream, Box<dyn std::error::Error + Send + Sync>> {
        let inner = &self.journal.0;
        let context = jetstream::ContextBuilder::new().timeout(inner.api.timeout).build(inner.api.client.clone());
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.next },
            ack_policy: AckPolicy::None,
            replay_policy: ReplayPolicy::Instant,
            inactive_threshold: INACTIVE,
            num_replicas: 1,
            memory_storage: true,
            ..pull::Config::default()
        };
        let consumer: PullConsumer =
            context.create_consumer_on_stream(config, inner.options.stream(self.shard)).await?;
        let messages = consumer.stream().max_messages_per_batch(BATCH).heartbeat(HEARTBEAT).expires(EXPIRES).messages();
        Ok(messages.await?)
    }
}
