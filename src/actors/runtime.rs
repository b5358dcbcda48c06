//! Putting the runtime together: tails first, then shards, then the gateway; taken apart in reverse.

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use futures::future::{BoxFuture, LocalBoxFuture, try_join_all};
use ractor::{Actor, ActorRef};
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep, timeout},
};

use super::{
    effects::Effects,
    freshness::{Freshness, Standing},
    gateway::{Core, Gateway, Positions},
    listener::Listener,
    local::LocalShards,
    meter::Meter,
    node::{NodeActor, NodeArgs, NodeMsg},
    ports::{
        Clock, ConnectorEntry, Delivery, Journal, Placement, StateStore, StoreError, Transport,
        journal::{JournalError, Shard},
    },
    probe::Probe,
    projection::{self, Follower, Large, Projections, Registry},
    settings::ActorSettings,
    shard::{ShardArgs, ShardMsg},
    status::{ShardPhase, ShardStatus},
    tail::{self, Tail, TailError, diverged},
    watchers::Watchers,
};
use crate::domain::kinds::STATES_VERSION;

pub use super::tail::{Cause, Stopped};

/// From this node's own door to the way to every shard's owner.
pub type MakeTransport = Box<dyn FnOnce(Arc<dyn Delivery>) -> Arc<dyn Transport> + Send>;

/// Everything the runtime needs of the world.
pub struct Parts {
    pub journal: Arc<dyn Journal>,
    pub store: Arc<dyn StateStore>,
    pub projections: Projections,
    pub listener: Arc<dyn Listener>,
    pub clock: Arc<dyn Clock>,
    /// The outside world, by name. A call whose connector is missing stays pending.
    pub connectors: Vec<ConnectorEntry>,
    pub transport: MakeTransport,
    /// Who should own which shard; on one machine `transport::alone`.
    pub placement: Arc<dyn Placement>,
    pub probe: Arc<dyn Probe>,
    pub settings: ActorSettings,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("journal: {0}")]
    Journal(#[from] JournalError),
    #[error("{0}")]
    Tail(String),
    #[error("the supervisor did not start: {0}")]
    Spawn(#[from] ractor::SpawnErr),
}

impl From<TailError> for StartError {
    fn from(error: TailError) -> Self {
        Self::Tail(error.to_string())
    }
}

pub struct Runtime {
    node: ActorRef<NodeMsg>,
    node_task: JoinHandle<()>,
    tails: Vec<JoinHandle<()>>,
    /// What is built, followed and looked after in the background.
    background: Vec<JoinHandle<()>>,
    local: Arc<LocalShards>,
    effects: Effects,
    core: Arc<Core>,
}

/// For how long a start waits for servers that are just electing a log's leader.
const ELECTION: Duration = Duration::from_secs(30);
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// Without one more folded record for this long, a start turns to other servers.
const STANDS_STILL: Duration = Duration::from_secs(10);

/// A question to the journal, at the start. What a disk cannot say now it will not say later; a cluster's servers may be
/// starting, too.
async fn patiently<T>(
    settings: &ActorSettings,
    ask: impl AsyncFn() -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    let give_up = Instant::now() + ELECTION;
    loop {
        match ask().await {
            Err(JournalError::Io(why)) if settings.lease.is_some() && Instant::now() < give_up => {
                tracing::debug!(%why, "the journal does not answer yet");
                sleep(ASK_AGAIN).await;
            }
            known => return known,
        }
    }
}

impl Runtime {
    /// Opens the state store for this journal, folds what is missing, and starts the shards.
    /// Returns once the read models are as new as the journal was at the start.
    ///
    /// Boxed, so that the whole start is compiled with this crate and not with each that awaits it.
    pub fn start(parts: Parts) -> LocalBoxFuture<'static, Result<(Self, Gateway), StartError>> {
        Box::pin(Self::start_all(parts))
    }

    async fn start_all(parts: Parts) -> Result<(Self, Gateway), StartError> {
        let Parts { journal, store, projections, listener, clock, connectors, transport, placement, probe, settings } =
            parts;
        let shards = journal.shards();
        store.open_for(journal.id(), shards, STATES_VERSION)?;
        Self::reset_if_diverged(&*journal, &*store, &settings).await?;
        let registry = Arc::new(Registry::open(&*store, projections)?);
        let meter = Arc::new(Meter::new());
        let watchers = Arc::new(Watchers::default());
        let tails = Self::tails(&journal, &store, &registry, &listener, &watchers, &settings).await?;
        tail::restore(&*store, &registry, &tails)?;
        let tasks = tails.iter().map(|tail| tokio::spawn(tail.clone().run())).collect();
        // All at once: the failure of one is told while others still fold.
        try_join_all(tails.iter().map(|tail| Self::caught_up(tail, &*journal, &settings))).await?;
        let mut background = Self::projections(&journal, &store, &registry, &tails, &settings);
        // A node of a cluster shows nothing before it is a member.
        let first = if settings.lease.is_some() { Standing::CutOff } else { Standing::Current };
        let standing = watch::Sender::new(first);
        if let Some(lease) = settings.lease {
            let (tails, placement, journal) = (tails.clone(), placement.clone(), journal.clone());
            let freshness = Freshness { tails, placement, journal, lease, standing: standing.clone() };
            background.push(tokio::spawn(freshness.run()));
        }
        let cluster = settings.lease.is_some().then(|| placement.clone());
        let permits = settings.actors.shard_inflight_max;
        let statuses: Vec<_> = (0..shards).map(|_| Arc::new(ShardStatus::default())).collect();
        let residents = Arc::new(AtomicUsize::new(0));
        // Effects send through the core, and the core's shards run effects: the one knot, tied in one place.
        let core = Arc::new_cyclic(|core| {
            let effects = Effects::new(core.clone(), connectors, settings.clone());
            let local = LocalShards::new(shards, permits, effects.clone(), meter.clone(), cluster.clone());
            let local = Arc::new(local);
            Core {
                transport: transport(local.clone()),
                journal: journal.clone(),
                store,
                registry,
                tails: tails.clone(),
                positions: Positions::new(shards),
                standing: standing.clone(),
                watchers,
                clock: clock.clone(),
                local,
                statuses: statuses.clone(),
                residents: residents.clone(),
                effects,
                placement: placement.clone(),
                cluster,
                settings: settings.clone(),
            }
        });
        let (local, effects) = (core.local.clone(), core.effects.clone());
        let shard = |(tail, status): (&Arc<Tail>, Arc<ShardStatus>)| {
            Arc::new(ShardArgs {
                shard: tail.shard,
                journal: journal.clone(),
                placement: placement.clone(),
                tail: tail.clone(),
                clock: clock.clone(),
                effects: effects.clone(),
                core: Arc::downgrade(&core),
                meter: meter.clone(),
                probe: probe.clone(),
                status,
                residents: residents.clone(),
                settings: settings.clone(),
            })
        };
        let shards = tails.iter().zip(statuses).map(shard).collect();
        let args = NodeArgs { shards, local: local.clone(), settings };
        let (node, node_task) = NodeActor::spawn(None, NodeActor, args).await?;
        let runtime = Self { node, node_task, tails: tasks, background, local, effects, core: core.clone() };
        Ok((runtime, Gateway::new(core)))
    }

    /// Folds a log to the end that it has now. A reader that stands still may hang on a server's copy that lags.
    async fn caught_up(tail: &Tail, journal: &dyn Journal, settings: &ActorSettings) -> Result<(), StartError> {
        let end = patiently(settings, async || journal.end(tail.shard).await).await?;
        loop {
            let before = tail.progress().folded;
            match timeout(STANDS_STILL, tail.folded(end)).await {
                Ok(folded) => return Ok(folded?),
                Err(_) if tail.progress().folded == before => journal.turn_away().await,
                Err(_) => {}
            }
        }
    }

    /// A log that lost records, or an older copy: nothing that was folded of it may live on.
    async fn reset_if_diverged(
        journal: &dyn Journal,
        store: &dyn StateStore,
        settings: &ActorSettings,
    ) -> Result<(), StartError> {
        for shard in (0..journal.shards()).map(Shard) {
            let watermark = (store.watermark(shard)?, store.watermark_name(shard)?);
            let newest = store.newest(shard)?;
            let known = watermark.0.max(newest.map_or(0, |newest| newest.seq));
            // Nothing was folded of it.
            if known == 0 {
                continue;
            }
            // A leader that lost its majority, or was just elected, may not have the whole log: only an end that stays
            // is a loss. Past the patience the comparison below decides.
            let whole = patiently(settings, async || match journal.end(shard).await? {
                end if end < known => Err(JournalError::Io(format!("record {known} is not there yet").into())),
                _ => Ok(()),
            });
            match whole.await {
                Ok(()) | Err(JournalError::Io(_)) => {}
                Err(error) => return Err(error.into()),
            }
            let found = patiently(settings, async || diverged(journal, shard, watermark, newest).await).await?;
            if let Some(difference) = found {
                tracing::warn!(
                    shard = shard.0,
                    %difference,
                    "the log is not the one that the state store was made from: records were lost, or the journal is \
                     an older copy; the state store is emptied and everything is folded anew"
                );
                store.reset()?;
                break;
            }
        }
        Ok(())
    }

    async fn tails(
        journal: &Arc<dyn Journal>,
        store: &Arc<dyn StateStore>,
        registry: &Arc<Registry>,
        listener: &Arc<dyn Listener>,
        watchers: &Arc<Watchers>,
        settings: &ActorSettings,
    ) -> Result<Vec<Arc<Tail>>, StartError> {
        let make = |shard: u16| {
            let (journal, store, registry) = (journal.clone(), store.clone(), registry.clone());
            let (listener, watchers) = (listener.clone(), watchers.clone());
            Tail::new(Shard(shard), journal, store, registry, listener, watchers, settings.clone()).map(Arc::new)
        };
        let tails: Vec<Arc<Tail>> = (0..journal.shards()).map(make).collect::<Result<_, _>>()?;
        for tail in &tails {
            patiently(settings, async || tail.learn_owner().await).await?;
        }
        Ok(tails)
    }

    /// Builds what is not built yet and keeps the large ones, in the background.
    fn projections(
        journal: &Arc<dyn Journal>,
        store: &Arc<dyn StateStore>,
        registry: &Arc<Registry>,
        tails: &[Arc<Tail>],
        settings: &ActorSettings,
    ) -> Vec<JoinHandle<()>> {
        let build = projection::build(store.clone(), registry.clone(), tails.to_vec(), settings.clone());
        let follower = |large: &Arc<Large>| Follower {
            large: large.clone(),
            store: store.clone(),
            journal: journal.clone(),
            tails: tails.to_vec(),
            settings: settings.clone(),
        };
        let follow = registry.large().iter().map(|large| tokio::spawn(follower(large).run()));
        std::iter::once(tokio::spawn(build)).chain(follow).collect()
    }

    /// Resolves when a tail has stopped, with the reason: views and activations stand still, the process must end.
    pub fn failed(&self) -> BoxFuture<'static, Stopped> {
        let tails = self.core.tails.clone();
        Box::pin(async move {
            let stopped = tails.iter().map(|tail| Box::pin(tail.stopped_for_good()));
            futures::future::select_all(stopped).await.0
        })
    }

    /// In a cluster, before the end: other nodes are told, and take over this one's shards while it still answers.
    /// Returns when they have, after `within` at the latest; at once where there is nobody else.
    pub async fn hand_over(&self, within: Duration) {
        self.core.placement.leave().await;
        let hint = self.core.placement.hint();
        let given_up = self.core.statuses.iter().zip(&self.core.tails).filter(|(_, tail)| {
            let placed = hint.owner(tail.shard);
            placed.is_some_and(|owner| *owner != self.core.settings.node)
        });
        let given_up: Vec<_> = given_up
            .map(|(status, _)| status.until(|phase| matches!(phase, ShardPhase::Standby | ShardPhase::Drained)))
            .map(Box::pin)
            .collect();
        if timeout(within, futures::future::join_all(given_up)).await.is_err() {
            tracing::warn!("not every shard was handed over in time: its next owner waits out the lease");
        }
    }

    /// Graceful end (SIGTERM): nothing new from outside, what was accepted finishes within `within`,
    /// states are written and claims given back.
    pub async fn drain(self, within: Duration) {
        self.local.close();
        let idle = async {
            while self.effects.under_way() > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if timeout(within, idle).await.is_err() {
            tracing::warn!(steps = self.effects.under_way(), "steps still under way: the next start resumes them");
        }
        let mut drained = Vec::new();
        for tail in &self.core.tails {
            let (sender, receiver) = oneshot::channel();
            if let Some(shard) = self.local.actor(tail.shard) {
                let _ = shard.send_message(ShardMsg::Drain(sender));
                drained.push(receiver);
            }
        }
        if timeout(within, futures::future::join_all(drained)).await.is_err() {
            tracing::warn!("shards did not drain in time: the next start replays their logs");
        }
        self.stop().await;
    }

    /// The end of all actors and tails, whatever they were doing.
    pub async fn stop(self) {
        self.node.stop_children(None);
        self.node.stop(None);
        let _ = self.node_task.await;
        for task in self.background.into_iter().chain(self.tails) {
            task.abort();
            let _ = task.await;
        }
    }
}
