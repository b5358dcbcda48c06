//! The journal on NATS JetStream: one stream for each shard, one message for each record.
//!
//! Fencing is `Nats-Expected-Last-Sequence` on the whole stream, checked by nats-server where the message is applied
//! (also on 2.9.10, where per-subject expectations are not): two writers can never both be stored at one sequence. The
//! record at `after + 1` therefore decides for good the outcome of an append whose reply was lost; while that place is
//! empty, a barrier is written to it first (`resolve`). Deliberately absent: message ids and server-side de-duplication
//! (no append is ever sent twice).

mod advice;
mod api;
mod chain;
mod error;
mod floor;
mod key_stream;
mod open;
mod options;
mod probe;
mod reader;
mod record;
mod resolve;
mod write;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use async_nats::Client;
use futures::{FutureExt, future::BoxFuture};
use tokio::sync::Notify;
use uuid::Uuid;

pub use error::JetStreamError;
pub use floor::fit_version;
pub use key_stream::KeyStream;
pub use options::JetStreamOptions;
pub use probe::{ProbeReport, probe};

use self::api::Api;
use crate::{
    actors::ports::journal::{
        AppendError, Batch, BatchId, Claim, Journal, JournalError, NodeId, RecordName, Records, Resolution, Seq, Shard,
    },
    domain::personal::Vault,
};

#[derive(Clone)]
pub struct JetStreamJournal(Arc<Inner>);

struct Inner {
    api: Api,
    id: Uuid,
    shards: u16,
    options: JetStreamOptions,
    /// The epoch of this process's newest claim on each shard, and the record that its next append follows. A lock,
    /// held for one read or write and never across an await.
    writers: Mutex<HashMap<Shard, Writer>>,
    /// Wakes readers that wait for records: their consumers are made anew.
    turned: Notify,
    /// Set once, before anything is read that has to be opened.
    vault: OnceLock<Arc<dyn Vault>>,
}

#[derive(Clone, Copy)]
struct Writer {
    epoch: u64,
    end: Seq,
    /// Checksum of the message at the end; the next message names it.
    sum: u32,
}

impl JetStreamJournal {
    /// Finds the shop's streams, or creates them if `options.create` is set.
    ///
    /// # Errors
    /// When a stream is missing, a stream's settings differ, or the servers cannot hold this journal.
    pub async fn open(client: Client, options: JetStreamOptions) -> Result<Self, JetStreamError> {
        let api = Api::new(client, options.request_timeout);
        let meta = open::open(&api, &options).await?;
        let writers = Mutex::default();
        let turned = Notify::new();
        let vault = OnceLock::new();
        Ok(Self(Arc::new(Inner { api, id: meta.journal, shards: meta.shards, options, writers, turned, vault })))
    }

    /// From now on personal data is sealed and opened under these keys; without any it reads as blank.
    pub fn seal_with(&self, vault: Arc<dyn Vault>) {
        let _first_stays = self.0.vault.set(vault);
    }

    fn writers(&self) -> MutexGuard<'_, HashMap<Shard, Writer>> {
        self.0.writers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Journal for JetStreamJournal {
    fn id(&self) -> Uuid {
        self.0.id
    }

    fn shards(&self) -> u16 {
        self.0.shards
    }

    fn vault(&self) -> Option<Arc<dyn Vault>> {
        self.0.vault.get().cloned()
    }

    fn claim(&self, shard: Shard, node: NodeId) -> BoxFuture<'_, Result<Claim, JournalError>> {
        self.claim_now(shard, node).boxed()
    }

    fn release(&self, claim: Claim, after: Seq) -> BoxFuture<'_, Result<Seq, AppendError>> {
        self.release_now(claim, after).boxed()
    }

    fn append(&self, claim: Claim, after: Seq, batch: Arc<Batch>) -> BoxFuture<'_, Result<Seq, AppendError>> {
        self.append_now(claim, after, batch).boxed()
    }

    fn read(&self, shard: Shard, from: Seq) -> Records {
        reader::records(self.clone(), shard, from, None, None)
    }

    fn read_behind(&self, shard: Shard, after: Seq, name: Option<RecordName>) -> Records {
        reader::records(self.clone(), shard, after + 1, None, name)
    }

    fn name(&self, shard: Shard, seq: Seq) -> BoxFuture<'_, Result<Option<RecordName>, JournalError>> {
        self.name_now(shard, seq).boxed()
    }

    fn read_range(&self, shard: Shard, from: Seq, to: Seq) -> Records {
        reader::records(self.clone(), shard, from, Some(to), None)
    }

    fn resolve(&self, claim: Claim, after: Seq, batch: BatchId) -> BoxFuture<'_, Result<Resolution, JournalError>> {
        self.resolve_now(claim, after, batch).boxed()
    }

    fn end(&self, shard: Shard) -> BoxFuture<'_, Result<Seq, JournalError>> {
        self.end_now(shard).boxed()
    }

    fn turn_away(&self) -> BoxFuture<'_, ()> {
        // A consumer may live on another server than the connection's, and hang there: both are made anew.
        self.0.turned.notify_waiters();
        self.0.api.reconnect().boxed()
    }
}
