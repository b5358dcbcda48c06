//! Performs pending effects: commands to other entities and calls to connectors.
//!
//! Each pending step is tried until its outcome is known, and the outcome goes back to the sender as a command. Every
//! try carries ids derived from the sender and the step alone, so that retries, and the same step begun again after a
//! crash, have one effect. No durable state is kept here: a restart derives the steps again from the entities' states.

mod pace;

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use self::pace::Pace;
use super::{
    connectors::{Connectors, NoAnswer},
    gateway::Core,
    ports::{CommandEnvelope, ConnectorEntry, ConnectorFault, Reply},
    settings::ActorSettings,
};
use crate::domain::{
    effect::{Outcome, Request},
    external::ExternalCall,
    key::EntityKey,
    kinds::{AnyCommand, AnyEffect},
};

/// How long an outcome waits for the update that makes it needless ([`AnyEffect::outcome_may_wait`]): the usual time of
/// a capture, with room.
const OUTCOME_WAIT: Duration = Duration::from_millis(500);

/// One pending step, as its entity hands it out.
pub(super) struct PendingEffect {
    pub(super) source: EntityKey,
    pub(super) id: Arc<str>,
    pub(super) effect: AnyEffect,
    /// Outcomes that left this step pending; each makes the next try wait longer.
    pub(super) attempt: u32,
    /// Ends with the generation of the shard that owns the source.
    pub(super) until: CancellationToken,
}

#[derive(Clone)]
pub(super) struct Effects(Arc<Inner>);

struct Inner {
    /// Weak, because the gateway's core holds the effects.
    core: Weak<Core>,
    connectors: Connectors,
    /// Steps to other entities, which admission counts. Calls are counted for each connector separately: an outage
    /// outside must not close the shop.
    under_way: Arc<AtomicUsize>,
    pace: Pace,
    settings: ActorSettings,
}

impl Effects {
    pub(super) fn new(core: Weak<Core>, connectors: Vec<ConnectorEntry>, settings: ActorSettings) -> Self {
        let connectors = Connectors::new(connectors);
        let pace = Pace::new(settings.actors.background_per_second, settings.actors.background_waiting_max);
        Self(Arc::new(Inner { core, connectors, under_way: Arc::default(), pace, settings }))
    }

    /// All steps, including calls to connectors.
    pub(super) fn under_way(&self) -> usize {
        self.0.under_way.load(Ordering::Acquire) + self.0.connectors.pending()
    }

    /// Admission refuses new work from outside while this many steps are in flight (G7).
    pub(super) fn full(&self) -> bool {
        self.0.under_way.load(Ordering::Acquire) >= self.0.settings.actors.effects_inflight_max
    }

    /// Whether the connector's budget is used up; false for an unknown connector.
    pub(super) fn backed_up(&self, connector: &str) -> bool {
        self.0.connectors.get(connector).is_some_and(|entry| entry.backed_up())
    }

    pub(super) fn run(&self, pending: PendingEffect) {
        let inner = self.0.clone();
        let request = pending.effect.request();
        let counted = Counted::new(inner.counter(&request));
        tokio::spawn(async move {
            tokio::select! {
                biased;
                () = pending.until.cancelled() => {}
                () = inner.perform(&pending, request, counted) => {}
            }
        });
    }
}

/// Counts one step in flight for the lifetime of this value.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(counter: Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::AcqRel);
        Self(counter)
    }

    /// Idle time: the step holds no permit, and a shutdown does not wait for it.
    async fn idle(self, time: impl Future<Output = ()>) -> Self {
        let counter = self.0.clone();
        drop(self);
        time.await;
        Self::new(counter)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Inner {
    fn counter(&self, request: &Request) -> Arc<AtomicUsize> {
        match request {
            Request::Entity(..) => self.under_way.clone(),
            // A call without a connector waits for a start that registers one: nothing waits for the call meanwhile.
            Request::External(call) => {
                self.connectors.get(&call.connector).map(|entry| entry.counter().clone()).unwrap_or_default()
            }
        }
    }

    async fn perform(&self, pending: &PendingEffect, request: Request, mut counted: Counted) {
        if pending.attempt > 0 {
            sleep(self.settings.actors.backoff(pending.attempt - 1)).await;
        } else if pending.effect.in_background()
            && let Some(turn) = self.pace.turn(Instant::now())
        {
            counted = counted.idle(sleep_until(turn)).await;
        }
        let outcome = match request {
            Request::Entity(key, command) => self.ask(pending, key, command).await,
            Request::External(call) => self.call(pending, call).await,
        };
        if matches!(outcome, Some(Outcome::Accepted(_))) && pending.effect.outcome_may_wait() {
            counted = counted.idle(sleep(OUTCOME_WAIT)).await;
        }
        let command = outcome.and_then(|outcome| pending.effect.outcome(outcome));
        self.bring_back(pending, command).await;
        drop(counted);
    }

    /// Repeats the command until the target has decided. `None`: the target never decides (it has quarantined the
    /// command).
    async fn ask(&self, pending: &PendingEffect, key: EntityKey, command: AnyCommand) -> Option<Outcome> {
        let id = CommandEnvelope::request_id(&pending.source, &pending.id);
        let envelope = CommandEnvelope {
            omit_view: !pending.effect.reads_view(),
            ..CommandEnvelope::request(&pending.source, id, key, command)
        };
        match self.until_decided(Arc::new(envelope)).await {
            Reply::Done { view, .. } => Some(Outcome::Accepted(view)),
            Reply::Refused { rejection, .. } => Some(Outcome::Refused(rejection)),
            reply => {
                tracing::error!(source = %pending.source, step = %pending.id, ?reply, "a pending step cannot be done");
                None
            }
        }
    }

    /// Repeats the call until there is an answer. Without a connector of that name the step stays pending for a start
    /// that registers one.
    async fn call(&self, pending: &PendingEffect, call: ExternalCall) -> Option<Outcome> {
        let (source, step, connector) = (&pending.source, &pending.id, &call.connector);
        let Some(entry) = self.connectors.get(connector) else {
            tracing::error!(%source, %step, connector, "no such connector is configured: the step stays pending");
            return std::future::pending().await;
        };
        let mut attempt = 0;
        loop {
            match entry.call(call.port.clone()).await {
                Ok(answer) => return Some(Outcome::External(answer)),
                // The breaker has logged this, once for all calls.
                Err(open @ NoAnswer::CircuitOpen { .. }) => {
                    tracing::debug!(%source, %step, connector, %open, attempt, "a connector's call waits");
                }
                Err(NoAnswer::Fault(fault @ ConnectorFault::Invalid(_))) => {
                    tracing::error!(%source, %step, connector, %fault, attempt, "a connector cannot serve a call");
                }
                Err(NoAnswer::Fault(fault @ (ConnectorFault::TimedOut | ConnectorFault::Unavailable(_)))) => {
                    tracing::warn!(%source, %step, connector, %fault, attempt, "a connector's call failed");
                }
            }
            sleep(self.settings.actors.backoff(attempt)).await;
            attempt += 1;
        }
    }

    /// Notifies the sender, whose actor then knows that the step is no longer in flight.
    async fn bring_back(&self, pending: &PendingEffect, command: Option<AnyCommand>) {
        let id = CommandEnvelope::outcome_id(&pending.source, &pending.id, pending.attempt);
        let envelope = CommandEnvelope::outcome(pending.source.clone(), id, pending.id.clone(), command);
        let reply = self.until_decided(Arc::new(envelope)).await;
        if !matches!(reply, Reply::Done { .. } | Reply::Refused { .. }) {
            tracing::error!(source = %pending.source, step = %pending.id, ?reply, "an outcome could not be told");
        }
    }

    /// Repeats the same envelope until the command is decided, one way or the other.
    async fn until_decided(&self, envelope: Arc<CommandEnvelope>) -> Reply {
        let mut attempt = 0;
        loop {
            let Some(core) = self.core.upgrade() else {
                // The node is stopping: the next start derives the pending step again.
                std::future::pending().await
            };
            match core.send(envelope.clone(), self.settings.actors.effect_timeout()).await {
                Some(Reply::Busy { .. } | Reply::Unavailable { .. } | Reply::NoRoom { .. }) | None => {}
                Some(reply) => return reply,
            }
            drop(core);
            sleep(self.settings.actors.backoff(attempt)).await;
            attempt += 1;
        }
    }
}
