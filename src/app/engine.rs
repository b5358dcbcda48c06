//! Journal, state store, read models, live hub and actors, wired; without HTTP. What `souk serve`
//! puts a server around, and what `souk import` uses as it is.

use std::{path::Path, sync::Arc, time::Duration};

use super::{clock::SystemClock, current::Folded, fold::Folds, settings};
use crate::{
    actors::{
        gateway::Gateway,
        ports::{Clock, Journal, PaymentGateway},
        probe::Unharmed,
        runtime::{Parts, Runtime, StartError},
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
    Start(#[from] StartError),
}

pub struct Engine {
    pub gateway: Gateway,
    pub catalogue: Catalogue,
    pub hub: Hub,
    pub clock: Arc<dyn Clock>,
    runtime: Runtime,
    journal: Arc<SledJournal>,
}

/// What an acknowledgement means on one machine: it is on this machine's disk.
pub(super) const DURABILITY: &str = "local-synced";

impl Engine {
    /// Opens the data directory (this process alone) and starts every actor. Blocks while sled reads its files.
    pub async fn start(config: &Config, providers: Vec<Arc<dyn PaymentGateway>>) -> Result<Self, EngineError> {
        let journal = Arc::new(SledJournal::open(&journal_dir(&config.data.dir), settings::journal(config))?);
        let store = SledStateStore::open(&state_dir(&config.data.dir), &settings::state(config))?;
        let live = settings::live(config);
        let folded = Arc::new(Folded { max: live.snapshot_entities, ..Folded::default() });
        let hub = Hub::start(live, folded.clone());
        let catalogue = Catalogue::default();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let actors = settings::actors(config);
        let parts = Parts {
            journal: journal.clone(),
            store: Arc::new(store),
            fold: Arc::new(Folds { catalogue: catalogue.clone(), hub: hub.clone() }),
            clock: clock.clone(),
            providers,
            transport: Box::new(|local| Arc::new(Loopback::new(local))),
            placement: Arc::new(Alone::new(actors.node.clone(), journal.shards())),
            probe: Arc::new(Unharmed),
            settings: actors,
        };
        let (runtime, gateway) = Runtime::start(parts).await?;
        let _ = folded.gateway.set(gateway.clone());
        Ok(Self { gateway, catalogue, hub, clock, runtime, journal })
    }

    /// Resolves when the journal or a tail has failed for good: the process must end, nothing can be acknowledged any more.
    pub fn failed(&self) -> futures::future::BoxFuture<'static, Arc<str>> {
        let (journal, tails) = (self.journal.failed(), self.runtime.failed());
        Box::pin(async move {
            tokio::select! {
                reason = journal => reason,
                reason = tails => reason,
            }
        })
    }

    pub async fn drain(self, within: Duration) {
        self.runtime.drain(within).await;
        drop(self.gateway);
        // Sockets and requests may still hold handles: the clean end does not wait for them.
        self.journal.shut().await;
        if let Some(journal) = Arc::into_inner(self.journal) {
            // Joins the writer's thread; not on a runtime's worker.
            let _ = tokio::task::spawn_blocking(move || journal.close()).await;
        }
    }
}

pub(super) fn journal_dir(data: &Path) -> std::path::PathBuf {
    data.join("journal")
}

fn state_dir(data: &Path) -> std::path::PathBuf {
    data.join("state")
}
