//! The state shared by all handles, and the one path of a command: send, and send again after a loss.

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, sleep, timeout_at},
};
use tracing::Instrument;

use super::position::Positions;
use crate::actors::{
    effects::Effects,
    freshness::Standing,
    local::LocalShards,
    ownership::LogOwner,
    ports::{Clock, CommandEnvelope, Journal, Placement, Reply, StateStore, Transport, TransportError, journal::Shard},
    projection::Registry,
    settings::ActorSettings,
    status::ShardStatus,
    tail::Tail,
    watchers::Watchers,
};

pub(in crate::actors) struct Core {
    pub(in crate::actors) transport: Arc<dyn Transport>,
    pub(in crate::actors) journal: Arc<dyn Journal>,
    pub(in crate::actors) store: Arc<dyn StateStore>,
    pub(in crate::actors) registry: Arc<Registry>,
    pub(in crate::actors) tails: Vec<Arc<Tail>>,
    pub(in crate::actors) positions: Positions,
    pub(in crate::actors) watchers: Arc<Watchers>,
    pub(in crate::actors) clock: Arc<dyn Clock>,
    pub(in crate::actors) local: Arc<LocalShards>,
    pub(in crate::actors) statuses: Vec<Arc<ShardStatus>>,
    pub(in crate::actors) residents: Arc<AtomicUsize>,
    pub(in crate::actors) effects: Effects,
    pub(in crate::actors) placement: Arc<dyn Placement>,
    /// As [`crate::actors::freshness`] found it; on one machine always current.
    pub(in crate::actors) standing: watch::Sender<Standing>,
    /// The placement, in a cluster.
    pub(in crate::actors) cluster: Option<Arc<dyn Placement>>,
    pub(in crate::actors) settings: ActorSettings,
}

/// First pause before a lost command is sent again; doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(2);
const PAUSE_MAX: Duration = Duration::from_millis(200);
/// An owner replies to all that it accepted before it gives the shard back: that reply may be this much later than the
/// news of it. Asking once more does no harm, because the id is the same.
const REPLY_ON_ITS_WAY: Duration = Duration::from_millis(100);

impl Core {
    /// `None`: no reply within the time; the command may still be executed.
    pub(in crate::actors) async fn send(&self, envelope: Arc<CommandEnvelope>, within: Duration) -> Option<Reply> {
        let span = tracing::debug_span!("command", kind = envelope.key.kind.name(), id = %envelope.command_id);
        let shard = Shard(envelope.key.shard_of(self.journal.shards()));
        self.send_until(shard, envelope, Instant::now() + within).instrument(span).await
    }

    /// A question for the shard itself.
    pub(in crate::actors) async fn send_to(
        &self,
        shard: Shard,
        envelope: Arc<CommandEnvelope>,
        within: Duration,
    ) -> Option<Reply> {
        self.send_until(shard, envelope, Instant::now() + within).await
    }

    /// A node that is cut off responds 503 within its lease, regardless of the remaining time.
    async fn send_until(&self, shard: Shard, envelope: Arc<CommandEnvelope>, deadline: Instant) -> Option<Reply> {
        let Some(cluster) = &self.cluster else { return self.repeat_until(shard, envelope, deadline).await };
        if !cluster.connected() {
            let reason = "this node is cut off from the cluster".into();
            return Some(Reply::Unavailable { retry_after_ms: 1_000, reason, retry: false });
        }
        tokio::select! {
            biased;
            reply = self.repeat_until(shard, envelope, deadline) => reply,
            // The command may have been executed, or may be later.
            () = cluster.cut_off() => None,
        }
    }

    async fn repeat_until(&self, shard: Shard, envelope: Arc<CommandEnvelope>, deadline: Instant) -> Option<Reply> {
        let mut pause = PAUSE_MIN;
        let owner = || self.tails.get(usize::from(shard.0)).and_then(|tail| tail.progress().owner);
        // A try whose reply was lost may have been executed, regardless of a later try's reply.
        let mut uncertain = false;
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now());
            let seen = owner();
            let sent = self.transport.send(shard, envelope.clone(), remaining);
            let newest = match timeout_at(deadline, self.unless_moved(shard, &seen, sent)).await {
                // Sent without a reply: regardless of an earlier try's reply, this try may still be executed.
                Err(_) => return None,
                Ok(Some(Ok(Reply::Unavailable { retry: true, retry_after_ms, reason }))) => {
                    Some(Reply::Unavailable { retry: true, retry_after_ms, reason })
                }
                Ok(Some(Ok(reply))) => return Some(reply),
                Ok(None) => {
                    uncertain = true;
                    None
                }
                Ok(Some(Err(TransportError::Lost(reason)))) => {
                    tracing::debug!(%reason, "lost; sent again with the same id");
                    uncertain = true;
                    None
                }
            };
            if Instant::now() + pause >= deadline {
                return newest.filter(|_| !uncertain);
            }
            tokio::select! {
                biased;
                // Given back, or claimed: whoever has it now may answer at once, so it is asked often again.
                () = self.owner_changed(shard, &seen) => pause = PAUSE_MIN,
                () = sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
            }
        }
    }

    /// `None`: the shard has moved, and no reply came: what was sent may have met nobody. Servers drop a message that is on
    /// its way to an owner who has just unsubscribed, and tell nobody.
    async fn unless_moved<T>(&self, shard: Shard, seen: &Option<LogOwner>, sent: impl Future<Output = T>) -> Option<T> {
        let moved = async {
            self.owner_changed(shard, seen).await;
            sleep(REPLY_ON_ITS_WAY).await;
        };
        tokio::select! {
            biased;
            answer = sent => Some(answer),
            () = moved, if self.cluster.is_some() => None,
        }
    }

    /// Never, where the shard has no tail.
    async fn owner_changed(&self, shard: Shard, seen: &Option<LogOwner>) {
        match self.tails.get(usize::from(shard.0)) {
            Some(tail) => tail.owner_changed(seen).await,
            None => std::future::pending().await,
        }
    }

    pub(in crate::actors) fn tail_of(&self, key: &crate::domain::key::EntityKey) -> Option<&Arc<Tail>> {
        self.tails.get(usize::from(key.shard_of(self.journal.shards())))
    }
}
