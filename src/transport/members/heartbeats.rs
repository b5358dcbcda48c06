//! Signs of life, as each node writes its own and sees everybody's. The simulation has its own; production's is
//! [`super::nats`].

use std::sync::Arc;

use futures::{future::BoxFuture, stream::BoxStream};
use serde::{Deserialize, Serialize};

use crate::actors::ports::journal::NodeId;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    pub node: NodeId,
    /// Another one than before means alive. Grows by one with each beat; nobody compares it with a clock.
    pub counter: u64,
    /// Finishing its work, and to be given no more.
    pub draining: bool,
    /// Where its HTTP is reached, if it says so.
    pub url: Option<Arc<str>>,
}

/// What a watcher is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    Beat(Beat),
    /// It left in good order, with its shards handed over.
    Gone(NodeId),
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("heartbeat: {0}")]
pub struct BeatError(pub Arc<str>);

pub trait Heartbeats: Send + Sync + 'static {
    /// Writes this node's sign; `Ok` only once that is confirmed. Ends by itself within a bounded time.
    fn beat(&self, beat: Beat) -> BoxFuture<'static, Result<(), BeatError>>;

    /// The newest sign of every node, then each new one, for ever: an implementation begins anew after a failure, and
    /// may repeat what it told.
    fn watch(&self) -> BoxStream<'static, Sign>;

    /// Takes this node's sign away, as the last thing it does.
    fn gone(&self, node: NodeId) -> BoxFuture<'static, Result<(), BeatError>>;
}
