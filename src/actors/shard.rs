//! The shard: owner of its entities, of the only map from key to actor, and of one claim on its log.
//!
//! Invariant: an entity has at most one actor. A newcomer for an entity that is passivating or resting after a crash
//! waits in that entity's slot, in order, bounded by its permits. Invariant: a generation serves between one claim and
//! its first failed append; all its actors end with it, because their states contain events that were never committed.

mod absent;
mod claim_failure;
mod hand_over;
mod open;
mod own;
mod passivate;
mod restart;
mod route;

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, atomic::AtomicUsize},
};

use ractor::{Actor, ActorId, ActorProcessingErr, ActorRef, SupervisionEvent};
use tokio::sync::oneshot;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::{claim_failure::ClaimFailure, open::Opened, passivate::Retired};
use super::{
    effects::Effects,
    entity::{EntityMsg, ShardHost},
    fast_map::FastMap,
    gateway::Core,
    meter::Meter,
    ports::{
        Clock, CommandEnvelope, Journal, Placement,
        journal::{AppendError, Claim, Shard},
    },
    probe::Probe,
    reply::{ReplyTo, SlotShared},
    settings::ActorSettings,
    status::{ShardPhase, ShardStatus},
    tail::Tail,
};
use crate::domain::{ids::CommandId, key::EntityKey};

pub(super) struct ShardActor;

pub(super) enum ShardMsg {
    Ask {
        envelope: Arc<CommandEnvelope>,
        reply: ReplyTo,
    },
    /// A request that was looked at without an actor, and needs one.
    NeedsActor {
        envelope: Arc<CommandEnvelope>,
        reply: ReplyTo,
    },
    /// The placement or the log's owner may have changed: decide the next ownership step.
    Reevaluate,
    /// The claim is won and folded: serve.
    Opened(Box<Opened>),
    /// The claim cannot be won any more, or is no longer this node's to make.
    BecameStandby {
        generation: u64,
    },
    /// Drained and released.
    Yielded {
        generation: u64,
    },
    /// A claim failed and is tried again: waiting callers are notified.
    ClaimFailure {
        generation: u64,
        trouble: ClaimFailure,
    },
    /// The generation's append failed: everything speculative is discarded.
    Failed {
        generation: u64,
        error: AppendError,
    },
    /// A crashed entity's back-off is over.
    Restart {
        key: EntityKey,
        generation: u64,
    },
    /// Passivate idle entities.
    Sweep,
    /// No more work from outside; replies once every entity is drained and its commits are durable.
    Drain(oneshot::Sender<()>),
}

pub(super) struct ShardArgs {
    pub(super) shard: Shard,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) placement: Arc<dyn Placement>,
    pub(super) tail: Arc<Tail>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) effects: Effects,
    pub(super) core: std::sync::Weak<Core>,
    pub(super) meter: Arc<Meter>,
    pub(super) probe: Arc<dyn Probe>,
    pub(super) status: Arc<ShardStatus>,
    /// Resident entities of the whole node.
    pub(super) residents: Arc<AtomicUsize>,
    pub(super) settings: ActorSettings,
}

pub(super) struct ShardState {
    args: Arc<ShardArgs>,
    phase: Phase,
    generation: u64,
    /// The generation before this one ended by a failed append: the next claim waits a moment.
    rest: bool,
    slots: FastMap<EntityKey, Slot>,
    keys: FastMap<ActorId, EntityKey>,
    /// Ended activations whose commits may still be with the committer.
    retired: Retired,
    /// The passivation clock's hand: second chance over the residents.
    hand: VecDeque<EntityKey>,
    round: u64,
    /// A sweep is scheduled; none is without residents.
    sweeping: bool,
    crashes: HashMap<(EntityKey, CommandId), u32>,
    /// By entity and command: by the id alone, one entity's quarantine would affect another's.
    quarantine: HashSet<(EntityKey, CommandId)>,
    quarantined: VecDeque<(EntityKey, CommandId)>,
    /// Ends the watch over placement and log with this actor.
    _watch: Option<DropGuard>,
}

enum Phase {
    /// Owned by another node, or not owned yet: callers receive `Unavailable` at once.
    Standby,
    /// A claim is in flight; callers wait here, bounded by the shard's permits. After a failed claim they receive a
    /// reply at once instead.
    Opening {
        waiting: Vec<(Arc<CommandEnvelope>, ReplyTo)>,
        trouble: Option<ClaimFailure>,
    },
    Serving {
        host: Arc<ShardHost>,
        claim: Claim,
        /// Ends alarms and effects with the generation, also when this actor fails.
        _until: DropGuard,
    },
    /// Finishing accepted commands, to release the shard to another node.
    Yielding,
    Drained,
}

struct Slot {
    shared: Arc<SlotShared>,
    state: SlotState,
    /// Received a command since the hand last passed.
    used: bool,
    idle_since: tokio::time::Instant,
    /// The sweep that last checked the slot: a key that is in the clock twice is dropped once.
    round: u64,
    /// Crashes in a row, for the back-off.
    crashes: u32,
}

enum SlotState {
    /// Starting or running: the mailbox takes commands while the state loads.
    Running(ActorRef<EntityMsg>),
    /// Passivating: its mailbox is closed; newcomers wait for the next activation.
    Draining(ActorRef<EntityMsg>, Vec<EntityMsg>),
    /// Resting after a crash.
    Resting(Vec<EntityMsg>),
}

impl Actor for ShardActor {
    type Msg = ShardMsg;
    type State = ShardState;
    type Arguments = Arc<ShardArgs>;

    async fn pre_start(&self, _: ActorRef<ShardMsg>, args: Arc<ShardArgs>) -> Result<ShardState, ActorProcessingErr> {
        Ok(ShardState {
            args,
            phase: Phase::Standby,
            generation: 0,
            rest: false,
            slots: FastMap::default(),
            keys: FastMap::default(),
            retired: Retired::default(),
            hand: VecDeque::new(),
            round: 0,
            sweeping: false,
            crashes: HashMap::new(),
            quarantine: HashSet::new(),
            quarantined: VecDeque::new(),
            _watch: None,
        })
    }

    async fn post_start(&self, myself: ActorRef<ShardMsg>, state: &mut ShardState) -> Result<(), ActorProcessingErr> {
        state.args.status.set(ShardPhase::Standby);
        state.watch(&myself);
        state.consider(&myself);
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<ShardMsg>,
        message: ShardMsg,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        match message {
            ShardMsg::Ask { envelope, reply } => state.route(&myself, envelope, reply, false).await,
            ShardMsg::NeedsActor { envelope, reply } => state.route(&myself, envelope, reply, true).await,
            ShardMsg::Reevaluate => state.consider(&myself),
            ShardMsg::BecameStandby { generation } => state.stood_down(generation),
            ShardMsg::Yielded { generation } => state.yielded(&myself, generation),
            ShardMsg::Opened(opened) => state.opened(&myself, *opened).await,
            ShardMsg::ClaimFailure { generation, trouble } => state.trouble(generation, trouble),
            ShardMsg::Failed { generation, error } => state.failed(&myself, generation, &error),
            ShardMsg::Restart { key, generation } => state.restart(&myself, key, generation).await,
            ShardMsg::Sweep => state.sweep(&myself),
            ShardMsg::Drain(done) => state.drain(done),
        }
        Ok(())
    }

    /// Overridden, because ractor's default stops the parent when a child fails (G6).
    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<ShardMsg>,
        event: SupervisionEvent,
        state: &mut ShardState,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => {}
            SupervisionEvent::ActorTerminated(actor, _, _) => state.ended(&myself, actor.get_id()).await,
            SupervisionEvent::ActorFailed(actor, error) => state.crashed(&myself, actor.get_id(), &error.to_string()),
        }
        Ok(())
    }

    async fn post_stop(&self, _: ActorRef<ShardMsg>, state: &mut ShardState) -> Result<(), ActorProcessingErr> {
        state.discard();
        Ok(())
    }
}

/// Ends with its generation: effects, alarms.
type Until = CancellationToken;

/// When this actor ends, in any way, its entities no longer count.
impl Drop for ShardState {
    fn drop(&mut self) {
        self.count_residents(-(self.slots.len() as isize));
    }
}
