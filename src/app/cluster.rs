//! This process as one of many nodes: connections, logs, membership and commands over NATS, wired.
//!
//! A node's name carries a random incarnation, so that a restarted node is never taken for its predecessor, which
//! may only have been frozen.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    nats::{self, NatsError, Role},
    settings,
};
use crate::{
    actors::{
        gateway::Gateway,
        ports::{Journal, Placement, journal::NodeId},
        runtime::MakeTransport,
        settings::ActorSettings,
    },
    config::Config,
    persistence::jetstream::{JetStreamError, JetStreamJournal, ProbeReport, probe},
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
    #[error("the members' bucket: {0}")]
    Members(#[from] crate::transport::members::BeatError),
    #[error("no shard is served after {0:?}: {1}")]
    NotReady(Duration, String),
}

pub(super) struct Cluster {
    pub(super) journal: JetStreamJournal,
    pub(super) members: Arc<Members>,
    pub(super) report: ProbeReport,
    node: NodeId,
    commands: async_nats::Client,
}

/// From this node's start until it knows the members and every shard has an owner.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Other nodes' commands under way here, at most: as many as two full shards take.
const REMOTE_MAX: usize = 16_384;
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl Cluster {
    pub(super) async fn join(config: &Config) -> Result<Self, ClusterError> {
        let cluster = &config.cluster;
        let name = settings::node_name(cluster);
        let incarnation = &uuid::Uuid::new_v4().simple().to_string()[..8];
        let node = NodeId(format!("{name}#{incarnation}").into());
        let logs = nats::connect(cluster, &name, Role::Log).await?;
        let commands = nats::connect(cluster, &name, Role::Control).await?;
        let options = settings::jetstream(config);
        let report = probe(logs.clone(), &options, cluster.synced).await?;
        tracing::info!(
            version = report.server_version,
            replicas = report.replicas,
            durability = report.durability,
            "the servers are fit"
        );
        let journal = JetStreamJournal::open(logs, options).await?;
        let replicas = usize::from(cluster.replicas);
        let within = Duration::from_millis(cluster.request_timeout_ms);
        let beats = NatsBeats::open(commands.clone(), &cluster.name, replicas, within).await?;
        let ms = Duration::from_millis;
        let times = MemberTimes {
            heartbeat: ms(cluster.heartbeat_ms),
            dead_after: ms(cluster.member_dead_ms),
            settle: ms(cluster.settle_ms),
            lease: ms(cluster.lease_ms),
        };
        let url = (!cluster.public_url.is_empty()).then(|| cluster.public_url.as_str().into());
        let members = Members::start(Arc::new(beats), node.clone(), url, journal.shards(), times);
        Ok(Self { journal, members: Arc::new(members), report, node, commands })
    }

    pub(super) fn actors(&self, config: &Config) -> ActorSettings {
        let lease = Some(Duration::from_millis(config.cluster.lease_ms));
        ActorSettings { node: self.node.clone(), lease, ..settings::actors(config) }
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

/// Until this node knows who is there, and every shard's owner has been seen: what the start does next asks entities.
pub(super) async fn ready(gateway: &Gateway) -> Result<(), ClusterError> {
    let deadline = Instant::now() + READY_WITHIN;
    loop {
        let owned = || gateway.status().shards.iter().all(|line| line.owner.is_some());
        let why = match gateway.ready() {
            Ok(()) if owned() => return Ok(()),
            Ok(()) => "some shards have no owner".to_owned(),
            Err(why) => why,
        };
        if Instant::now() >= deadline {
            return Err(ClusterError::NotReady(READY_WITHIN, why));
        }
        sleep(LOOK_AGAIN).await;
    }
}
