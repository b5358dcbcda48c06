//! The subscribing side: bounds, the threads of the connections' tasks, and the port that reads first views.

use std::{net::IpAddr, sync::Arc, time::Duration};

use futures::future::BoxFuture;
use tokio::{runtime::Handle, sync::Semaphore};

use super::{
    Committed,
    audience::Audience,
    connections::{Connections, Refused},
    hub::Hub,
    session::Session,
    topic::Topic,
};
use crate::domain::key::EntityKey;

/// The source of a new subscriber's first view; `app` implements it over the gateway.
pub trait Current: Send + Sync + 'static {
    /// The committed views of `topic` now: none or one for an entity's topic, the family's snapshot for the others, the
    /// most important ones first. More than `live.snapshot_entities_max` are not sent.
    /// For one entity at least as new as anything already published (the tail publishes what it has folded); for the
    /// others that is so after [`Current::await_projection`].
    fn current(&self, topic: &Topic) -> Vec<Committed>;

    /// Resolves once [`Current::current`] shows this entity as it was acknowledged before this call, or after a bounded
    /// wait. Called for a missing entity that may be watched only once it exists: its owner may subscribe right after the
    /// reply that created it. A stranger may ask for as many as he likes, so this must make no work but the wait.
    fn await_folded(&self, _: &EntityKey) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Resolves once [`Current::current`] shows everything that was acknowledged before this call, or after a bounded
    /// wait. Called before the snapshot of a many-keyed topic.
    fn await_projection(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }

    /// Resolves once the lists behind many-keyed topics are built, or after a bounded wait: a new version of the program
    /// may be building them, and a snapshot without them is empty. Asked before the snapshot of such a topic.
    fn await_lists(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

#[derive(Clone)]
pub struct Listeners {
    pub(super) hub: Hub,
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub current: Arc<dyn Current>,
    pub connections: Connections,
    /// Snapshots of the many-keyed topics read hundreds of entities: this many run at a time, the others wait.
    pub snapshots: Semaphore,
    /// Where connections' tasks run.
    sockets: Handle,
}

const SNAPSHOTS_AT_ONCE: usize = 2;

impl Listeners {
    /// Must be called within a tokio runtime: it starts the ticker, which ends with the last handle.
    pub fn start(hub: Hub, current: Arc<dyn Current>) -> Self {
        Self::start_on(Handle::current(), hub, current)
    }

    /// Connections' tasks run on `sockets`: with threads of their own a fan-out to thousands does not delay the other
    /// tasks of this runtime.
    pub fn start_on(sockets: Handle, hub: Hub, current: Arc<dyn Current>) -> Self {
        let connections = Connections::new(hub.inner.limits.clone());
        let snapshots = Semaphore::new(SNAPSHOTS_AT_ONCE);
        let inner = Arc::new(Inner { current, connections, snapshots, sockets });
        let weak = Arc::downgrade(&inner);
        tokio::spawn(async move {
            let mut second = tokio::time::interval(Duration::from_secs(1));
            second.tick().await;
            loop {
                second.tick().await;
                match weak.upgrade() {
                    Some(inner) => inner.connections.tick(),
                    None => return,
                }
            }
        });
        Self { hub, inner }
    }

    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// Runs a connection's task.
    pub fn run_socket(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.inner.sockets.spawn(task));
    }

    /// Accepts a connection, or returns the bound that is reached.
    pub fn connect(&self, address: IpAddr, audience: Audience) -> Result<Session, Refused> {
        match self.inner.connections.enter(address, &audience) {
            Ok(connection) => Ok(Session::new(self.clone(), connection, audience)),
            Err(refused) => {
                metrics::counter!("souk_live_refused_total", "code" => refused.code()).increment(1);
                Err(refused)
            }
        }
    }

    /// Whether this node's views are current enough to be shown. While they are not, connections are closed (code 1013)
    /// and new ones refused.
    pub fn show(&self, shown: bool) {
        self.inner.connections.show(shown);
    }

    /// Closes all connections (code 1001) and refuses new ones; returns when all have ended, or after `within`.
    pub async fn close_all(&self, within: Duration) {
        self.inner.connections.drain(within).await;
    }
}
