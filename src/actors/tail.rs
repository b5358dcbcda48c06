//! The tail: one fold for each shard on each node, after the commit.
//!
//! It reads the shard's log in order and keeps every entity's committed state, its rows and sums and its
//! history index; it tells projections in memory and live sockets what changed. Activation, strong lists,
//! alarms and restarts all read from here, so order, gaps and versions are right in one place.
//!
//! Invariant: only committed events are folded, each exactly once and in log order. Invariant: whenever
//! an entity's rows or sums change, its state is written with them in one atomic write, so those in
//! the store are always those of the state in the store, for each projection that is built. States are written behind (`flush`);
//! the watermark never passes a record whose effect on any state is not yet written.

mod build;
mod cache;
mod divergence;
mod flush;
mod fold;
mod pace;
mod preload;
mod progress;
mod projected;
mod read;
mod sums;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use tokio::sync::Notify;

use self::cache::Inner;
use self::progress::ProgressCell;
pub use self::progress::{Cause, Stopped};
pub(super) use self::{build::build_step, divergence::diverged, preload::restore, progress::Progress, sums::total};
use super::{
    listener::Listener,
    ownership::LogOwner,
    ports::{
        Journal, StateStore, StoreError,
        journal::{JournalError, Seq, Shard},
    },
    projection::Registry,
    settings::ActorSettings,
    watchers::Watchers,
};

/// The table of due times: shard, time (both big-endian), key.
pub(super) const ALARMS: &str = "alarms";
/// Entities whose stored state has pending effects: shard (big-endian), key. The word is frozen: stored rows are under
/// it, and a start that looked elsewhere would not resume the effects of entities that nobody asks for.
pub(super) const PENDING: &str = "owing";

pub(super) struct Tail {
    pub(super) shard: Shard,
    journal: Arc<dyn Journal>,
    store: Arc<dyn StateStore>,
    /// The newest record of which the store had anything when this tail began.
    stored_upto: Seq,
    registry: Arc<Registry>,
    listener: Arc<dyn Listener>,
    watchers: Arc<Watchers>,
    /// Folded states not yet written, and a cache of written ones. A lock, because activations and
    /// lists read it while the tail's task folds; held for microseconds, never across an await.
    inner: Mutex<Inner>,
    /// Held while a write is under way: history is read either before or after it, never between, and so is each
    /// entity by a projection's build.
    writing: Mutex<()>,
    progress: ProgressCell,
    flush_asked: Notify,
    settings: ActorSettings,
    /// Of `state.cached_entities_max`, this shard's part.
    cached_max: usize,
}

#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum TailError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("shard {shard}: the tail stopped: {reason}", shard = .shard.0)]
    Stopped { shard: Shard, reason: Arc<str> },
}

impl Tail {
    pub(super) fn new(
        shard: Shard,
        journal: Arc<dyn Journal>,
        store: Arc<dyn StateStore>,
        registry: Arc<Registry>,
        listener: Arc<dyn Listener>,
        watchers: Arc<Watchers>,
        settings: ActorSettings,
    ) -> Result<Self, StoreError> {
        let watermark = store.watermark(shard)?;
        let cached_max = settings.state.cached_in_shard(journal.shards());
        let (newest, pending) = (store.newest(shard)?, read::pending_rows(&*store, shard)?);
        let progress = Progress { folded: watermark, flushed: watermark, ..Progress::default() };
        Ok(Self {
            shard,
            journal,
            store,
            stored_upto: newest.map_or(0, |newest| newest.seq),
            registry,
            listener,
            watchers,
            inner: Mutex::new(Inner::new(pending, newest)),
            writing: Mutex::new(()),
            progress: ProgressCell::new(progress),
            flush_asked: Notify::new(),
            settings,
            cached_max,
        })
    }

    pub(super) fn progress(&self) -> Progress {
        self.progress.get()
    }

    /// Reads the log's owner at the watermark; folding continues from there.
    pub(super) async fn learn_owner(&self) -> Result<(), JournalError> {
        let watermark = self.progress().folded;
        if watermark == 0 {
            return Ok(());
        }
        if let Some(record) = self.journal.read_range(self.shard, watermark, watermark).next().await {
            let record = record?;
            self.progress.change(|progress| progress.owned_by(&record));
        }
        Ok(())
    }

    /// Resolves when the log's owner, as folded here, is another than `seen`; never when the tail has stopped.
    pub(super) async fn owner_changed(&self, seen: &Option<LogOwner>) {
        if self.progress.until(|progress| progress.owner != *seen).await.is_err() {
            std::future::pending().await
        }
    }

    /// Waits until everything up to `seq` is folded.
    pub(super) async fn folded(&self, seq: Seq) -> Result<(), TailError> {
        self.until(|progress| progress.folded >= seq).await
    }

    /// Waits until everything up to `seq` is in the store's rows; asks for the write if need be.
    pub(super) async fn flushed(&self, seq: Seq) -> Result<(), TailError> {
        if self.progress.get().flushed >= seq {
            return Ok(());
        }
        self.folded(seq).await?;
        self.flush_asked.notify_one();
        self.until(|progress| progress.flushed >= seq).await
    }

    async fn until(&self, reached: impl Fn(&Progress) -> bool) -> Result<(), TailError> {
        let stopped = |reason| TailError::Stopped { shard: self.shard, reason };
        self.progress.until(reached).await.map_err(stopped)
    }

    /// The folded state can no longer be trusted: every waiter is notified, and the process ends.
    pub(super) fn fail(&self, cause: Cause, reason: String) {
        tracing::error!(shard = self.shard.0, %reason, "the tail is given up");
        self.progress.fail(Stopped { reason: reason.into(), cause });
    }

    /// Resolves once the tail has failed, with the reason.
    pub(super) async fn stopped_for_good(&self) -> Stopped {
        self.progress.failure().await
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
