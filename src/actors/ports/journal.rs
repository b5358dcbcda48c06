//! The journal: one log for each shard, one writer for each log.
//!
//! Contract, held by one conformance suite (`tests/journal_tck`) over every backend:
//! * of two racing claims one wins; a claim's epoch is its predecessor's plus one, written into the log;
//! * an append by an old claim is `Fenced`, and so is one whose `after` is not the log's end;
//! * an append is atomic: all of a batch's commits or none;
//! * when `append` returns `Ok`, the batch is on stable storage;
//! * after `Ambiguous`, `resolve` returns whether the batch was stored, and the result is final; it reads the one place
//!   where the batch can stand, regardless of the log's length;
//! * `read` gives every record once, in order, without a gap, history first and then live.

use std::{num::NonZeroU64, sync::Arc};

use futures::{future::BoxFuture, stream::BoxStream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{ids::CommandId, key::EntityKey, kinds::AnyEvent, personal::Vault, time::Timestamp};

/// Position in one shard's log: 1 is the first record, 0 is "before the first".
pub type Seq = u64;

/// Bytes of one batch's encoded commits, at most. Also the bound of one command's events.
pub const BATCH_BYTES_MAX: usize = 512 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shard(pub u16);

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub Arc<str>);

/// The right to append to a shard's log, until a later claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub shard: Shard,
    pub node: NodeId,
    pub epoch: u64,
    /// The claim's place in the log: the first append follows it.
    pub seq: Seq,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BatchId(pub Uuid);

/// One command's events, atomic.
#[derive(Clone, Debug, PartialEq)]
pub struct Commit {
    pub key: EntityKey,
    /// The entity's version after this commit: the first commit makes 1.
    pub version: u64,
    pub command_id: CommandId,
    /// Fingerprint of the command, where the host remembers its id (G3).
    pub fingerprint: Option<NonZeroU64>,
    /// The caller: `guest:<id>`, `user:<id>`, `system`, ...
    pub by: Arc<str>,
    pub at: Timestamp,
    pub events: Vec<AnyEvent>,
    /// The same events as the JSON array that stands in the log, encoded once by the entity's actor. What is personal is
    /// plain in `events` and sealed here.
    pub events_json: Arc<str>,
}

impl Commit {
    /// The JSON array of `events`, as [`Commit::events_json`] carries it.
    pub fn encode(events: &[AnyEvent]) -> serde_json::Result<Arc<str>> {
        let mut out = Vec::with_capacity(128);
        out.push(b'[');
        for (n, event) in events.iter().enumerate() {
            if n > 0 {
                out.push(b',');
            }
            event.write_json(&mut out)?;
        }
        out.push(b']');
        String::from_utf8(out).map(Into::into).map_err(serde::ser::Error::custom)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    pub id: BatchId,
    pub commits: Vec<Commit>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    Claimed,
    Released,
    Batch(Batch),
}

/// The CRC-32 of a record's bytes, in a journal whose records name their predecessors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RecordName(pub u32);

#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub shard: Shard,
    pub seq: Seq,
    pub epoch: u64,
    pub node: NodeId,
    pub entry: Entry,
    /// As it was read, in a journal with several copies of each log, which may differ; else `None`. Not part of the
    /// record's bytes.
    pub name: Option<RecordName>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    Stored(Seq),
    NotStored,
}

impl Resolution {
    /// The resolution, from the record in the batch's only place, `after + 1`.
    pub fn of(stands_there: Option<&Record>, after: Seq, batch: BatchId) -> Self {
        match stands_there.map(|record| &record.entry) {
            Some(Entry::Batch(stored)) if stored.id == batch => Self::Stored(after + 1),
            Some(Entry::Batch(_) | Entry::Claimed | Entry::Released) | None => Self::NotStored,
        }
    }
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    #[error("another claim came first")]
    LostRace,
    #[error("journal: {0}")]
    Io(Arc<str>),
    /// A record that fails its checksum, a gap, an unknown format: never skipped.
    #[error("journal corrupt at shard {shard} record {seq}: {problem}", shard = shard.0)]
    Corrupt { shard: Shard, seq: Seq, problem: Arc<str> },
    #[error("journal full: {0}")]
    Full(Arc<str>),
    /// Definite, and the same until an operator acts: the log is gone, or its settings forbid the record.
    #[error("journal refuses: {0}")]
    Refused(Arc<str>),
}

/// Acknowledged records that a running journal found unreadable behind its newest ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The first that was found.
    pub shard: Shard,
    pub seq: Seq,
    pub problem: Arc<str>,
    /// Found since the start, up to a bound of the journal's.
    pub records: usize,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    #[error("the claim is no longer the newest")]
    Fenced,
    /// Unknown whether it was stored: call `resolve`.
    #[error("append not confirmed: {0}")]
    Ambiguous(Arc<str>),
    #[error("journal full: {0}")]
    Full(Arc<str>),
    /// Not stored, and the same until an operator acts.
    #[error("journal refuses: {0}")]
    Refused(Arc<str>),
    #[error("journal: {0}")]
    Io(Arc<str>),
}

pub type Records = BoxStream<'static, Result<Arc<Record>, JournalError>>;

pub trait Journal: Send + Sync + 'static {
    /// Names this journal's contents; a state store made from another journal is rebuilt.
    fn id(&self) -> Uuid;
    fn shards(&self) -> u16;
    /// The keys under which personal data is sealed in this journal and in what is folded from it. `None`: it is plain.
    fn vault(&self) -> Option<Arc<dyn Vault>> {
        None
    }
    fn claim(&self, shard: Shard, node: NodeId) -> BoxFuture<'_, Result<Claim, JournalError>>;
    fn release(&self, claim: Claim, after: Seq) -> BoxFuture<'_, Result<Seq, AppendError>>;
    fn append(&self, claim: Claim, after: Seq, batch: Arc<Batch>) -> BoxFuture<'_, Result<Seq, AppendError>>;
    /// From `from` on (inclusive), for ever: history, then live.
    fn read(&self, shard: Shard, from: Seq) -> Records;
    /// The same from behind `after` on, for a reader that took in the record there as `name`: the next record must have
    /// been written behind that one. A journal with one copy of each log has no names, and nothing to compare.
    fn read_behind(&self, shard: Shard, after: Seq, _name: Option<RecordName>) -> Records {
        self.read(shard, after + 1)
    }
    /// The name of the record at `seq`, as the copy has it that decides about appends.
    fn name(&self, _shard: Shard, _seq: Seq) -> BoxFuture<'_, Result<Option<RecordName>, JournalError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
    /// From `from` to `to`, both inclusive.
    fn read_range(&self, shard: Shard, from: Seq, to: Seq) -> Records;
    /// The outcome of the append of `batch` by `claim` after `after`: the batch stands at `after + 1` or nowhere.
    fn resolve(&self, claim: Claim, after: Seq, batch: BatchId) -> BoxFuture<'_, Result<Resolution, JournalError>>;
    /// The newest durable record; 0 when the log is empty. Of servers it is what one of them believes: nothing that is
    /// shown as current may rest on it.
    fn end(&self, shard: Shard) -> BoxFuture<'_, Result<Seq, JournalError>>;
    /// Why only owed work may be written now ([`Work`](crate::domain::entity::Work)): the disk is nearly full. `None`: there
    /// is room, as far as this journal can tell; of servers it cannot. Asked before each commit, so it must be cheap.
    fn tight(&self) -> Option<Arc<str>> {
        None
    }
    /// What a look at old records found, where the journal takes one while it runs.
    fn damage(&self) -> Option<Damage> {
        None
    }
    /// The way to the log seems to lead to a server that the others have left: takes another way, where there is one.
    fn turn_away(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
