//! Follows placement and log: when this shard's actor claims, yields or stops ([`ownership`] decides).
//!
//! [`ownership`]: crate::actors::ownership

use std::time::Duration;

use ractor::ActorRef;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Phase, ShardArgs, ShardMsg, ShardState};
use crate::actors::{
    ownership::{OwnershipStep, Situation, decide},
    status::ShardPhase,
};

/// Interval of checks for changes without an event (this node is connected again).
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// The next ownership step, by this node's beliefs.
pub(super) fn move_of(args: &ShardArgs, serving: Option<u64>) -> OwnershipStep {
    let (hint, log) = (args.placement.hint(), args.tail.progress().owner);
    decide(&Situation {
        me: &args.settings.node,
        shard: args.shard,
        hint: &hint,
        connected: args.placement.connected(),
        log: log.as_ref(),
        serving,
    })
}

impl ShardState {
    /// Wakes this actor on every change that may concern its shard. On one machine there is none.
    pub(super) fn watch(&mut self, myself: &ActorRef<ShardMsg>) {
        if self.args.settings.lease.is_none() {
            return;
        }
        let (args, myself, ended) = (self.args.clone(), myself.clone(), CancellationToken::new());
        self._watch = Some(ended.clone().drop_guard());
        tokio::spawn(async move {
            let (mut generation, mut owner) = (args.placement.hint().generation, args.tail.progress().owner);
            loop {
                tokio::select! {
                    biased;
                    () = ended.cancelled() => return,
                    () = args.placement.changed(generation) => generation = args.placement.hint().generation,
                    () = args.tail.owner_changed(&owner) => owner = args.tail.progress().owner,
                    () = sleep(LOOK_AGAIN) => {}
                }
                if myself.send_message(ShardMsg::Reevaluate).is_err() {
                    return;
                }
            }
        });
    }

    pub(super) fn consider(&mut self, myself: &ActorRef<ShardMsg>) {
        let serving = match &self.phase {
            Phase::Standby => None,
            Phase::Serving { claim, .. } => Some(claim.epoch),
            // A step is in progress; the decision is repeated at its end.
            Phase::Opening { .. } | Phase::Yielding | Phase::Drained => return,
        };
        match move_of(&self.args, serving) {
            OwnershipStep::Stay => {}
            OwnershipStep::Claim => {
                self.phase = Phase::Opening { waiting: Vec::new(), trouble: None };
                self.open(myself);
            }
            OwnershipStep::Yield => self.give_up(myself),
            OwnershipStep::Stop => {
                tracing::warn!(shard = self.args.shard.0, "another node has claimed the shard");
                self.args.meter.fenced.increment(1);
                self.discard();
                self.stand_by(myself);
            }
        }
    }

    /// Stops serving; the next evaluation decides whether to claim again.
    pub(super) fn stand_by(&mut self, myself: &ActorRef<ShardMsg>) {
        self.phase = Phase::Standby;
        self.args.status.set(ShardPhase::Standby);
        // On one machine no watch triggers an evaluation: the claim begins at once.
        self.consider(myself);
    }

    /// A claim was abandoned before it was won: waiting callers retry at the owner.
    pub(super) fn stood_down(&mut self, generation: u64) {
        if generation == self.generation && matches!(self.phase, Phase::Opening { .. }) {
            self.phase = Phase::Standby;
            self.args.status.set(ShardPhase::Standby);
        }
    }
}
