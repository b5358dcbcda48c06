//! Which node should own which shard: a hint, never a right.
//!
//! The claim record in a shard's log decides who owns it; placement only says who should try. A stale
//! or wrong hint costs time, never truth. On one machine this node should own everything.

use std::sync::Arc;

use futures::future::BoxFuture;
use serde::Serialize;

use super::journal::{NodeId, Shard};

/// What one node believes at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint {
    /// Grows with every change of what follows.
    pub generation: u64,
    /// By shard. `None`: not to be said yet, so nothing moves.
    pub owners: Vec<Option<NodeId>>,
    /// Every node whose heartbeat was seen within the time after which it counts as dead, this one included.
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
    /// Where its HTTP is reached, if it says so.
    pub url: Option<Arc<str>>,
    /// Finishing its work, and to be given no more.
    pub draining: bool,
    pub alive: bool,
    /// Since its last heartbeat came here.
    pub seen_ms_ago: u64,
}

pub trait Placement: Send + Sync + 'static {
    fn hint(&self) -> Arc<Hint>;

    /// Resolves once the hint's generation is another than `seen`.
    fn changed(&self, seen: u64) -> BoxFuture<'static, ()>;

    /// Whether this node's own heartbeat was confirmed within the lease. A node that is not connected takes no command
    /// and answers no strong read: others may serve its shards already.
    fn connected(&self) -> bool;

    /// Resolves once [`Placement::connected`] turns false; at once when it is.
    fn cut_off(&self) -> BoxFuture<'static, ()>;

    /// From now on this node says that it leaves; returns when that was written, or could not be.
    fn leave(&self) -> BoxFuture<'static, ()>;

    fn members(&self) -> Vec<MemberLine>;
}
