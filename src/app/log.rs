//! The journal that this process runs on: its own disk, or a cluster's streams.

use std::sync::Arc;

use futures::future::{BoxFuture, pending};

use crate::{
    actors::ports::Journal,
    persistence::{SledJournal, jetstream::JetStreamJournal},
    transport::members::Members,
};

pub(super) enum Log {
    Disk(Arc<SledJournal>),
    Cluster { journal: Arc<JetStreamJournal>, members: Arc<Members> },
}

impl Log {
    pub(super) fn journal(&self) -> Arc<dyn Journal> {
        match self {
            Self::Disk(journal) => journal.clone(),
            Self::Cluster { journal, .. } => journal.clone(),
        }
    }

    /// Resolves when the log has failed for good. NATS comes back, or this node is cut off and says so: never for good.
    pub(super) fn failed(&self) -> BoxFuture<'static, Arc<str>> {
        match self {
            Self::Disk(journal) => journal.failed(),
            Self::Cluster { .. } => Box::pin(pending()),
        }
    }

    /// The last step of a graceful end.
    pub(super) async fn close(self) {
        match self {
            Self::Disk(journal) => {
                // Sockets and requests may still hold handles: the clean end does not wait for them.
                journal.shut().await;
                if let Some(journal) = Arc::into_inner(journal) {
                    // Joins the writer's thread; not on a runtime's worker.
                    let _ = tokio::task::spawn_blocking(move || journal.close()).await;
                }
            }
            Self::Cluster { members, .. } => members.gone().await,
        }
    }
}
