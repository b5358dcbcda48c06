//! Journal, state store, read models, live hub and actors, wired; without HTTP. What `souk serve`
//! puts a server around, and what `souk import` uses as it is. With a `[cluster]` the journal is in NATS.

use std::{path::Path, sync::Arc, time::Duration};

use super::{
    clock::SystemClock,
    cluster::{self, ClusterError},
    current::Folded,
    fold::Folds,
    log::Log,
    settings,
};
use crate::{
    actors::{
        gateway::Gateway,
        ports::{Clock, Journal, PaymentGateway, Placement},
        probe::Unharmed,
        runtime::{MakeTransport, Parts, Runtime, StartError},
        settings::ActorSettings,
    },
    config::Config,
    live::Hub,
    persistence::{SledJournal, sled_journal::OpenError, state_store::SledStateStore},
    transport::{alone::Alone, loopback::Loopback},
    views::catalogue::Catalogue,
};

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Journal(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] crate::actors::ports::StoreError),
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    #[error(transparent)]
    Start(#[from] StartError),
}

pub struct Engine {
    pub gateway: Gateway,
    pub catalogue: Catalogue,
    pub hub: Hub,
    pub clock: Arc<dyn Clock>,
    /// What an acknowledgement means: `local-synced`, `replicated-unsynced`, `replicated-synced`.
    pub durability: &'static str,
    /// In a cluster, one line of its facts.
    pub cluster: Option<String>,
    runtime: Runtime,
    log: Log,
}

/// What differs between one machine and a cluster.
struct Ground {
    log: Log,
    placement: Arc<dyn Placement>,
    transport: MakeTransport,
    actors: ActorSettings,
    durability: &'static str,
    cluster: Option<String>,
}

/// A start that folds a long journal says so this often.
const STILL_STARTING: Duration = Duration::from_secs(10);

impl Ground {
    fn on_disk(config: &Config) -> Result<Self, EngineError> {
        let journal = Arc::new(SledJournal::open(&journal_dir(&config.data.dir), settings::journal(config))?);
        let actors = settings::actors(config);
        Ok(Self {
            placement: Arc::new(Alone::new(actors.node.clone(), journal.shards())),
            log: Log::Disk(journal),
            transport: Box::new(|local| Arc::new(Loopback::new(local))),
            actors,
            durability: "local-synced",
            cluster: None,
        })
    }

    async fn in_cluster(config: &Config) -> Result<Self, EngineError> {
        cluster::warn_of_local_journal(&journal_dir(&config.data.dir));
        let joined = cluster::join(config).await?;
        Ok(Self {
            placement: joined.members.clone(),
            transport: joined.transport(config),
            actors: settings::actors_of(config, joined.node.clone()),
            durability: joined.report.durability,
            cluster: Some(joined.facts(config)),
            log: Log::Cluster { journal: joined.journal, members: joined.members },
        })
    }
}

impl Engine {
    /// Opens the data directory (this process alone) and starts every actor. Blocks while sled reads its files.
    pub async fn start(config: &Config, providers: Vec<Arc<dyn PaymentGateway>>) -> Result<Self, EngineError> {
        let ground = match config.cluster.is_on() {
            true => Ground::in_cluster(config).await?,
            false => Ground::on_disk(config)?,
        };
        let Ground { log, placement, transport, actors, durability, cluster } = ground;
        let store = SledStateStore::open(&state_dir(&config.data.dir), &settings::state(config))?;
        let live = settings::live(config);
        let folded = Arc::new(Folded { max: live.snapshot_entities, ..Folded::default() });
        let hub = Hub::start(live, folded.clone());
        let catalogue = Catalogue::default();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let parts = Parts {
            journal: log.journal(),
            store: Arc::new(store),
            fold: Arc::new(Folds { catalogue: catalogue.clone(), hub: hub.clone() }),
            clock: clock.clone(),
            providers,
            transport,
            placement,
            probe: Arc::new(Unharmed),
            settings: actors,
        };
        let (runtime, gateway) = started(Runtime::start(parts)).await?;
        let _ = folded.gateway.set(gateway.clone());
        if let Log::Cluster { members, .. } = &log {
            // Not before: nobody should give a shard to a node that is still reading its log.
            members.join();
        }
        Ok(Self { gateway, catalogue, hub, clock, durability, cluster, runtime, log })
    }

    /// Resolves when the journal or a tail has failed for good: the process must end, nothing can be acknowledged any more.
    pub fn failed(&self) -> futures::future::BoxFuture<'static, Arc<str>> {
        let (journal, tails) = (self.log.failed(), self.runtime.failed());
        Box::pin(async move {
            tokio::select! {
                reason = journal => reason,
                reason = tails => reason,
            }
        })
    }

    /// In a cluster, the first step of a graceful end: other nodes take over what this one serves, which goes on
    /// answering through them. At once on one machine.
    pub async fn hand_over(&self, within: Duration) {
        if self.cluster.is_some() {
            self.runtime.hand_over(within).await;
        }
    }

    pub async fn drain(self, within: Duration) {
        self.runtime.drain(within).await;
        drop(self.gateway);
        self.log.close().await;
    }
}

/// Waits for the runtime's start, and says every now and then that it does.
async fn started<T>(start: impl Future<Output = T>) -> T {
    let (mut start, begun) = (std::pin::pin!(start), tokio::time::Instant::now());
    loop {
        match tokio::time::timeout(STILL_STARTING, &mut start).await {
            Ok(started) => return started,
            Err(_) => {
                let seconds = begun.elapsed().as_secs();
                tracing::info!(seconds, "still folding the journal into this node's read models");
            }
        }
    }
}

pub(super) fn journal_dir(data: &Path) -> std::path::PathBuf {
    data.join("journal")
}

fn state_dir(data: &Path) -> std::path::PathBuf {
    data.join("state")
}
