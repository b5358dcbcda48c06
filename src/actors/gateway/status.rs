//! This node's status for operators and probes.

use std::sync::{Arc, atomic::Ordering};

use serde::Serialize;
use tokio::sync::watch;

use super::Gateway;
use crate::actors::{
    freshness::Standing,
    ports::{MemberLine, Proof, journal::Damage},
    projection::ProjectionLine,
    status::ShardPhase,
};

#[derive(Clone, Debug, Serialize)]
pub struct NodeStatus {
    pub node: String,
    pub shards: Vec<ShardLine>,
    /// Entities in memory.
    pub residents: usize,
    /// Pending effects in flight.
    pub steps_under_way: usize,
    pub draining: bool,
    /// False while this node cannot reach the cluster: it responds 503.
    pub connected: bool,
    /// Every node whose heartbeats were received here recently.
    pub members: Vec<MemberLine>,
    /// Read models with rows or data of their own, as this node has them.
    pub projections: Vec<ProjectionLine>,
}

#[derive(Clone, Debug, Serialize)]
pub struct ShardLine {
    pub shard: u16,
    /// This node serves the shard.
    pub serving: bool,
    /// Epoch of this node's newest claim; 0 without a claim.
    pub epoch: u64,
    /// Records folded into this node's views.
    pub folded: u64,
    /// The log's owner, as far as the log is folded here; `None` after a release.
    pub owner: Option<String>,
    pub owner_epoch: Option<u64>,
    /// The preferred owner, by this node's membership.
    pub placed: Option<String>,
    pub trouble: Option<String>,
}

/// Why a node takes no commands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    #[error("the node is stopping")]
    Stopping,
    #[error("the node is leaving: others take over")]
    Leaving,
    /// Cut off from the cluster, or with old views.
    #[error("{0}")]
    Standing(&'static str),
    #[error("shard {shard} is not serving: {waits}")]
    Waiting { shard: u16, waits: &'static str },
    #[error("the disk is full, and only reads go on: {why}")]
    Full { why: String },
    #[error("shard {shard} is not serving: {why}")]
    Trouble { shard: u16, why: String },
}

impl NotReady {
    /// Without the text of the trouble, which may name the disk's path, its free bytes or a server.
    pub fn in_public(&self) -> String {
        match self {
            Self::Trouble { shard, why: _ } => format!("shard {shard} is not serving; the server's log has the reason"),
            Self::Full { why: _ } => {
                "the disk is full, and only reads go on; the server's log has the reason".to_owned()
            }
            told @ (Self::Stopping | Self::Leaving | Self::Standing(_) | Self::Waiting { .. }) => told.to_string(),
        }
    }
}

impl NodeStatus {
    /// Shards without a living owner, as far as this node knows: their entities do not reply.
    pub fn ownerless(&self) -> usize {
        let alive = |owner: &str| self.members.iter().any(|member| member.alive && *member.node.0 == *owner);
        self.shards.iter().filter(|line| !line.owner.as_deref().is_some_and(alive)).count()
    }

    /// Milliseconds by which this node's own clock is ahead of the cluster's time.
    pub fn clock_skew_ms(&self) -> Option<i64> {
        self.members.iter().find(|member| *member.node.0 == *self.node)?.clock_skew_ms
    }
}

impl Gateway {
    pub fn status(&self) -> NodeStatus {
        let core = &self.core;
        let hint = core.placement.hint();
        let line = |(tail, status): (
            &std::sync::Arc<crate::actors::tail::Tail>,
            &std::sync::Arc<crate::actors::status::ShardStatus>,
        )| {
            let progress = tail.progress();
            let owner = progress.owner;
            ShardLine {
                shard: tail.shard.0,
                serving: status.phase() == ShardPhase::Serving,
                epoch: status.epoch(),
                folded: progress.folded,
                owner_epoch: owner.as_ref().map(|owner| owner.epoch),
                owner: owner.map(|owner| owner.node.0.to_string()),
                placed: hint.owner(tail.shard).map(|node| node.0.to_string()),
                trouble: progress.failed.map(|reason| reason.to_string()).or_else(|| status.why()),
            }
        };
        NodeStatus {
            node: core.settings.node.0.to_string(),
            shards: core.tails.iter().zip(&core.statuses).map(line).collect(),
            residents: core.residents.load(Ordering::Acquire),
            steps_under_way: core.effects.under_way(),
            draining: core.local.draining(),
            connected: core.placement.connected(),
            members: core.placement.members(),
            projections: self.projections(),
        }
    }

    /// Why only what was accepted goes on here: the disk is nearly full. `None`: there is room, or servers have the log.
    pub fn tight(&self) -> Option<Arc<str>> {
        self.core.journal.tight()
    }

    /// As many effects wait for this connector as its budget has calls: no new work that needs it should begin.
    pub fn connector_backed_up(&self, name: &str) -> bool {
        self.core.effects.backed_up(name)
    }

    /// Acknowledged records that this node's views do not contain yet, by shard; `None`: no owner says how many there
    /// are.
    pub async fn tail_lags(&self) -> Vec<Option<u64>> {
        let lag = async |tail: &std::sync::Arc<crate::actors::tail::Tail>| {
            let position = self.core.position(tail, Proof::Word).await?;
            Some(position.saturating_sub(tail.progress().folded))
        };
        futures::future::join_all(self.core.tails.iter().map(lag)).await
    }

    /// The sum over all shards whose owner answers.
    pub async fn tail_lag(&self) -> u64 {
        self.tail_lags().await.into_iter().flatten().sum()
    }

    /// Whether this node may show anything, judged now: not while it is cut off from its cluster, nor while the logs do
    /// not reach it.
    pub fn standing(&self) -> Standing {
        match &self.core.cluster {
            Some(cluster) if !cluster.connected() => Standing::CutOff,
            Some(_) | None => *self.core.standing.borrow(),
        }
    }

    /// [`Gateway::standing`], and each change of it a moment after it happened.
    pub fn standings(&self) -> watch::Receiver<Standing> {
        self.core.standing.subscribe()
    }

    /// Old records that the journal found damaged while it runs: it serves all the same.
    pub fn damage(&self) -> Option<Damage> {
        self.core.journal.damage()
    }

    /// `Ok` when every shard takes commands and the views follow; else the reason.
    pub fn ready(&self) -> Result<(), NotReady> {
        let status = self.status();
        if status.draining {
            return Err(NotReady::Stopping);
        }
        if status.members.iter().any(|member| member.draining && *member.node.0 == *status.node) {
            return Err(NotReady::Leaving);
        }
        if let Some(why) = self.standing().why() {
            return Err(NotReady::Standing(why));
        }
        let alone = self.core.cluster.is_none();
        // In a cluster another node owns the shard, or the shard is moving here; commands for it wait.
        let idle = |line: &ShardLine| if alone { !line.serving } else { line.placed.is_none() };
        match status.shards.iter().find(|line| idle(line) || (alone && line.trouble.is_some())) {
            None => Ok(()),
            Some(line) => {
                let waits = if alone { "its claim is under way" } else { "the members are not known yet" };
                Err(match &line.trouble {
                    Some(why) if self.core.journal.tight().is_some() => NotReady::Full { why: why.clone() },
                    Some(why) => NotReady::Trouble { shard: line.shard, why: why.clone() },
                    None => NotReady::Waiting { shard: line.shard, waits },
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actors::ports::journal::NodeId;

    #[test]
    fn a_shard_of_nobody_or_of_a_dead_node_is_ownerless() {
        let member = |name: &str, alive| MemberLine {
            node: NodeId(name.into()),
            url: None,
            draining: false,
            alive,
            seen_ms_ago: 0,
            clock_skew_ms: None,
        };
        let shard = |owner: Option<&str>| ShardLine {
            shard: 0,
            serving: false,
            epoch: 0,
            folded: 0,
            owner: owner.map(str::to_owned),
            owner_epoch: None,
            placed: None,
            trouble: None,
        };
        let status = NodeStatus {
            node: "a#1".into(),
            shards: [Some("a#1"), Some("b#1"), None, Some("a#0")].map(shard).into(),
            residents: 0,
            steps_under_way: 0,
            draining: false,
            connected: true,
            members: vec![member("a#1", true), member("b#1", false)],
            projections: Vec::new(),
        };
        assert_eq!(status.ownerless(), 3, "dead, released, and an incarnation that is gone");
    }
}
