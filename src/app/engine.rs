//! Journal, state store, read models, live hub and actors, wired; without HTTP. `souk serve` adds a server to it; `souk
//! import` uses it alone.

use std::{path::Path, sync::Arc, time::Duration};

use futures::future::{BoxFuture, LocalBoxFuture};
use tokio::{
    task::JoinHandle,
    time::{Instant, timeout},
};

use super::{
    backend::Backend,
    cluster::ClusterError,
    current::Folded,
    person_keys::{self, PersonKeysError},
    shop_record::{RecordError, check_currency},
    threads::Threads,
};
use crate::{
    actors::{
        gateway::Gateway,
        ports::{Clock, ConnectorEntry},
        probe::NoFaults,
        runtime::{Cause, Parts, Runtime, StartError, Stopped},
    },
    config::Config,
    identity::Addresses,
    live::{Hub, Listeners},
    persistence::{sled_journal::OpenError, state_store::SledStateStore, vault::PersonKeys},
    shop::{self, Front, product::catalogue::Catalogue, rows::AddressIndex, unpaid::UnpaidOrders},
};

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Journal(#[from] OpenError),
    #[error(transparent)]
    Store(#[from] crate::actors::ports::StoreError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    PersonKeys(#[from] PersonKeysError),
    #[error("cluster: {0}")]
    Cluster(#[from] ClusterError),
    #[error("the live feed's threads: {0}")]
    Threads(std::io::Error),
}

pub struct Engine {
    pub gateway: Gateway,
    pub front: Front,
    pub listeners: Listeners,
    pub clock: Arc<dyn Clock>,
    /// Of personal data.
    pub keys: Arc<PersonKeys>,
    /// The meaning of an acknowledgement here.
    pub durability: &'static str,
    /// In a cluster, one line of its facts.
    pub cluster: Option<String>,
    runtime: Runtime,
    backend: Backend,
    /// Ends before the journal is closed, which it reads.
    scrub: Option<AbortOnDrop>,
    /// Ends with the engine.
    _shows: AbortOnDrop,
    _refreshes: AbortOnDrop,
    /// The threads of the listeners' sockets.
    _sockets: Threads,
}

/// Interval of log lines during a start that folds a long journal.
const STILL_STARTING: Duration = Duration::from_secs(10);

impl Engine {
    /// For work without the outside world: an import, a measurement. Entities' calls to connectors stay pending.
    pub fn without_connectors(config: &Config) -> LocalBoxFuture<'_, Result<Self, EngineError>> {
        // Boxed, so that it is compiled with this crate and not with each that awaits it.
        Box::pin(async { Self::start(config, Backend::open(config).await?, Vec::new()).await })
    }

    /// Opens the state store (this process alone) and starts every actor. Blocks while sled reads its files.
    pub(super) async fn start(
        config: &Config,
        backend: Backend,
        connectors: Vec<ConnectorEntry>,
    ) -> Result<Self, EngineError> {
        check_currency(&backend, config).await?;
        let keys = person_keys::obtain(&backend, config).await?;
        backend.seal_with(keys.clone());
        let refreshes = AbortOnDrop(tokio::spawn(person_keys::follow(keys.clone(), backend.cluster().is_some())));
        let store = SledStateStore::open(&state_dir(&config.data.dir), &config.state)?;
        let sockets = Threads::start("live").map_err(EngineError::Threads)?;
        let clock = backend.clock();
        let front = Front {
            catalogue: Catalogue::default(),
            settings: config.shop.clone(),
            public_stock_counts: config.live.public_stock_counts,
            unpaid: UnpaidOrders::new(config.unpaid.clone(), &config.shop, clock.clone()),
            addresses: AddressIndex::new(Addresses::new(keys.addresses()).index_key()),
        };
        let hub = Hub::start(config.live.clone(), shop::topics(&front));
        let parts = Parts {
            journal: backend.journal(),
            store: Arc::new(store),
            projections: shop::projections(&front).into(),
            listener: Arc::new(hub.clone()),
            clock: clock.clone(),
            connectors,
            transport: backend.transport(config),
            placement: backend.placement(config),
            probe: Arc::new(NoFaults),
            settings: backend.actors(config),
        };
        let (runtime, gateway) = started(Runtime::start(parts)).await?;
        let folded = Folded { gateway: gateway.clone(), max: config.live.snapshot_entities_max };
        let listeners = Listeners::start_on(sockets.handle(), hub, Arc::new(folded));
        backend.open_up(&gateway).await;
        let shows = tokio::spawn(shows(listeners.clone(), gateway.clone()));
        let scrub = backend.scrub(config).map(|scrub| AbortOnDrop(tokio::spawn(scrub)));
        let (durability, cluster) = (backend.durability(), backend.cluster().map(str::to_owned));
        Ok(Self {
            gateway,
            front,
            listeners,
            clock,
            keys,
            durability,
            cluster,
            runtime,
            backend,
            scrub,
            _shows: AbortOnDrop(shows),
            _refreshes: refreshes,
            _sockets: sockets,
        })
    }

    /// Resolves when the journal or a tail has failed for good: nothing can be acknowledged any more. The process must end,
    /// or give this engine up where the cause is the log (`app/serve.rs`).
    pub fn failed(&self) -> BoxFuture<'static, Stopped> {
        let (journal, tails) = (self.backend.failed(), self.runtime.failed());
        Box::pin(async move {
            tokio::select! {
                reason = journal => Stopped { reason, cause: Cause::Machine },
                stopped = tails => stopped,
            }
        })
    }

    /// The first step of a graceful end: in a cluster the other nodes take over, while this one still responds.
    pub async fn hand_over(&self, within: Duration) {
        if self.cluster.is_some() {
            self.runtime.hand_over(within).await;
        }
    }

    /// The end after a failure: nothing is waited for or written, and the other nodes learn at once that this one is gone.
    pub async fn give_up(self) {
        self.runtime.stop().await;
        drop(self.gateway);
        self.backend.close().await;
    }

    pub async fn drain(self, within: Duration) {
        self.runtime.drain(within).await;
        if let Some(scrub) = self.scrub {
            scrub.end().await;
        }
        drop(self.gateway);
        self.backend.close().await;
    }
}

struct AbortOnDrop(JoinHandle<()>);

impl AbortOnDrop {
    /// Returns when the task holds nothing any more.
    async fn end(mut self) {
        self.0.abort();
        let _aborted = (&mut self.0).await;
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sockets follow the node's standing: what it may not show is not shown to those who are connected, either.
async fn shows(listeners: Listeners, gateway: Gateway) {
    let mut standings = gateway.standings();
    loop {
        let shown = standings.borrow_and_update().why().is_none();
        listeners.show(shown);
        if standings.changed().await.is_err() {
            return;
        }
    }
}

/// Waits for the runtime's start, with a log line at intervals.
async fn started<T>(start: impl Future<Output = T>) -> T {
    let (mut start, begun) = (std::pin::pin!(start), Instant::now());
    loop {
        match timeout(STILL_STARTING, &mut start).await {
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

pub(super) fn keys_dir(data: &Path) -> std::path::PathBuf {
    data.join("keys")
}

fn state_dir(data: &Path) -> std::path::PathBuf {
    data.join("state")
}
