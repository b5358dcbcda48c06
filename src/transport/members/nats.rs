//! Heartbeats in a key-value bucket of JetStream: one key for each incarnation of each node.
//!
//! The bucket's stream is created by hand, because the client's own call needs fields that nats-server 2.9 does not
//! send. Nothing here relies on expiring keys: 2.9 does not notify watchers of expiry, and the membership decides
//! itself.

use std::time::Duration;

use async_nats::{
    Client,
    connection::State,
    jetstream::{Context, context::ContextBuilder, kv, stream},
};
use futures::{StreamExt, future::BoxFuture, stream::BoxStream};
use tokio::time::{Instant, sleep, timeout};

use super::heartbeats::{Beat, BeatError, Heartbeats, Sign};
use crate::{actors::ports::journal::NodeId, domain::time::Timestamp};

/// How long a dead node's last heartbeat stays in the bucket.
const KEPT: Duration = Duration::from_secs(60 * 60);
/// A watch that is silent for this long is created again: this node's own heartbeats alone arrive more often. With a
/// longer configured interval each new watch begins with the newest heartbeats, so that none is missed.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Time limit of opening the bucket at the start.
const OPEN_WITHIN: Duration = Duration::from_secs(30);
/// Pause between two tries to open the bucket, or to create a watch.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// Bytes of one heartbeat, at most: names and a URL.
const SIGN_BYTES_MAX: i32 = 4_096;
/// Every key of a bucket.
const ALL: &str = ">";

#[derive(Clone)]
pub struct NatsBeats {
    client: Client,
    bucket: kv::Store,
    within: Duration,
}

impl NatsBeats {
    /// Finds the bucket of the cluster `name`, or creates it with `replicas` copies; waits for servers that are
    /// electing a leader. `within` bounds each later request.
    pub async fn open(client: Client, name: &str, replicas: usize, within: Duration) -> Result<Self, BeatError> {
        let context = ContextBuilder::new().timeout(within).build(client.clone());
        let bucket = format!("{name}_members");
        let give_up = Instant::now() + OPEN_WITHIN;
        loop {
            match Self::try_open(&context, &bucket, replicas).await {
                Ok(bucket) => return Ok(Self { client, bucket, within }),
                Err(error) if Instant::now() + PAUSE_MIN >= give_up => return Err(error),
                Err(error) => {
                    tracing::debug!(%error, "the members' bucket cannot be opened yet");
                    sleep(PAUSE_MIN).await;
                }
            }
        }
    }

    async fn try_open(context: &Context, bucket: &str, replicas: usize) -> Result<kv::Store, BeatError> {
        let config = stream::Config {
            name: format!("KV_{bucket}"),
            subjects: vec![format!("$KV.{bucket}.>")],
            description: Some("signs of life of the nodes of a Souk cluster".into()),
            max_messages_per_subject: 1,
            max_age: KEPT,
            max_message_size: SIGN_BYTES_MAX,
            num_replicas: replicas,
            storage: stream::StorageType::File,
            discard: stream::DiscardPolicy::New,
            allow_rollup: true,
            deny_delete: true,
            allow_direct: true,
            ..stream::Config::default()
        };
        let made = context.get_or_create_stream(config).await;
        made.map_err(|error| failed(&format!("the bucket {bucket} cannot be made"), &error))?;
        let opened = context.get_key_value(bucket).await;
        opened.map_err(|error| failed(&format!("the bucket {bucket} cannot be opened"), &error))
    }
}

fn failed(what: &str, error: &dyn std::error::Error) -> BeatError {
    BeatError(format!("{what}: {error}").into())
}

/// In the characters that a key may have: `a.example#01234567` is `a/example=01234567`.
fn key(node: &NodeId) -> String {
    node.0.replace('.', "/").replace('#', "=")
}

fn node(key: &str) -> NodeId {
    NodeId(key.replace('/', ".").replace('=', "#").into())
}

impl Heartbeats for NatsBeats {
    fn beat(&self, beat: Beat) -> BoxFuture<'static, Result<(), BeatError>> {
        let (bucket, within) = (self.bucket.clone(), self.within);
        Box::pin(async move {
            let text = serde_json::to_vec(&beat).map_err(|error| failed("not encoded", &error))?;
            match timeout(within, bucket.put(key(&beat.node), text.into())).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) => Err(failed("not written", &error)),
                Err(_) => Err(BeatError(format!("not confirmed within {within:?}").into())),
            }
        })
    }

    fn watch(&self) -> BoxStream<'static, Sign> {
        let state = Watching { bucket: self.bucket.clone(), open: None, pause: PAUSE_MIN };
        Box::pin(futures::stream::unfold(state, |mut state| async move {
            let sign = state.next().await;
            Some((sign, state))
        }))
    }

    fn turn_away(&self) -> BoxFuture<'static, ()> {
        let (client, within) = (self.client.clone(), self.within);
        Box::pin(async move {
            if client.connection_state() != State::Connected {
                return;
            }
            metrics::counter!("souk_nats_turned_away_total", "role" => "control").increment(1);
            tracing::warn!("no heartbeat is confirmed through this NATS server; the connection is made anew");
            // The client's queue may be full; whoever asks looks again later.
            let _ = timeout(within, client.force_reconnect()).await;
        })
    }

    fn gone(&self, node: NodeId) -> BoxFuture<'static, Result<(), BeatError>> {
        let (bucket, within) = (self.bucket.clone(), self.within);
        Box::pin(async move {
            match timeout(within, bucket.purge(key(&node))).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(failed("not taken away", &error)),
                Err(_) => Err(BeatError(format!("not confirmed within {within:?}").into())),
            }
        })
    }
}

/// A watch that is created again whenever it breaks: after a server's restart, a change of leader, a silence.
struct Watching {
    bucket: kv::Store,
    open: Option<kv::Watch>,
    pause: Duration,
}

impl Watching {
    async fn next(&mut self) -> Sign {
        loop {
            let Some(watch) = &mut self.open else {
                self.begin().await;
                continue;
            };
            match timeout(SILENCE_MAX, watch.next()).await {
                Ok(Some(Ok(entry))) => {
                    self.pause = PAUSE_MIN;
                    if let Some(sign) = read(&entry) {
                        return sign;
                    }
                }
                Ok(Some(Err(error))) => self.broken(&error.to_string()),
                Ok(None) => self.broken("it ended"),
                Err(_) => self.broken("it is silent"),
            }
        }
    }

    async fn begin(&mut self) {
        match timeout(SILENCE_MAX, self.bucket.watch_with_history(ALL)).await {
            Ok(Ok(watch)) => self.open = Some(watch),
            Ok(Err(error)) => {
                tracing::debug!(%error, pause = ?self.pause, "the members cannot be watched yet");
                sleep(self.pause).await;
                self.pause = (self.pause * 2).min(PAUSE_MAX);
            }
            Err(_) => tracing::debug!("the members cannot be watched yet: no answer"),
        }
    }

    fn broken(&mut self, why: &str) {
        tracing::info!(why, "the watch of the cluster's members is made anew");
        metrics::counter!("souk_members_watch_restarts_total").increment(1);
        self.open = None;
    }
}

fn read(entry: &kv::Entry) -> Option<Sign> {
    match entry.operation {
        kv::Operation::Delete | kv::Operation::Purge => Some(Sign::Gone(node(&entry.key))),
        kv::Operation::Put => match serde_json::from_slice::<Beat>(&entry.value) {
            Ok(beat) => {
                let ms = i64::try_from(entry.created.unix_timestamp_nanos() / 1_000_000).ok();
                Some(Sign::Beat(Beat { stored: ms.map(Timestamp), ..beat }))
            }
            Err(error) => {
                tracing::warn!(key = %entry.key, %error, "a sign of life that cannot be read is passed over");
                None
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nodes_key_is_legal_and_reads_back() {
        let name = NodeId("shop-1.eu_west.example#0123abcd".into());
        assert_eq!(key(&name), "shop-1/eu_west/example=0123abcd");
        assert_eq!(node(&key(&name)), name);
    }
}
