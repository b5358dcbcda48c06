//! Performing what entities owe: commands to other entities and calls to payment providers.
//!
//! Each pending step is tried until its outcome is known, and the outcome goes back to the sender as a
//! command. Every try carries ids derived from the sender and the step alone, so that retries, and
//! the same step begun again after a crash, have one effect. Nothing is kept here that matters: a
//! restart derives the steps anew from the entities' states.

use std::{
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::{Uuid, uuid};

use super::{
    gateway::Core,
    ports::{Ask, Envelope, PaymentGateway, Reply, expect_refusals, warn_of_refusal},
    settings::{ActorSettings, backoff},
};
use crate::domain::{
    effect::{Effect, Outcome, ProviderCall, Request},
    ids::CommandId,
    key::EntityKey,
    kinds::AnyCommand,
};

/// Space of the ids that follow from a sender and a step. Frozen: a restart must derive the same ones.
const STEPS: Uuid = uuid!("6f1c3c52-7e6e-4a0b-9b4f-2f3a3c1d9a10");

/// How long an outcome waits for the news that make it needless ([`Effect::outcome_may_wait`]): a capture's way, with room.
const OUTCOME_WAIT: Duration = Duration::from_millis(500);

/// One pending step, as its entity hands it out.
pub(super) struct PendingEffect {
    pub(super) source: EntityKey,
    pub(super) id: Arc<str>,
    pub(super) effect: Effect,
    /// Outcomes of this step that left it pending; each makes the next try wait longer.
    pub(super) attempt: u32,
    /// Ends with the generation of the shard that owns the source.
    pub(super) until: CancellationToken,
}

#[derive(Clone)]
pub(super) struct Effects(Arc<Inner>);

struct Inner {
    core: OnceLock<Weak<Core>>,
    providers: Vec<Arc<dyn PaymentGateway>>,
    /// Steps to other entities: what the door counts.
    under_way: AtomicUsize,
    /// Calls to payment providers, counted apart: their outage must not close the shop.
    calling: AtomicUsize,
    settings: ActorSettings,
}

impl Effects {
    pub(super) fn new(providers: Vec<Arc<dyn PaymentGateway>>, settings: ActorSettings) -> Self {
        providers.iter().for_each(|provider| expect_refusals(provider.name()));
        Self(Arc::new(Inner {
            core: OnceLock::new(),
            providers,
            under_way: AtomicUsize::new(0),
            calling: AtomicUsize::new(0),
            settings,
        }))
    }

    /// Weak, because the gateway's core holds the effects.
    pub(super) fn connect(&self, core: Weak<Core>) {
        let _ = self.0.core.set(core);
    }

    /// All steps, calls to providers too.
    pub(super) fn under_way(&self) -> usize {
        self.0.under_way.load(Ordering::Acquire) + self.calling()
    }

    pub(super) fn calling(&self) -> usize {
        self.0.calling.load(Ordering::Acquire)
    }

    /// No door for new work from outside while this many steps are under way (G7).
    pub(super) fn full(&self) -> bool {
        self.0.under_way.load(Ordering::Acquire) >= self.0.settings.effects_inflight_max
    }

    pub(super) fn run(&self, pending: PendingEffect) {
        let counted = Counted::new(&self.0, &pending);
        tokio::spawn(async move {
            let inner = counted.inner.clone();
            tokio::select! {
                biased;
                () = pending.until.cancelled() => {}
                () = inner.perform(&pending, counted) => {}
            }
        });
    }
}

/// One step under way, for as long as this lives.
struct Counted {
    inner: Arc<Inner>,
    calls: bool,
}

impl Counted {
    fn new(inner: &Arc<Inner>, pending: &PendingEffect) -> Self {
        let counted = Self { inner: inner.clone(), calls: matches!(pending.effect, Effect::Provider(_)) };
        counted.counter().fetch_add(1, Ordering::AcqRel);
        counted
    }

    fn counter(&self) -> &AtomicUsize {
        if self.calls { &self.inner.calling } else { &self.inner.under_way }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.counter().fetch_sub(1, Ordering::AcqRel);
    }
}

impl Inner {
    async fn perform(self: &Arc<Self>, pending: &PendingEffect, mut counted: Counted) {
        if pending.attempt > 0 {
            sleep(backoff(&self.settings, pending.attempt - 1)).await;
        }
        let outcome = match pending.effect.request() {
            Request::Entity(key, command) => self.ask(pending, key, command).await,
            Request::Provider(call) => self.call(pending, call).await,
        };
        if matches!(outcome, Some(Outcome::Accepted(_))) && pending.effect.outcome_may_wait() {
            // Nothing is done meanwhile: it takes no permit, and an end does not wait for it.
            drop(counted);
            sleep(OUTCOME_WAIT).await;
            counted = Counted::new(self, pending);
        }
        let ask = outcome.and_then(|outcome| pending.effect.outcome(outcome)).map_or(Ask::Wake, Ask::Command);
        self.bring_back(pending, ask).await;
        drop(counted);
    }

    /// Asks until the target has decided. `None`: it never will (the command is quarantined there).
    async fn ask(&self, pending: &PendingEffect, key: EntityKey, command: AnyCommand) -> Option<Outcome> {
        let envelope = Arc::new(Envelope {
            command_id: CommandId::derive(STEPS, &format!("{}|{}", pending.source, pending.id)),
            key,
            by: pending.source.to_string().into(),
            ask: Ask::Command(command),
            expected_version: None,
            fingerprint: 0,
            outcome_of: None,
            internal: true,
            omit_view: !pending.effect.reads_view(),
        });
        match self.until_decided(envelope).await {
            Reply::Done { view, .. } => Some(Outcome::Accepted(view)),
            Reply::Refused { rejection, .. } => Some(Outcome::Refused(rejection)),
            reply => {
                tracing::error!(source = %pending.source, step = %pending.id, ?reply, "an pending step cannot be done");
                None
            }
        }
    }

    async fn call(&self, pending: &PendingEffect, call: ProviderCall) -> Option<Outcome> {
        let Some(provider) = self.providers.iter().find(|provider| provider.name() == call.provider) else {
            tracing::error!(provider = %call.provider, step = %pending.id, "no such payment provider is configured");
            std::future::pending::<()>().await;
            return None;
        };
        let mut attempt = 0;
        loop {
            match timeout(self.settings.effect_timeout, provider.call(call.clone())).await {
                Ok(Ok(news)) => {
                    warn_of_refusal(provider.name(), call.payment, &news);
                    return Some(Outcome::Provider(news));
                }
                Ok(Err(fault)) => tracing::warn!(step = %pending.id, %fault, attempt, "payment provider call failed"),
                Err(_) => tracing::warn!(step = %pending.id, attempt, "payment provider call timed out"),
            }
            sleep(backoff(&self.settings, attempt)).await;
            attempt += 1;
        }
    }

    /// Tells the sender; its actor then knows that the step is no longer under way.
    async fn bring_back(&self, pending: &PendingEffect, ask: Ask) {
        let step = format!("{}|{}|{}", pending.source, pending.id, pending.attempt);
        let envelope = Arc::new(Envelope {
            command_id: CommandId::derive(STEPS, &step),
            key: pending.source.clone(),
            by: "system".into(),
            ask,
            expected_version: None,
            fingerprint: 0,
            outcome_of: Some(pending.id.clone()),
            internal: true,
            omit_view: true,
        });
        let reply = self.until_decided(envelope).await;
        if !matches!(reply, Reply::Done { .. } | Reply::Refused { .. }) {
            tracing::error!(source = %pending.source, step = %pending.id, ?reply, "an outcome could not be told");
        }
    }

    /// Repeats the same envelope until it is decided, one way or the other.
    async fn until_decided(&self, envelope: Arc<Envelope>) -> Reply {
        let mut attempt = 0;
        loop {
            let Some(core) = self.core.get().and_then(Weak::upgrade) else {
                // The node is stopping: the next start owes the step again.
                std::future::pending().await
            };
            match core.send(envelope.clone(), self.settings.effect_timeout).await {
                Some(Reply::Busy { .. } | Reply::Unavailable { .. }) | None => {}
                Some(reply) => return reply,
            }
            drop(core);
            sleep(backoff(&self.settings, attempt)).await;
            attempt += 1;
        }
    }
}
