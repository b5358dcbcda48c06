//! A shard's orderly end on this node: for good (the process stops), or for a move to another node.
//!
//! Accepted commands are decided and made durable, the claim is released, the states are written. Pending effects in
//! flight are abandoned: the next owner derives them from the entities' states, and their ids keep each to one effect.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use ractor::ActorRef;
use tokio::sync::oneshot;

use super::{Phase, ShardArgs, ShardMsg, ShardState, SlotState};
use crate::actors::{
    entity::{EntityMsg, ShardHost},
    ports::journal::{Claim, Seq},
    status::ShardPhase,
};

/// One entity's last commands take at most this long.
const DRAIN_MAX: Duration = Duration::from_secs(5);

impl ShardState {
    /// The process stops.
    pub(super) fn drain(&mut self, done: oneshot::Sender<()>) {
        let ending = self.end(Phase::Drained);
        self.args.status.set(ShardPhase::Drained);
        tokio::spawn(async move {
            if let Some(ending) = ending {
                ending.run(true).await;
            }
            let _ = done.send(());
        });
    }

    /// Another node takes over the shard.
    pub(super) fn give_up(&mut self, myself: &ActorRef<ShardMsg>) {
        let Some(ending) = self.end(Phase::Yielding) else { return };
        self.args.status.set(ShardPhase::Yielding);
        self.args.meter.yields.increment(1);
        let (generation, myself) = (self.generation, myself.clone());
        tokio::spawn(async move {
            ending.run(false).await;
            let _ = myself.send_message(ShardMsg::Yielded { generation });
        });
    }

    pub(super) fn yielded(&mut self, myself: &ActorRef<ShardMsg>, generation: u64) {
        if generation == self.generation && matches!(self.phase, Phase::Yielding) {
            self.discard();
            self.stand_by(myself);
        }
    }

    /// From now on no new command is admitted. `None`: the shard was not served.
    fn end(&mut self, next: Phase) -> Option<Ending> {
        let Phase::Serving { host, claim, .. } = std::mem::replace(&mut self.phase, next) else { return None };
        self.args.serving(false);
        host.until.cancel();
        let running = |slot: &super::Slot| match &slot.state {
            SlotState::Running(actor) | SlotState::Draining(actor, _) => Some(actor.clone()),
            SlotState::Resting(_) => None,
        };
        // In key order, like `discard`.
        let mut slots: Vec<_> = self.slots.iter().filter_map(|(key, slot)| Some((key, running(slot)?))).collect();
        slots.sort_by(|a, b| a.0.cmp(b.0));
        let actors = slots.into_iter().map(|(_, actor)| actor).collect();
        Some(Ending { args: self.args.clone(), host, claim, actors })
    }
}

struct Ending {
    args: Arc<ShardArgs>,
    host: Arc<ShardHost>,
    claim: Claim,
    actors: Vec<ActorRef<EntityMsg>>,
}

impl Ending {
    /// `flush`: also write the states before returning.
    async fn run(self, flush: bool) {
        for actor in &self.actors {
            // All at once: each drains while the first is awaited.
            let _ = actor.drain();
        }
        for actor in self.actors {
            let _ = actor.drain_and_wait(Some(DRAIN_MAX)).await;
        }
        if !self.host.committer.barrier().await {
            return;
        }
        let end: Seq = self.host.committed.load(Ordering::Acquire);
        if let Err(error) = self.args.journal.release(self.claim, end).await {
            tracing::warn!(shard = self.args.shard.0, %error, "the claim was not given back");
        }
        if flush
            && self.args.tail.folded(end).await.is_ok()
            && let Err(error) = self.args.tail.flush_all()
        {
            tracing::warn!(shard = self.args.shard.0, %error, "the last states were not written: the next start folds them again");
        }
    }
}
