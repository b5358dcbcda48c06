//! Joining a cluster: connections, the servers' probe, the journal in their streams, signs of life.
//!
//! In this order, and each step bounded: a node that cannot join says why and ends, and its supervisor starts it again.
//! What is deliberately not waited for is another node: whoever is slow is given nothing, and that is all.

use std::{path::Path, sync::Arc, time::Duration};

use async_nats::Client;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    nats::{self, NatsError, Role},
    settings,
};
use crate::{
    actors::{
        ports::{Delivery, Journal, Transport, journal::NodeId},
        runtime::MakeTransport,
    },
    config::Config,
    persistence::jetstream::{JetStreamError, JetStreamJournal, ProbeReport, probe},
    transport::{
        members::{BeatError, Members, nats::NatsBeats},
        nats::NatsTransport,
    },
};

#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(transparent)]
    Nats(#[from] NatsError),
    #[error("the NATS servers cannot hold this shop: {0}")]
    Unfit(JetStreamError),
    #[error(transparent)]
    Journal(#[from] JetStreamError),
    #[error("{0}")]
    Members(#[from] BeatError),
}

/// For how long the servers' probe is repeated: they may be starting, or electing leaders.
const PROBE_WITHIN: Duration = Duration::from_secs(30);
const PROBE_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Joined {
    pub(super) node: NodeId,
    pub(super) journal: Arc<JetStreamJournal>,
    pub(super) members: Arc<Members>,
    pub(super) report: ProbeReport,
    control: Client,
}

/// Everything but the first sign of life: that is [`Members::join`]'s, once this node can serve.
pub(super) async fn join(config: &Config) -> Result<Joined, ClusterError> {
    let cluster = &config.cluster;
    let node = node_id(&cluster.node);
    tracing::info!(cluster = cluster.name, node = %node.0, servers = cluster.urls.join(", "), "joining the cluster");
    let log = nats::connect(cluster, &node.0, Role::Log).await?;
    let control = nats::connect(cluster, &node.0, Role::Control).await?;
    let options = settings::jetstream(config);
    let give_up = Instant::now() + PROBE_WITHIN;
    let report = loop {
        match probe(log.clone(), &options, cluster.synced).await {
            Ok(report) => break report,
            Err(error) if Instant::now() + PROBE_PAUSE >= give_up => return Err(ClusterError::Unfit(error)),
            Err(error) => {
                tracing::warn!(%error, "the NATS servers are not fit yet");
                sleep(PROBE_PAUSE).await;
            }
        }
    };
    let journal = Arc::new(JetStreamJournal::open(log, options).await?);
    let times = settings::members(config);
    let within = Duration::from_millis(cluster.request_timeout_ms);
    let replicas = usize::from(cluster.replicas);
    let beats = NatsBeats::open(control.clone(), &cluster.name, replicas, within).await?;
    let url = (!cluster.public_url.is_empty()).then(|| cluster.public_url.as_str().into());
    let members = Members::start(Arc::new(beats), node.clone(), url, journal.shards(), times);
    tracing::info!(
        server = report.server_version,
        copies = report.copies,
        durability = report.durability,
        shards = journal.shards(),
        "the journal is in NATS"
    );
    Ok(Joined { node, journal, members: Arc::new(members), report, control })
}

impl Joined {
    pub(super) fn transport(&self, config: &Config) -> MakeTransport {
        let (control, options) = (self.control.clone(), settings::transport(config, self.journal.shards()));
        Box::new(move |local: Arc<dyn Delivery>| {
            Arc::new(NatsTransport::start(control, &options, local)) as Arc<dyn Transport>
        })
    }

    /// One line for whoever starts the node.
    pub(super) fn facts(&self, config: &Config) -> String {
        let (cluster, shards) = (&config.cluster, self.journal.shards());
        let (version, replicas) = (&self.report.server_version, self.report.replicas);
        format!(
            "{} as {}: {shards} shards, {replicas} copies each on nats-server {version} at {}",
            cluster.name,
            self.node.0,
            cluster.urls.join(", ")
        )
    }
}

/// A name that says which machine, and an incarnation: a node that was started again is another node.
fn node_id(name: &str) -> NodeId {
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = if name.is_empty() { legal(host().trim()) } else { name.to_owned() };
    let incarnation = Uuid::new_v4().simple().to_string();
    NodeId(format!("{name}#{}", &incarnation[..8]).into())
}

/// What a host may be called and a node may not becomes a dash.
fn legal(host: &str) -> String {
    let letters = host.chars().take(63).map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' });
    let name: String = letters.collect();
    if name.is_empty() { "node".into() } else { name }
}

/// A shop that outgrew one machine still has its old journal there, and should not look empty for no visible reason.
pub(super) fn warn_of_local_journal(dir: &Path) {
    if dir.is_dir() {
        tracing::warn!(dir = %dir.display(), "this data directory holds a journal of one machine, which a cluster does not read: see `souk journal copy`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_start_is_another_node_of_the_same_name() {
        let (a, b) = (node_id("shop-1"), node_id("shop-1"));
        assert!(a != b && a.0.starts_with("shop-1#") && a.0.len() == "shop-1#".len() + 8, "{a:?}");
        assert!(node_id("").0.len() > 9);
    }

    #[test]
    fn a_hosts_odd_letters_become_dashes() {
        assert_eq!((legal("büro 7.lan"), legal("")), ("b-ro-7.lan".into(), "node".into()));
    }
}
