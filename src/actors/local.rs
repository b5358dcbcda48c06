//! This node's shards as the transport delivers to them: admission by permits (G7).
//!
//! ractor's mailboxes are unbounded, so a permit is taken before the send and released with the reply. Callers from
//! outside and the shop's own steps have separate permits: a flood of requests never keeps accepted work from
//! finishing.

use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicBool, Ordering},
};

use futures::future::BoxFuture;
use ractor::ActorRef;
use tokio::sync::{Semaphore, oneshot};

use super::{
    effects::Effects,
    meter::Meter,
    ports::{Ask, CommandEnvelope, Delivery, Placement, Reply, TransportError, journal::Shard},
    reply::ReplyTo,
    shard::ShardMsg,
};

pub(super) struct LocalShards {
    doors: Vec<Door>,
    effects: Effects,
    meter: Arc<Meter>,
    draining: AtomicBool,
    /// In a cluster: whether this node may reply at all.
    cluster: Option<Arc<dyn Placement>>,
}

struct Door {
    /// Empty while the shard's actor is (re)started. A lock, because a restart replaces what every request reads.
    actor: RwLock<Option<ActorRef<ShardMsg>>>,
    outside: Arc<Semaphore>,
    inside: Arc<Semaphore>,
}

impl LocalShards {
    pub(super) fn new(
        shards: u16,
        permits: usize,
        effects: Effects,
        meter: Arc<Meter>,
        cluster: Option<Arc<dyn Placement>>,
    ) -> Self {
        let door = |_| Door {
            actor: RwLock::new(None),
            outside: Arc::new(Semaphore::new(permits)),
            inside: Arc::new(Semaphore::new(permits)),
        };
        Self { doors: (0..shards).map(door).collect(), effects, meter, draining: AtomicBool::new(false), cluster }
    }

    pub(super) fn set(&self, shard: Shard, actor: Option<ActorRef<ShardMsg>>) {
        if let Some(door) = self.doors.get(usize::from(shard.0)) {
            *door.actor.write().unwrap_or_else(PoisonError::into_inner) = actor;
        }
    }

    pub(super) fn actor(&self, shard: Shard) -> Option<ActorRef<ShardMsg>> {
        self.doors.get(usize::from(shard.0))?.actor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// From now on no new work from outside is admitted.
    pub(super) fn close(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub(super) fn draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Sends the command to its shard, or returns the reason of its refusal at once.
    #[expect(clippy::result_large_err, reason = "a reply is moved once, and boxing it would cost more")]
    fn enter(&self, shard: Shard, envelope: Arc<CommandEnvelope>) -> Result<oneshot::Receiver<Reply>, Reply> {
        let unavailable =
            |reason: &str, retry| Reply::Unavailable { retry_after_ms: 1_000, reason: reason.into(), retry };
        let Some(door) = self.doors.get(usize::from(shard.0)) else {
            return Err(unavailable("no such shard", false));
        };
        if self.cluster.as_ref().is_some_and(|cluster| !cluster.connected()) {
            return Err(unavailable("this node is cut off from the cluster", true));
        }
        let permits = if envelope.origin.is_client() { &door.outside } else { &door.inside };
        if envelope.origin.is_client() {
            if self.draining() {
                return Err(unavailable("the node is stopping", false));
            }
            // Reads cause no effects.
            if self.effects.full() && !matches!(envelope.ask, Ask::Read) {
                self.meter.node_full.increment(1);
                return Err(Reply::Busy { retry_after_ms: 1_000 });
            }
        }
        let Ok(permit) = permits.clone().try_acquire_owned() else {
            self.meter.shard_full.increment(1);
            return Err(Reply::Busy { retry_after_ms: 100 });
        };
        let (asker, receiver) = oneshot::channel();
        let message = ShardMsg::Ask { envelope, reply: ReplyTo::new(asker, permit) };
        let door = door.actor.read().unwrap_or_else(PoisonError::into_inner);
        match door.as_ref().map(|actor| actor.send_message(message)) {
            Some(Ok(())) => Ok(receiver),
            Some(Err(_)) | None => Err(unavailable("the shard is starting", true)),
        }
    }
}

impl Delivery for LocalShards {
    fn deliver(
        &self,
        shard: Shard,
        envelope: Arc<CommandEnvelope>,
    ) -> BoxFuture<'static, Result<Reply, TransportError>> {
        let entered = self.enter(shard, envelope);
        Box::pin(async move {
            match entered {
                Err(reply) => Ok(reply),
                Ok(receiver) => receiver.await.map_err(|_| TransportError::Lost("the entity restarted".into())),
            }
        })
    }
}
