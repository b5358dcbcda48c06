//! From a command to its entity's mailbox; activation when there is none.

use std::sync::Arc;

use ractor::{Actor, ActorRef, MessagingErr};
use tokio::time::Instant;

use super::{Phase, ShardMsg, ShardState, Slot, SlotState, absent::may_need_no_actor};
use crate::{
    actors::{
        committer::Item,
        entity::{EntityActor, EntityArgs, EntityMsg},
        ports::{Ask, CommandEnvelope, Reply},
        reply::{ReplyTo, SlotShared},
    },
    domain::key::EntityKey,
};

impl ShardState {
    /// `needs_actor`: found so already.
    pub(super) async fn route(
        &mut self,
        myself: &ActorRef<ShardMsg>,
        envelope: Arc<CommandEnvelope>,
        mut reply: ReplyTo,
        needs_actor: bool,
    ) {
        match &mut self.phase {
            Phase::Opening { waiting, trouble: None } => return waiting.push((envelope, reply)),
            Phase::Opening { trouble: Some(trouble), .. } => {
                let trouble = trouble.clone();
                return self.answer_in_trouble(&envelope, reply, &trouble);
            }
            Phase::Standby | Phase::Yielding => {
                let reason = format!("shard {} is with another node", self.args.shard.0).into();
                return reply.send(Reply::Unavailable { retry_after_ms: 500, reason, retry: true });
            }
            Phase::Drained => {
                let reason = "the node is stopping".into();
                return reply.send(Reply::Unavailable { retry_after_ms: 1_000, reason, retry: false });
            }
            Phase::Serving { host, .. } => {
                if let Ask::Position(proof) = envelope.ask {
                    return host.committer.hand_over(Item::Position { proof, reply });
                }
            }
        }
        let key = envelope.key.clone();
        if !self.quarantine.is_empty() && self.quarantine.contains(&(key.clone(), envelope.command_id)) {
            return reply.send(Reply::Quarantined);
        }
        if !self.slots.contains_key(&key) {
            if !needs_actor && may_need_no_actor(&envelope) {
                return self.look_for(myself, envelope, reply);
            }
            self.activate(myself, key.clone(), Vec::new(), 0).await;
        }
        let Some(slot) = self.slots.get_mut(&key) else {
            // Activation failed outright; dropping the reply makes the gateway retry.
            return;
        };
        slot.used = true;
        if envelope.origin.is_client() && !reply.admit(&slot.shared, self.args.settings.actors.entity_inflight_max) {
            self.args.meter.entity_full.increment(1);
            return reply.send(Reply::Busy { retry_after_ms: 50 });
        }
        // The shop's own steps are bounded by the effects in flight, not by the entity's admission.
        reply.admit(&slot.shared, u32::MAX);
        slot.take(EntityMsg { envelope, reply });
    }

    /// Starts an entity's actor: `spawn_linked` returns at once, the mailbox gathers while the state loads.
    pub(super) async fn activate(
        &mut self,
        myself: &ActorRef<ShardMsg>,
        key: EntityKey,
        waiting: Vec<EntityMsg>,
        crashes: u32,
    ) {
        if matches!(self.phase, Phase::Serving { .. }) {
            self.make_room();
        }
        let Phase::Serving { host, .. } = &self.phase else { return };
        let shared = Arc::new(SlotShared::default());
        let after_crash = self.retired.uncommitted(&key);
        let args = EntityArgs { key: key.clone(), slot: shared.clone(), host: host.clone(), after_crash };
        match EntityActor::spawn_linked(None, EntityActor, args, myself.get_cell()).await {
            Ok((actor, _)) => {
                self.keys.insert(actor.get_id(), key.clone());
                let state = SlotState::Running(actor);
                let mut slot = Slot { shared, state, used: true, idle_since: Instant::now(), round: 0, crashes };
                waiting.into_iter().for_each(|message| slot.take(message));
                self.hand.push_back(key.clone());
                self.slots.insert(key, slot);
                self.args.meter.activations.increment(1);
                self.count_residents(1);
                self.sweep_later(myself);
            }
            Err(error) => tracing::error!(shard = self.args.shard.0, %error, "an entity's actor did not start"),
        }
    }
}

impl Slot {
    /// Into the mailbox, or into the wait for the next activation; a message is never lost here.
    pub(super) fn take(&mut self, message: EntityMsg) {
        match &mut self.state {
            SlotState::Draining(_, waiting) | SlotState::Resting(waiting) => waiting.push(message),
            SlotState::Running(actor) => {
                if let Err(MessagingErr::SendErr(message)) = actor.send_message(message) {
                    // The actor ended at this moment; its supervision event is on the way and activates the entity
                    // again.
                    self.state = SlotState::Draining(actor.clone(), vec![message]);
                }
            }
        }
    }
}
