//! Which node should own which shard: a hint, never a right.
//!
//! The claim record in a shard's log decides its owner; placement only names the node that should try. A stale or wrong
//! hint costs time, never correctness. On one machine this node should own everything.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::Serialize;

use super::journal::{NodeId, Seq, Shard};

/// One node's beliefs at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// Grows with every change of the fields below.
    pub generation: u64,
    /// By shard. `None`: not known yet, so nothing moves.
    pub owners: Vec<Option<NodeId>>,
    /// Every node whose heartbeat arrived within the time after which a node counts as dead, this one included.
    pub alive: Vec<NodeId>,
}

impl Hint {
    pub fn owner(&self, shard: Shard) -> Option<&NodeId> {
        self.owners.get(usize::from(shard.0))?.as_ref()
    }

    pub fn is_alive(&self, node: &NodeId) -> bool {
        self.alive.contains(node)
    }
}

/// A node as its heartbeats show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberLine {
    pub node: NodeId,
    /// The URL of the node's HTTP, if configured.
    pub url: Option<Arc<str>>,
    /// The node is finishing its work and must receive no more shards.
    pub draining: bool,
    pub alive: bool,
    /// Time since the arrival of its last heartbeat.
    pub seen_ms_ago: u64,
    /// Milliseconds by which its own clock is ahead of the cluster's time; behind: negative. `None`: not measured. The
    /// node decides by the cluster's time where the difference is a second or more.
    pub clock_skew_ms: Option<i64>,
}

pub trait Placement: Send + Sync + 'static {
    fn hint(&self) -> Arc<Hint>;

    /// Resolves once the hint's generation is another than `seen`.
    fn changed(&self, seen: u64) -> BoxFuture<'static, ()>;

    /// Whether this node's own heartbeat was confirmed within the lease. A node that is not connected takes no command
    /// and replies to no strong read: others may serve its shards already.
    fn connected(&self) -> bool;

    /// Resolves once [`Placement::connected`] turns false; at once when it is.
    fn cut_off(&self) -> BoxFuture<'static, ()>;

    /// From now on this node's heartbeats announce its leaving; returns when that was written, or could not be.
    fn leave(&self) -> BoxFuture<'static, ()>;

    fn members(&self) -> Vec<MemberLine>;

    /// An append of this node was confirmed at this position of the shard's log: the next heartbeats tell it to the
    /// others. Called for each append; must not block.
    fn acknowledged(&self, _shard: Shard, _seq: Seq) {}

    /// The newest position of the shard that another node's heartbeat told. 0: none.
    fn told(&self, _shard: Shard) -> Seq {
        0
    }
}
