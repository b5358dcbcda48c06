//! Leaving memory: idle entities, and the least used ones beyond the cap, by `drain()` only, which
//! loses no accepted message (`stop()` does).

use std::sync::{Arc, atomic::Ordering};

use ractor::ActorRef;
use tokio::time::Instant;

use super::{ShardMsg, ShardState, Slot, SlotState};
use crate::{
    actors::{fast_map::FastMap, reply::SlotShared},
    domain::key::EntityKey,
};

/// Ended activations with commands that await a reply: their commits may not be durable yet, so the next activation
/// must wait for the committer first.
#[derive(Default)]
pub(super) struct Retired(FastMap<EntityKey, Vec<Arc<SlotShared>>>);

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

impl Slot {
    /// Returns whether the entity has work in progress, and whether it received a command since the hand last passed;
    /// records the pass.
    fn look(&mut self, now: Instant) -> (bool, bool) {
        let used = std::mem::take(&mut self.used);
        if used {
            (self.idle_since, self.crashes) = (now, 0);
        }
        (self.shared.under_way.load(Ordering::Acquire) > 0, used)
    }

    /// Closes a running entity's mailbox; the entity ends when the mailbox is empty. Returns whether it was running.
    fn drain(&mut self) -> bool {
        let SlotState::Running(actor) = &self.state else { return false };
        let open = actor.drain().is_ok();
        if open {
            self.state = SlotState::Draining(actor.clone(), Vec::new());
        }
        open
    }
}

/// Entities that an activation checks for one to passivate.
const LOOKS: usize = 8;

impl ShardState {
    /// At the bound each activation passivates one entity: the sweep runs only every second, and a crowd of newcomers
    /// would be resident until then. Second chance, with a bound: if every idle entity was used since the last round,
    /// the first idle one is passivated.
    pub(super) fn make_room(&mut self) {
        if self.args.residents.load(Ordering::Acquire) < self.args.settings.actors.resident_max {
            return;
        }
        let (now, mut spared) = (Instant::now(), None);
        for _ in 0..LOOKS.min(self.hand.len()) {
            let Some(key) = self.hand.pop_front() else { return };
            let Some(slot) = self.slots.get_mut(&key) else { continue };
            if !matches!(slot.state, SlotState::Running(_)) {
                continue;
            }
            let (busy, used) = slot.look(now);
            if !busy && !used && slot.drain() {
                return;
            }
            if !busy && spared.is_none() {
                spared = Some(key.clone());
            }
            self.hand.push_back(key);
        }
        // Its entry in the hand is then stale, and dropped when the hand passes.
        if let Some(slot) = spared.and_then(|key| self.slots.get_mut(&key)) {
            slot.drain();
        }
    }

    /// One round of the clock over the residents: passivates entities without a command for `idle_timeout`; over the
    /// cap also entities without a command since the last round, oldest first.
    pub(super) fn sweep(&mut self, myself: &ActorRef<ShardMsg>) {
        self.sweeping = false;
        self.retired.clean();
        let (now, idle) = (Instant::now(), self.args.settings.actors.idle_timeout());
        let residents = self.args.residents.load(Ordering::Acquire);
        let over = residents.saturating_sub(self.args.settings.actors.resident_max);
        // This shard's part of what is too much.
        let mut excess = (over * self.slots.len()).div_ceil(residents.max(1));
        self.round += 1;
        for _ in 0..self.hand.len() {
            let Some(key) = self.hand.pop_front() else { return };
            let Some(slot) = self.slots.get_mut(&key) else { continue };
            if !matches!(slot.state, SlotState::Running(_))
                || std::mem::replace(&mut slot.round, self.round) == self.round
            {
                continue;
            }
            let (busy, used) = slot.look(now);
            let go = !busy && (now.duration_since(slot.idle_since) >= idle || (excess > 0 && !used));
            if go && slot.drain() {
                excess = excess.saturating_sub(1);
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
}
