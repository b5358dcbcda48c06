//! A generation's beginning and end: claim, fold, serve; discard, and claim again.

use std::sync::{Arc, atomic::AtomicU64};

use ractor::ActorRef;
use tokio::time::{Instant, sleep};

use super::{Phase, ShardArgs, ShardMsg, ShardState, Until, claim_failure::ClaimFailure, own};
use crate::actors::{
    alarms,
    committer::CommitterTask,
    entity::ShardHost,
    lease::Lease,
    ownership::{OwnershipStep, wait_before_serving},
    ports::journal::{AppendError, Claim, JournalError},
    status::ShardPhase,
    tail::{Cause, TailError},
};

/// Failed claims after which other servers are tried.
const TURN_AWAY_EVERY: u32 = 4;

pub(in crate::actors) struct Opened {
    generation: u64,
    claim: Claim,
    /// Start of the claim: the lease counts from this time.
    started: Instant,
}

impl ShardState {
    /// Claims in a task of its own, so that callers can queue meanwhile; retries until the claim is won, or another
    /// node owns the shard.
    pub(super) fn open(&mut self, myself: &ActorRef<ShardMsg>) {
        self.generation += 1;
        let (generation, args, myself) = (self.generation, self.args.clone(), myself.clone());
        let rest = std::mem::take(&mut self.rest);
        args.status.set(ShardPhase::Opening);
        tokio::spawn(async move {
            let mut attempt = u32::from(rest);
            loop {
                if attempt > 0 {
                    sleep(args.settings.actors.backoff(attempt - 1)).await;
                }
                attempt += 1;
                let started = Instant::now();
                let folded = args.tail.progress().folded;
                let claim = match args.claim().await {
                    Ok(Some(claim)) => claim,
                    Ok(None) => return drop(myself.send_message(ShardMsg::BecameStandby { generation })),
                    Err(JournalError::LostRace) => continue,
                    Err(error) => {
                        args.status.trouble(&error.to_string());
                        let trouble = ClaimFailure::of_claim(&error);
                        let _ = myself.send_message(ShardMsg::ClaimFailure { generation, trouble });
                        tracing::warn!(shard = args.shard.0, %error, attempt, "claim failed");
                        if matches!(error, JournalError::Io(_)) && attempt % TURN_AWAY_EVERY == 0 {
                            args.journal.turn_away().await;
                        }
                        continue;
                    }
                };
                args.meter.claims.increment(1);
                // Folded records were in the log, so a later claim stands after them, or records were lost.
                if claim.seq <= folded {
                    let reason = format!(
                        "a claim stands at record {}, and the log was folded up to {folded}: records were lost; \
                         a restart folds what is left",
                        claim.seq
                    );
                    return args.tail.fail(Cause::Log, reason);
                }
                match args.folded(&claim).await {
                    Ok(()) => {
                        drop(myself.send_message(ShardMsg::Opened(Box::new(Opened { generation, claim, started }))))
                    }
                    Err(error) => args.status.trouble(&error.to_string()),
                }
                return;
            }
        });
    }

    pub(super) async fn opened(&mut self, myself: &ActorRef<ShardMsg>, opened: Opened) {
        let Phase::Opening { waiting, .. } = &mut self.phase else { return };
        if opened.generation != self.generation {
            return;
        }
        let waiting = std::mem::take(waiting);
        let (args, claim, until) = (self.args.clone(), opened.claim, Until::new());
        let committed = Arc::new(AtomicU64::new(claim.seq));
        let lease = Arc::new(Lease::new(args.settings.lease, opened.started));
        let committer = CommitterTask {
            claim: claim.clone(),
            generation: self.generation,
            journal: args.journal.clone(),
            clock: args.clock.clone(),
            effects: args.effects.clone(),
            shard: myself.clone(),
            committed: committed.clone(),
            placement: args.placement.clone(),
            lease: lease.clone(),
            meter: args.meter.clone(),
            settings: args.settings.clone(),
        };
        let host = Arc::new(ShardHost {
            committer: committer.start(),
            journal: args.journal.clone(),
            tail: args.tail.clone(),
            clock: args.clock.clone(),
            effects: args.effects.clone(),
            committed: committed.clone(),
            until: until.clone(),
            lease,
            meter: args.meter.clone(),
            probe: args.probe.clone(),
        });
        tracing::debug!(shard = args.shard.0, epoch = claim.epoch, seq = claim.seq, "shard open");
        args.status.open(claim.epoch);
        args.placement.acknowledged(args.shard, claim.seq);
        args.serving(true);
        let _until = until.clone().drop_guard();
        self.phase = Phase::Serving { host, claim, _until };
        alarms::start(args.tail.clone(), args.clock.clone(), args.core.clone(), until, args.settings.clone());
        // A caller that left meanwhile retries, if at all.
        for (envelope, reply) in waiting.into_iter().filter(|(_, reply)| reply.awaited()) {
            self.route(myself, envelope, reply, false).await;
        }
    }

    pub(super) fn failed(&mut self, myself: &ActorRef<ShardMsg>, generation: u64, error: &AppendError) {
        if generation != self.generation || matches!(self.phase, Phase::Drained) {
            return;
        }
        self.args.status.trouble(&error.to_string());
        self.discard();
        self.rest = true;
        match ClaimFailure::of_append(error) {
            // Still this node's shard, and only room is missing: committed views can be read while the claim is tried.
            Some(trouble) if self.args.settings.lease.is_none() => {
                self.phase = Phase::Opening { waiting: Vec::new(), trouble: Some(trouble) };
                self.open(myself);
            }
            Some(_) | None => self.stand_by(myself),
        }
    }

    /// Ends every actor of the generation. Accepted commands are dropped without a reply: a retry with the same id is
    /// decided against the committed state.
    pub(super) fn discard(&mut self) {
        if let Phase::Serving { host, .. } = &self.phase {
            host.until.cancel();
            self.args.serving(false);
        }
        // In key order: a simulation's run must not depend on a hash map's order.
        let mut slots: Vec<_> = self.slots.drain().collect();
        slots.sort_by(|a, b| a.0.cmp(&b.0));
        self.count_residents(-(slots.len() as isize));
        for (_, slot) in slots {
            if let super::SlotState::Running(actor) = slot.state {
                actor.kill();
            }
        }
        self.keys.clear();
        self.hand.clear();
        self.retired.clear();
    }
}

impl ShardArgs {
    /// `None`: must not be claimed. The folded log may be old and lack this node's own release or another's claim;
    /// acting on it would take a shard from a live owner and stop the shard for a lease. So the log is first folded to
    /// its current end. Another claim may still come between: then the race is lost, and the step is decided again.
    async fn claim(&self) -> Result<Option<Claim>, JournalError> {
        if self.settings.lease.is_some() {
            let end = self.journal.end(self.shard).await?;
            self.tail.folded(end).await.map_err(|error| JournalError::Io(error.to_string().into()))?;
            if own::move_of(self, None) != OwnershipStep::Claim {
                return Ok(None);
            }
        }
        self.journal.claim(self.shard, self.settings.node.clone()).await.map(Some)
    }

    /// Waits until the claim is folded, and until the previous owner can no longer reply.
    async fn folded(&self, claim: &Claim) -> Result<(), TailError> {
        self.tail.folded(claim.seq).await?;
        if let Some(owner) = self.tail.progress().owner.filter(|owner| owner.epoch == claim.epoch) {
            sleep(wait_before_serving(&self.settings.node, &owner, self.settings.lease)).await;
        }
        Ok(())
    }

    /// Notifies the transport, so that other nodes' commands for the shard come here, or no longer do.
    pub(super) fn serving(&self, serves: bool) {
        if let Some(core) = self.core.upgrade() {
            core.transport.serving(self.shard, serves);
        }
    }
}
