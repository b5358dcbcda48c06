//! The journal of one machine: every shard's log in one sled 0.34 database, one writer thread.
//!
//! Guarantee (G2): `append` returns `Ok` after sled's flush *and* an `fdatasync` of its file, because sled's own flush
//! makes no fsync on Linux (`sync_file_range` only, `pagecache/iobuf.rs`). While one sync is on its way, requests of
//! all shards gather and share the next. Fencing is checked by the writer thread, the only place that knows each log's
//! end.
//!
//! Deliberately absent: deletion and compaction of records; a second try after a failed sync (the
//! page cache may lie after one), the journal then refuses everything and the process must end.

mod directory;
mod error;
mod free_space;
mod gauge;
mod layout;
mod load;
mod look;
mod open;
mod options;
mod reader;
mod request;
mod salvage;
mod scrub;
mod shard_log;
mod sled_log;
mod trial;
mod writer;

use std::{
    path::Path,
    sync::{Arc, Mutex, mpsc},
    thread::JoinHandle,
};

use futures::{FutureExt, StreamExt, future::BoxFuture};
use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;

pub use error::OpenError;
pub(crate) use load::Loader;
pub use options::SledOptions;
pub use salvage::Salvage;

use self::{
    request::{Ask, Request},
    shard_log::Shared,
};
use super::{
    envelope,
    guard::{guarded, text},
    shop_record::ShopRecord,
};
use crate::{
    actors::ports::journal::{
        AppendError, Batch, BatchId, Claim, Damage, Entry, Journal, JournalError, NodeId, Record, Records, Resolution,
        Seq, Shard,
    },
    domain::personal::Vault,
};

/// Requests that wait for the writer; more wait for their turn in `append` itself.
const REQUESTS_MAX: usize = 1024;

pub struct SledJournal {
    shared: Arc<Shared>,
    /// Bounded by `permits`: each request holds a permit until its reply.
    requests: mpsc::Sender<Request>,
    permits: Arc<Semaphore>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl SledJournal {
    /// Opens or creates the journal in `dir`. Blocks: recovery reads the newest records of every shard.
    pub fn open(dir: &Path, options: SledOptions) -> Result<Self, OpenError> {
        let (shared, writer) = open::open(dir, options)?;
        let (requests, incoming) = mpsc::channel();
        let writer = std::thread::Builder::new()
            .name("journal".into())
            .spawn(move || writer.run(&incoming))
            .map_err(|error| OpenError::Io { path: dir.into(), error })?;
        let permits = Arc::new(Semaphore::new(REQUESTS_MAX));
        Ok(Self { shared, requests, permits, writer: Mutex::new(Some(writer)) })
    }

    /// From now on personal data is sealed and opened under these keys; without any it reads as blank.
    pub fn seal_with(&self, vault: Arc<dyn Vault>) {
        let _first_stays = self.shared.vault.set(vault);
    }

    /// Ends the writer while others still hold the journal: queued requests become durable, the clean end is marked,
    /// and every later request is refused.
    pub async fn shut(&self) {
        // A writer that has ended already, or failed, has nothing left to mark.
        let _ended = self.ask(|answer| Ask::Close { answer }).await;
    }

    /// What this journal keeps about its shop.
    pub fn shop_record(&self) -> Result<ShopRecord, JournalError> {
        let io = |problem: String| JournalError::Io(problem.into());
        let found = guarded(|| layout::read_shop(&self.shared._db).map_err(text)).map_err(io)?;
        let read = found.map(|bytes| serde_json::from_slice(&bytes)).transpose();
        read.map(Option::unwrap_or_default).map_err(|error| io(format!("the shop's record: {error}")))
    }

    /// Returns once it is durable.
    pub async fn write_shop_record(&self, record: &ShopRecord) -> Result<(), JournalError> {
        let bytes = serde_json::to_vec(record).map_err(|error| JournalError::Io(error.to_string().into()))?;
        self.ask(|answer| Ask::ShopRecord { bytes, answer }).await?
    }

    /// Reads old records again for as long as the journal is open, at most so many bytes a second; what it finds is in
    /// [`Journal::damage`] and in the log.
    pub fn scrub(&self, bytes_per_second: u64) -> BoxFuture<'static, ()> {
        scrub::run(self.shared.clone(), bytes_per_second).boxed()
    }

    /// One pass of the scrub, as fast as so many bytes a second allow.
    ///
    /// # Errors
    /// When the journal has failed.
    pub async fn scrub_once(&self, bytes_per_second: u64) -> Result<(), JournalError> {
        scrub::pass(&self.shared, bytes_per_second).await
    }

    /// Waits for queued requests, marks a clean end and frees the directory's lock (once the last stream is gone).
    /// Blocks for as long as the writer needs.
    pub fn close(self) {
        drop(self);
    }

    /// Resolves when the journal has failed for good, with the reason: the process must then end.
    pub fn failed(&self) -> BoxFuture<'static, Arc<str>> {
        let mut failure = self.shared.failure.subscribe();
        async move {
            match failure.wait_for(Option::is_some).await.map(|reason| reason.clone()) {
                Ok(Some(reason)) => reason,
                Ok(None) | Err(_) => std::future::pending().await,
            }
        }
        .boxed()
    }

    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Result<T, Failed> {
        if let Some(reason) = self.shared.failure() {
            return Err(Failed::Refused(reason));
        }
        let closed = || Failed::Refused("the writer has stopped".into());
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| closed())?;
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request { ask: ask(answer), _permit: permit }).map_err(|_| closed())?;
        // The writer drops a request unanswered only when it fails in the middle of it.
        answered.await.map_err(|_| {
            Failed::Unanswered(self.shared.failure().unwrap_or_else(|| "the writer stopped in the middle".into()))
        })
    }

    async fn write(&self, claim: &Claim, after: Seq, entry: Entry) -> Result<Seq, AppendError> {
        let record = Record {
            shard: claim.shard,
            seq: after + 1,
            epoch: claim.epoch,
            node: claim.node.clone(),
            entry,
            name: None,
        };
        self.shared.log(record.shard).map_err(|error| AppendError::Io(error.to_string().into()))?;
        // Encoded here, in the caller's task: the writer thread only moves bytes.
        let bytes = envelope::encode(&record).map_err(|error| AppendError::Io(error.to_string().into()))?;
        let record = Arc::new(record);
        match self.ask(|answer| Ask::Write { record, bytes, answer }).await {
            Ok(answer) => answer,
            Err(Failed::Refused(reason)) => Err(AppendError::Io(reason)),
            Err(Failed::Unanswered(reason)) => Err(AppendError::Ambiguous(reason)),
        }
    }
}

impl Drop for SledJournal {
    fn drop(&mut self) {
        // A closed channel ends the writer after the queued requests; its thread then drops the database.
        let (closed, _) = mpsc::channel();
        self.requests = closed;
        if let Some(writer) = self.writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
            && writer.join().is_err()
        {
            tracing::error!("the journal's writer thread panicked");
        }
    }
}

/// Why a request has no reply.
enum Failed {
    /// The request never reached the log.
    Refused(Arc<str>),
    /// The request may have reached the log.
    Unanswered(Arc<str>),
}

impl From<Failed> for JournalError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(reason) | Failed::Unanswered(reason) => Self::Io(reason),
        }
    }
}

impl Journal for SledJournal {
    fn id(&self) -> Uuid {
        self.shared.id
    }

    fn shards(&self) -> u16 {
        self.shared.shards()
    }

    fn claim(&self, shard: Shard, node: NodeId) -> BoxFuture<'_, Result<Claim, JournalError>> {
        async move {
            self.shared.log(shard)?;
            self.ask(|answer| Ask::Claim { shard, node, answer }).await?
        }
        .boxed()
    }

    fn release(&self, claim: Claim, after: Seq) -> BoxFuture<'_, Result<Seq, AppendError>> {
        async move { self.write(&claim, after, Entry::Released).await }.boxed()
    }

    fn append(&self, claim: Claim, after: Seq, batch: Arc<Batch>) -> BoxFuture<'_, Result<Seq, AppendError>> {
        async move {
            envelope::check_size(&batch)?;
            self.write(&claim, after, Entry::Batch(Arc::unwrap_or_clone(batch))).await
        }
        .boxed()
    }

    fn read(&self, shard: Shard, from: Seq) -> Records {
        reader::records(self.shared.clone(), shard, from, None)
    }

    fn read_range(&self, shard: Shard, from: Seq, to: Seq) -> Records {
        reader::records(self.shared.clone(), shard, from, Some(to))
    }

    /// Uses the same queue as appends, and so waits for every append before it: the result is final.
    fn resolve(&self, claim: Claim, after: Seq, batch: BatchId) -> BoxFuture<'_, Result<Resolution, JournalError>> {
        async move {
            self.shared.log(claim.shard)?;
            self.ask(|answer| Ask::Settle { answer }).await?;
            let place = after + 1;
            let found =
                reader::records(self.shared.clone(), claim.shard, place, Some(place)).next().await.transpose()?;
            Ok(Resolution::of(found.as_deref(), after, batch))
        }
        .boxed()
    }

    fn end(&self, shard: Shard) -> BoxFuture<'_, Result<Seq, JournalError>> {
        async move { self.shared.log(shard)?.end() }.boxed()
    }

    fn vault(&self) -> Option<Arc<dyn Vault>> {
        self.shared.vault.get().cloned()
    }

    fn tight(&self) -> Option<Arc<str>> {
        self.shared.gauge.tight()
    }

    fn damage(&self) -> Option<Damage> {
        self.shared.findings.damage()
    }
}
