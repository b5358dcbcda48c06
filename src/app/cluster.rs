//! This process as one of many nodes: connections, logs, membership and commands over NATS, wired.
//!
//! A node's name carries a random incarnation, so that a restarted node is never mistaken for its predecessor, which
//! may only have been frozen. Each step is bounded: a node that cannot join ends with the reason. No step waits for
//! another node without end: a slow node receives no shards, and nothing more.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep, timeout};

use super::{
    clock::SystemClock,
    engine::journal_dir,
    nats::{self, NatsError, Role},
};
use crate::{
    actors::{
        gateway::Gateway,
        ports::{Journal, Placement, journal::NodeId},
        runtime::MakeTransport,
        settings::ActorSettings,
    },
    config::{self, Config},
    persistence::jetstream::{JetStreamError, JetStreamJournal, JetStreamOptions, ProbeReport, fit_version, probe},
    transport::{
        members::{MemberTimes, Members, nats::NatsBeats},
        nats::{NatsOptions, NatsTransport},
    },
};

#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(transparent)]
    Nats(#[from] NatsError),
    #[error(transparent)]
    JetStream(#[from] JetStreamError),
    #[error("{url}: {error}")]
    Server { url: String, error: JetStreamError },
    #[error("the members' bucket: {0}")]
    Members(#[from] crate::transport::members::BeatError),
}

pub(super) struct Cluster {
    pub(super) journal: JetStreamJournal,
    pub(super) members: Arc<Members>,
    pub(super) report: ProbeReport,
    /// One line for the operator who starts the node.
    pub(super) facts: String,
    node: NodeId,
    commands: async_nats::Client,
}

/// Time limit of repeating the servers' probe: servers may be starting, electing leaders, or one too few for a moment.
const PROBE_WITHIN: Duration = Duration::from_secs(30);
const PROBE_PAUSE: Duration = Duration::from_secs(1);
/// How long the start with an existing journal waits for a server that is down.
const FULL_PROBE_WITHIN: Duration = Duration::from_secs(5);
/// From this node's first heartbeat until it knows the members and every shard has an owner.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Other nodes' commands in flight here, at most: as many as two full shards take.
const REMOTE_MAX: usize = 16_384;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Cluster {
    pub(super) async fn join(config: &Config) -> Result<Self, ClusterError> {
        let cluster = &config.cluster;
        warn_of_local_journal(&journal_dir(&config.data.dir));
        let name = node_name(cluster);
        let incarnation = &uuid::Uuid::new_v4().simple().to_string()[..8];
        let node = NodeId(format!("{name}#{incarnation}").into());
        let servers = cluster.urls.join(", ");
        tracing::info!(cluster = cluster.name, node = %node.0, servers, "joining the cluster");
        let logs = nats::connect(cluster, &name, Role::Log).await?;
        let commands = nats::connect(cluster, &name, Role::Control).await?;
        let options = nats::jetstream(config);
        // Before anything is made on them: a version does not change while the start waits.
        for (url, version) in nats::versions(cluster, &name).await? {
            fit_version(&version, cluster.allow_old_servers, cluster.synced)
                .map_err(|error| ClusterError::Server { url, error })?;
        }
        if cluster.allow_old_servers {
            tracing::warn!("cluster.allow_old_servers is set: the copies of a log may part on an old server");
        }
        let (journal, report) = open(&logs, &options, cluster.synced).await?;
        tracing::info!(
            version = report.server_version,
            replicas = report.replicas,
            durability = report.durability,
            "the servers are fit"
        );
        let replicas = usize::from(cluster.replicas);
        let within = Duration::from_millis(cluster.request_timeout_ms);
        let heartbeats = NatsBeats::open(commands.clone(), &cluster.name, replicas, within).await?;
        let ms = Duration::from_millis;
        let times = MemberTimes {
            heartbeat: ms(cluster.heartbeat_ms),
            dead_after: ms(cluster.member_dead_ms),
            settle: ms(cluster.settle_ms),
            lease: ms(cluster.lease_ms),
        };
        let url = (!cluster.public_url.is_empty()).then(|| cluster.public_url.as_str().into());
        let members =
            Members::start(Arc::new(heartbeats), node.clone(), url, journal.shards(), times, Arc::new(SystemClock));
        let (shards, copies, version) = (journal.shards(), report.replicas, &report.server_version);
        let facts = format!(
            "{} as {}: {shards} shards, {copies} copies each on nats-server {version} at {servers}",
            cluster.name, node.0
        );
        Ok(Self { journal, members: Arc::new(members), report, facts, node, commands })
    }

    pub(super) fn actors(&self, config: &Config) -> ActorSettings {
        let lease = Some(Duration::from_millis(config.cluster.lease_ms));
        ActorSettings { node: self.node.clone(), lease, ..config.into() }
    }

    pub(super) fn placement(&self) -> Arc<dyn Placement> {
        self.members.clone()
    }

    pub(super) fn transport(&self, config: &Config) -> MakeTransport {
        let client = self.commands.clone();
        let options = NatsOptions {
            name: config.cluster.name.as_str().into(),
            shards: self.journal.shards(),
            lost_after: Duration::from_millis(config.cluster.request_timeout_ms),
            inflight_max: REMOTE_MAX,
        };
        Box::new(move |local| Arc::new(NatsTransport::start(client, &options, local)))
    }
}

/// The journal, found or created, on probed servers: a new one only on servers that can hold all its copies now.
///
/// An existing journal was created that way. While one of its servers is down, a scratch stream with as many copies
/// cannot be created, which must not keep a node from starting: the probe then uses one copy.
async fn open(
    logs: &async_nats::Client,
    options: &JetStreamOptions,
    synced: bool,
) -> Result<(JetStreamJournal, ProbeReport), JetStreamError> {
    let found = JetStreamOptions { create: false, ..options.clone() };
    let journal = match JetStreamJournal::open(logs.clone(), found).await {
        Err(JetStreamError::Missing(_)) => {
            let report = fit(logs, options, synced).await?;
            return Ok((JetStreamJournal::open(logs.clone(), options.clone()).await?, report));
        }
        found => found?,
    };
    match timeout(FULL_PROBE_WITHIN, probe(logs.clone(), options, synced)).await {
        Ok(Ok(report)) => return Ok((journal, report)),
        Ok(Err(error @ JetStreamError::Old { .. })) => return Err(error),
        Ok(Err(error)) => tracing::warn!(%error, "the NATS servers did not pass with all copies"),
        Err(_) => tracing::warn!(replicas = options.replicas, "too few NATS servers for all copies at this moment"),
    }
    let report = fit(logs, &JetStreamOptions { replicas: 1, ..options.clone() }, synced).await?;
    Ok((journal, ProbeReport { replicas: options.replicas, ..report }))
}

/// Repeats the servers' probe until it passes or the time is over.
async fn fit(
    logs: &async_nats::Client,
    options: &JetStreamOptions,
    synced: bool,
) -> Result<ProbeReport, JetStreamError> {
    let give_up = Instant::now() + PROBE_WITHIN;
    loop {
        match probe(logs.clone(), options, synced).await {
            Err(error @ JetStreamError::Old { .. }) => return Err(error),
            Err(error) if Instant::now() + PROBE_PAUSE < give_up => {
                tracing::warn!(%error, "the NATS servers are not fit yet");
                sleep(PROBE_PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

/// A shop that moved to a cluster still has its old journal in the data directory; the warning explains an empty
/// cluster.
fn warn_of_local_journal(dir: &Path) {
    if dir.is_dir() {
        let dir = dir.display();
        tracing::warn!(%dir, "this directory holds a journal of one machine, which a cluster does not read: see `souk journal copy`");
    }
}

/// Waits until this node knows the members and every shard's owner, because the start's next step sends commands to
/// entities. After a time limit the start continues anyway: another node may be slow, which `/readyz` reports.
pub(super) async fn ready(gateway: &Gateway) {
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        let owned = || gateway.status().shards.iter().all(|line| line.owner.is_some());
        let why = match gateway.ready() {
            Ok(()) if owned() => return,
            Ok(()) => "some shards have no owner".to_owned(),
            Err(why) => why.to_string(),
        };
        if Instant::now() >= deadline {
            return tracing::warn!(why, waited = ?READY_WITHIN, "not every shard is served yet; starting all the same");
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Of this node among the others: configured, or the host's.
fn node_name(cluster: &config::Cluster) -> String {
    if !cluster.node.is_empty() {
        return cluster.node.clone();
    }
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let legal: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).take(63).collect();
    if legal.is_empty() { "node".to_owned() } else { legal }
}
