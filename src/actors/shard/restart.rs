//! Supervision (G6): a crashed entity starts again by replay after a back-off; a command that crashes it repeatedly is
//! quarantined; no other entity is affected.

use std::sync::atomic::Ordering;

use ractor::{ActorId, ActorRef};
use tokio::time::sleep;

use super::{Phase, ShardMsg, ShardState, SlotState};
use crate::{
    actors::{entity::EntityMsg, ports::Reply},
    domain::{ids::CommandId, key::EntityKey},
};

/// Quarantined commands remembered for each shard; beyond it the oldest may try again.
const QUARANTINE_MAX: usize = 1024;
/// Crashes in a row after which an entity is started again only by its next command.
const IDLE_CRASHES_MAX: u32 = 8;
/// Suspects counted at a time; beyond it the counts start again.
const SUSPECTS_MAX: usize = 4096;

impl ShardState {
    /// An actor ended in order: it was passivated. A command that arrived meanwhile starts it again.
    pub(super) async fn ended(&mut self, myself: &ActorRef<ShardMsg>, actor: ActorId) {
        let Some(key) = self.keys.remove(&actor) else { return };
        let Some(slot) = self.slots.remove(&key) else { return };
        self.count_residents(-1);
        self.args.meter.passivations.increment(1);
        if slot.shared.inflight.load(Ordering::Acquire) > 0 {
            self.retired.add(key.clone(), slot.shared.clone());
        }
        let waiting = match slot.state {
            SlotState::Running(_) => Vec::new(),
            SlotState::Draining(_, waiting) | SlotState::Resting(waiting) => waiting,
        };
        if !waiting.is_empty() {
            self.activate(myself, key, waiting, 0).await;
        }
    }

    pub(super) fn crashed(&mut self, myself: &ActorRef<ShardMsg>, actor: ActorId, error: &str) {
        let Some(key) = self.keys.remove(&actor) else { return };
        let Some(slot) = self.slots.get_mut(&key) else { return };
        self.args.meter.restarts.increment(1);
        let culprit = slot.shared.deciding();
        tracing::error!(kind = key.kind.name(), ?culprit, crashes = slot.crashes, error, "an entity crashed");
        let waiting = match &mut slot.state {
            SlotState::Running(_) => Vec::new(),
            SlotState::Draining(_, waiting) | SlotState::Resting(waiting) => std::mem::take(waiting),
        };
        let rest = self.args.settings.actors.backoff(slot.crashes);
        slot.crashes = slot.crashes.saturating_add(1);
        slot.state = SlotState::Resting(waiting);
        self.retired.add(key.clone(), slot.shared.clone());
        if let Some(command) = culprit {
            self.suspect(key.clone(), command);
        }
        let (myself, generation) = (myself.clone(), self.generation);
        tokio::spawn(async move {
            sleep(rest).await;
            let _ = myself.send_message(ShardMsg::Restart { key, generation });
        });
    }

    fn suspect(&mut self, key: EntityKey, command: CommandId) {
        if self.crashes.len() >= SUSPECTS_MAX {
            self.crashes.clear();
        }
        let count = self.crashes.entry((key.clone(), command)).or_default();
        *count += 1;
        if *count < self.args.settings.actors.quarantine_after {
            return;
        }
        self.crashes.remove(&(key.clone(), command));
        self.args.meter.quarantined.increment(1);
        tracing::error!(kind = key.kind.name(), %command, "command quarantined: it crashes its entity");
        if self.quarantined.len() == QUARANTINE_MAX
            && let Some(oldest) = self.quarantined.pop_front()
        {
            self.quarantine.remove(&oldest);
        }
        self.quarantined.push_back((key.clone(), command));
        self.quarantine.insert((key, command));
    }

    pub(super) async fn restart(&mut self, myself: &ActorRef<ShardMsg>, key: EntityKey, generation: u64) {
        if generation != self.generation || !matches!(self.phase, Phase::Serving { .. }) {
            return;
        }
        let Some(slot) = self.slots.get_mut(&key) else { return };
        let SlotState::Resting(waiting) = &mut slot.state else { return };
        let (waiting, crashes) = (std::mem::take(waiting), slot.crashes);
        let owes = slot.shared.under_way.load(Ordering::Acquire) > 0;
        self.slots.remove(&key);
        self.count_residents(-1);
        let (refused, waiting): (Vec<EntityMsg>, Vec<EntityMsg>) = waiting
            .into_iter()
            .partition(|message| self.quarantine.contains(&(key.clone(), message.envelope.command_id)));
        refused.into_iter().for_each(|message| message.reply.send(Reply::Quarantined));
        // No command waits for an entity that crashed repeatedly: the next command starts it.
        if waiting.is_empty() && !owes && crashes > IDLE_CRASHES_MAX {
            return;
        }
        self.activate(myself, key, waiting, crashes).await;
    }
}
