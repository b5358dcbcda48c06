//! Leaving memory: idle entities, and the least used ones beyond the cap, by `drain()` only, which
//! loses no accepted message (`stop()` does). Also the orderly end of the whole shard.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
};

use ractor::ActorRef;
use tokio::{sync::oneshot, time::Instant};

use super::{Phase, ShardMsg, ShardState, SlotState};
use crate::{
    actors::{reply::SlotShared, status::ShardPhase},
    domain::key::EntityKey,
};

/// Ended activations with unanswered commands: their commits may not be durable yet, so the next
/// activation must wait for the committer first.
#[derive(Default)]
pub(super) struct Retired(HashMap<EntityKey, Vec<Arc<SlotShared>>>);

impl Retired {
    pub(super) fn add(&mut self, key: EntityKey, slot: Arc<SlotShared>) {
        self.0.entry(key).or_default().push(slot);
    }

    /// Whether an earlier activation may still have commits on the way.
    pub(super) fn uncommitted(&mut self, key: &EntityKey) -> bool {
        let Some(slots) = self.0.get_mut(key) else { return false };
        slots.retain(|slot| slot.inflight.load(Ordering::Acquire) > 0);
        let waiting = !slots.is_empty();
        if !waiting {
            self.0.remove(key);
        }
        waiting
    }

    pub(super) fn clean(&mut self) {
        self.0.retain(|_, slots| {
            slots.retain(|slot| slot.inflight.load(Ordering::Acquire) > 0);
            !slots.is_empty()
        });
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl ShardState {
    /// One round of the clock over the residents: those that were not asked for since `idle_timeout`
    /// go; over the cap, those not asked for since the last round go too, oldest first.
    pub(super) fn sweep(&mut self, myself: &ActorRef<ShardMsg>) {
        self.sweeping = false;
        self.retired.clean();
        let (now, idle) = (Instant::now(), self.args.settings.idle_timeout);
        let residents = self.args.residents.load(Ordering::Acquire);
        let over = residents.saturating_sub(self.args.settings.resident_max);
        // This shard's part of what is too much.
        let mut excess = (over * self.slots.len()).div_ceil(residents.max(1));
        self.round += 1;
        for _ in 0..self.hand.len() {
            let Some(key) = self.hand.pop_front() else { return };
            let Some(slot) = self.slots.get_mut(&key) else { continue };
            let SlotState::Running(actor) = &slot.state else { continue };
            if std::mem::replace(&mut slot.round, self.round) == self.round {
                continue;
            }
            let busy = slot.shared.under_way.load(Ordering::Acquire) > 0;
            let used = std::mem::take(&mut slot.used);
            if used {
                slot.idle_since = now;
                slot.crashes = 0;
            }
            let go = !busy && (now.duration_since(slot.idle_since) >= idle || (excess > 0 && !used));
            if go && actor.drain().is_ok() {
                excess = excess.saturating_sub(1);
                slot.state = SlotState::Draining(actor.clone(), Vec::new());
            } else {
                self.hand.push_back(key);
            }
        }
        self.args.meter.residents.set(residents as f64);
        self.sweep_later(myself);
    }

    pub(super) fn sweep_later(&mut self, myself: &ActorRef<ShardMsg>) {
        if !self.sweeping && !self.slots.is_empty() {
            self.sweeping = true;
            myself.send_after(self.args.settings.sweep_interval(), || ShardMsg::Sweep);
        }
    }

    pub(super) fn count_residents(&self, by: isize) {
        if by >= 0 {
            self.args.residents.fetch_add(by.unsigned_abs(), Ordering::AcqRel);
        } else {
            self.args.residents.fetch_sub(by.unsigned_abs(), Ordering::AcqRel);
        }
    }

    /// The end: what was accepted is decided and made durable, the states are written, the claim is given back.
    pub(super) fn drain(&mut self, done: oneshot::Sender<()>) {
        let Phase::Serving { host, claim, committed, .. } = std::mem::replace(&mut self.phase, Phase::Drained) else {
            let _ = done.send(());
            return;
        };
        self.args.status.set(ShardPhase::Drained);
        host.until.cancel();
        let actors: Vec<_> = self
            .slots
            .values()
            .map(|slot| match &slot.state {
                SlotState::Running(actor) | SlotState::Draining(actor, _) => Some(actor.clone()),
                SlotState::Resting(_) => None,
            })
            .collect();
        let args = self.args.clone();
        tokio::spawn(async move {
            for actor in actors.into_iter().flatten() {
                let _ = actor.drain_and_wait(Some(DRAIN_MAX)).await;
            }
            host.committer.barrier().await;
            let end = committed.load(Ordering::Acquire);
            if let Err(error) = args.journal.release(claim, end).await {
                tracing::warn!(shard = args.shard.0, %error, "the claim was not given back");
            }
            if args.tail.folded(end).await.is_ok()
                && let Err(error) = args.tail.flush(true)
            {
                tracing::warn!(shard = args.shard.0, %error, "the last states were not written: the next start folds them again");
            }
            let _ = done.send(());
        });
    }
}

/// One entity's last commands take at most this long.
const DRAIN_MAX: std::time::Duration = std::time::Duration::from_secs(5);
