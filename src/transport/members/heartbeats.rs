//! Heartbeats: each node writes its own and watches those of all nodes. The simulation has an implementation;
//! production's is [`super::nats`].

use std::{collections::BTreeMap, sync::Arc};

use futures::{future::BoxFuture, stream::BoxStream};
use serde::{Deserialize, Serialize};

use crate::{
    actors::ports::journal::{NodeId, Seq},
    domain::time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    pub node: NodeId,
    /// A changed counter means alive. It grows by one with each heartbeat and is never compared with a clock.
    pub counter: u64,
    /// The node is finishing its work and must receive no more shards.
    pub draining: bool,
    /// The URL of the node's HTTP, if configured.
    pub url: Option<Arc<str>>,
    /// The node's own clock at the sending. `None` from older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The clock of the server that stored the heartbeat, at that moment; known to watchers only.
    #[serde(skip)]
    pub stored: Option<Timestamp>,
    /// The newest acknowledged positions of shards that the node has written to: of some of them, where there are many.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ends: BTreeMap<u16, Seq>,
}

/// An event of the watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    Beat(Beat),
    /// The node left in good order, with its shards handed over.
    Gone(NodeId),
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("heartbeat: {0}")]
pub struct BeatError(pub Arc<str>);

pub trait Heartbeats: Send + Sync + 'static {
    /// Writes this node's heartbeat; `Ok` only once the write is confirmed. Returns within a bounded time.
    fn beat(&self, beat: Beat) -> BoxFuture<'static, Result<(), BeatError>>;

    /// The newest heartbeat of every node, then each new one, for ever: an implementation starts again after a failure,
    /// and may repeat heartbeats.
    fn watch(&self) -> BoxStream<'static, Sign>;

    /// Heartbeats are not confirmed any more, though a server seems to be there: takes another one, where there is one.
    fn turn_away(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Removes this node's heartbeat, as the node's last step.
    fn gone(&self, node: NodeId) -> BoxFuture<'static, Result<(), BeatError>>;
}
