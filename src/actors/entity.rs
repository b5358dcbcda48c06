//! The actor that hosts one entity: decide, hand over, continue with the next command.
//!
//! It decides against its newest state, applies at once, and hands events and reply to the shard's committer. The state
//! therefore runs ahead of the durable log, and nothing that depends on the difference may leave except through the
//! committer. `post_start` loads the state: the mailbox gathers meanwhile, and a failure reaches the supervisor. A
//! panic anywhere here ends this entity alone.

mod handle;
mod pending;

use std::sync::{Arc, atomic::AtomicU64};

use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio_util::sync::CancellationToken;

use super::{
    committer::Committer,
    fast_map::FastMap,
    lease::Lease,
    meter::Meter,
    ports::{Clock, CommandEnvelope, Journal},
    probe::Probe,
    recent::Recent,
    reply::{ReplyTo, SlotShared},
    tail::Tail,
};
use crate::{
    actors::effects::Effects,
    domain::{key::EntityKey, kinds::AnyState},
};

pub(super) struct EntityActor;

pub(super) struct EntityMsg {
    pub(super) envelope: Arc<CommandEnvelope>,
    pub(super) reply: ReplyTo,
}

/// The values shared by all entities of one shard's generation.
pub(super) struct ShardHost {
    pub(super) committer: Committer,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) tail: Arc<Tail>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) effects: Effects,
    /// The newest acknowledged record of the shard.
    pub(super) committed: Arc<AtomicU64>,
    /// Cancelled when the generation ends.
    pub(super) until: CancellationToken,
    pub(super) lease: Arc<Lease>,
    pub(super) meter: Arc<Meter>,
    pub(super) probe: Arc<dyn Probe>,
}

pub(super) struct EntityArgs {
    pub(super) key: EntityKey,
    pub(super) slot: Arc<SlotShared>,
    pub(super) host: Arc<ShardHost>,
    /// The activation before this one left commits with the committer: they must be durable and folded first.
    pub(super) after_crash: bool,
}

pub(super) struct EntityState {
    key: EntityKey,
    slot: Arc<SlotShared>,
    host: Arc<ShardHost>,
    model: AnyState,
    version: u64,
    recent: Recent,
    /// Steps in flight, or returned and still pending.
    steps: FastMap<Arc<str>, Step>,
    after_crash: bool,
}

#[derive(Default)]
struct Step {
    running: bool,
    /// Outcomes that left the step pending: each makes the next try wait longer.
    returns: u32,
}

impl Actor for EntityActor {
    type Msg = EntityMsg;
    type State = EntityState;
    type Arguments = EntityArgs;

    /// Trivial, so that the shard never waits for a load.
    async fn pre_start(&self, _: ActorRef<EntityMsg>, args: EntityArgs) -> Result<EntityState, ActorProcessingErr> {
        let EntityArgs { key, slot, host, after_crash } = args;
        let (model, recent) = (AnyState::new(key.kind), Recent::default());
        Ok(EntityState { key, slot, host, model, version: 0, recent, steps: FastMap::default(), after_crash })
    }

    async fn post_start(&self, _: ActorRef<EntityMsg>, state: &mut EntityState) -> Result<(), ActorProcessingErr> {
        state.load().await?;
        Ok(())
    }

    async fn handle(
        &self,
        _: ActorRef<EntityMsg>,
        message: EntityMsg,
        state: &mut EntityState,
    ) -> Result<(), ActorProcessingErr> {
        state.slot.set_deciding(Some(message.envelope.command_id));
        let done = state.handle(message).await;
        state.slot.set_deciding(None);
        done
    }
}
