//! One machine: no other node to place a shard on, and none to be cut off from.

use std::sync::Arc;

use futures::future::{BoxFuture, pending, ready};

use crate::actors::ports::{Hint, MemberLine, Placement, journal::NodeId};

pub struct SingleNode(Arc<Hint>);

impl SingleNode {
    pub fn new(node: NodeId, shards: u16) -> Self {
        let owners = vec![Some(node.clone()); usize::from(shards)];
        Self(Arc::new(Hint { generation: 1, owners, alive: vec![node] }))
    }
}

impl Placement for SingleNode {
    fn hint(&self) -> Arc<Hint> {
        self.0.clone()
    }

    fn changed(&self, _seen: u64) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }

    fn connected(&self) -> bool {
        true
    }

    fn cut_off(&self) -> BoxFuture<'static, ()> {
        Box::pin(pending())
    }

    fn leave(&self) -> BoxFuture<'static, ()> {
        Box::pin(ready(()))
    }

    /// No heartbeat is needed: the responding process is the only member.
    fn members(&self) -> Vec<MemberLine> {
        let line = |node: &NodeId| MemberLine {
            node: node.clone(),
            url: None,
            draining: false,
            alive: true,
            seen_ms_ago: 0,
            clock_skew_ms: None,
        };
        self.0.alive.iter().map(line).collect()
    }
}
