//! The log and the membership: sled on one machine, or JetStream in a cluster. The only place that chooses.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::{
    clock::SystemClock,
    cluster::{self, Cluster},
    engine::{EngineError, journal_dir, keys_dir},
};
use crate::{
    actors::{
        gateway::Gateway,
        ports::{Clock, Journal, Placement, journal::JournalError},
        runtime::MakeTransport,
        settings::ActorSettings,
    },
    config::Config,
    persistence::{
        SledJournal,
        jetstream::KeyStream,
        shop_record::ShopRecord,
        vault::{KeyStore, PersonKeys, dir::KeyDir},
    },
    transport::{loopback::Loopback, single_node::SingleNode},
};

pub(super) enum Backend {
    SingleNode(Arc<SledJournal>),
    Cluster(Box<Cluster>),
}

impl Backend {
    /// Opens the data directory (this process alone), or joins the cluster.
    pub(super) async fn open(config: &Config) -> Result<Self, EngineError> {
        if config.cluster.is_on() {
            return Ok(Self::Cluster(Box::new(Cluster::join(config).await?)));
        }
        let journal = SledJournal::open(&journal_dir(&config.data.dir), config.into())?;
        Ok(Self::SingleNode(Arc::new(journal)))
    }

    /// The node can serve: in a cluster it sends heartbeats from now on. Not earlier: a node that is still folding its
    /// log must not receive a shard.
    pub(super) async fn open_up(&self, gateway: &Gateway) {
        match self {
            Self::SingleNode(_) => {}
            Self::Cluster(cluster) => {
                cluster.members.join();
                cluster::ready(gateway).await;
            }
        }
    }

    /// In a cluster, one line of its facts.
    pub(super) fn cluster(&self) -> Option<&str> {
        match self {
            Self::SingleNode(_) => None,
            Self::Cluster(cluster) => Some(&cluster.facts),
        }
    }

    /// The meaning of an acknowledgement: on this machine's disk, or with a majority of the servers.
    pub(super) fn durability(&self) -> &'static str {
        match self {
            Self::SingleNode(_) => "local-synced",
            Self::Cluster(cluster) => cluster.report.durability,
        }
    }

    pub(super) fn journal(&self) -> Arc<dyn Journal> {
        match self {
            Self::SingleNode(journal) => journal.clone(),
            Self::Cluster(cluster) => Arc::new(cluster.journal.clone()),
        }
    }

    /// The time that the shop decides by: in a cluster one for all nodes.
    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::SingleNode(_) => Arc::new(SystemClock),
            Self::Cluster(cluster) => cluster.members.clock(),
        }
    }

    /// What the journal keeps about the shop.
    pub(super) async fn shop_record(&self) -> Result<ShopRecord, JournalError> {
        match self {
            Self::SingleNode(journal) => journal.shop_record(),
            Self::Cluster(cluster) => cluster.journal.shop_record().await,
        }
    }

    pub(super) async fn change_shop_record(
        &self,
        change: impl Fn(ShopRecord) -> ShopRecord,
    ) -> Result<(), JournalError> {
        match self {
            Self::SingleNode(journal) => journal.write_shop_record(&change(journal.shop_record()?)).await,
            Self::Cluster(cluster) => cluster.journal.change_shop_record(change).await,
        }
    }

    /// Where the keys of personal data are kept, and what to call that place.
    pub(super) fn key_store(&self, config: &Config) -> (Arc<dyn KeyStore>, String) {
        match self {
            Self::SingleNode(_) => {
                let dir = keys_dir(&config.data.dir);
                (Arc::new(KeyDir::new(&dir)), dir.display().to_string())
            }
            Self::Cluster(cluster) => {
                let stream = KeyStream::of(&cluster.journal);
                let name = stream.name();
                (Arc::new(stream), name)
            }
        }
    }

    /// Before anything is read: personal data is sealed and opened under these keys from now on.
    pub(super) fn seal_with(&self, keys: Arc<PersonKeys>) {
        match self {
            Self::SingleNode(journal) => journal.seal_with(keys),
            Self::Cluster(cluster) => cluster.journal.seal_with(keys),
        }
    }

    pub(super) fn actors(&self, config: &Config) -> ActorSettings {
        match self {
            Self::SingleNode(_) => config.into(),
            Self::Cluster(cluster) => cluster.actors(config),
        }
    }

    pub(super) fn placement(&self, config: &Config) -> Arc<dyn Placement> {
        match self {
            Self::SingleNode(journal) => Arc::new(SingleNode::new(self.actors(config).node, journal.shards())),
            Self::Cluster(cluster) => cluster.placement(),
        }
    }

    pub(super) fn transport(&self, config: &Config) -> MakeTransport {
        match self {
            Self::SingleNode(_) => Box::new(|local| Arc::new(Loopback::new(local))),
            Self::Cluster(cluster) => cluster.transport(config),
        }
    }

    /// Reads old records again, for as long as the journal is open. The copies on servers are theirs to look after.
    pub(super) fn scrub(&self, config: &Config) -> Option<BoxFuture<'static, ()>> {
        match (self, config.journal.scrub_bytes_per_second) {
            (Self::SingleNode(_), 0) | (Self::Cluster(_), _) => None,
            (Self::SingleNode(journal), bytes_per_second) => Some(journal.scrub(bytes_per_second)),
        }
    }

    /// Resolves when the log has failed for good. Unreachable servers are no such failure.
    pub(super) fn failed(&self) -> BoxFuture<'static, Arc<str>> {
        match self {
            Self::SingleNode(journal) => journal.failed(),
            Self::Cluster(_) => Box::pin(futures::future::pending()),
        }
    }

    pub(super) async fn close(self) {
        match self {
            Self::SingleNode(journal) => {
                // Sockets and requests may still hold handles: the clean end does not wait for them.
                journal.shut().await;
                if let Some(journal) = Arc::into_inner(journal) {
                    // Joins the writer's thread; not on a runtime's worker.
                    let _ = tokio::task::spawn_blocking(move || journal.close()).await;
                }
            }
            Self::Cluster(cluster) => cluster.members.gone().await,
        }
    }
}
