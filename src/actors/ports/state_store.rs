//! The tail's folded entity states, index rows and watermark, rebuilt from the journal whenever they are missing, older
//! than the code, or of another journal.

use std::sync::Arc;

use uuid::Uuid;

use super::journal::{BatchId, Seq, Shard};
use crate::domain::key::EntityKey;

/// An entity's state as stored: an opaque JSON text that the tail makes and reads.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEntity {
    pub version: u64,
    pub json: Arc<str>,
}

/// A row of a read model: its whole meaning is in its key. `table` groups, `key` sorts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    pub table: &'static str,
    pub key: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowChange {
    Put(Row),
    Delete(Row),
}

/// A batch, and where it stands in its shard's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchAt {
    pub seq: Seq,
    pub batch: BatchId,
}

/// One atomic write of a shard's tail. With a watermark, everything up to it is inside the store.
#[derive(Clone, Debug, Default)]
pub struct TailWrite {
    pub rows: Vec<RowChange>,
    pub states: Vec<(EntityKey, StoredEntity)>,
    /// (entity, first version in the record) -> record: the index behind history and movements.
    pub history: Vec<(EntityKey, u64, Seq)>,
    pub watermark: Option<Seq>,
    /// No later batch has any effect in the store: this batch identifies the store's log.
    pub newest: Option<BatchAt>,
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("state store: {0}")]
pub struct StoreError(pub Arc<str>);

/// Synchronous: implementations read from memory or page cache.
pub trait StateStore: Send + Sync + 'static {
    /// Empties the store unless it was made from this journal by this version of the folds.
    fn open_for(&self, journal: Uuid, shards: u16, version: u32) -> Result<(), StoreError>;
    /// Empties the store: everything is folded again.
    fn reset(&self) -> Result<(), StoreError>;
    fn watermark(&self, shard: Shard) -> Result<Seq, StoreError>;
    /// [`TailWrite::newest`] of the last write that had one.
    fn newest(&self, shard: Shard) -> Result<Option<BatchAt>, StoreError>;
    fn write(&self, shard: Shard, write: TailWrite) -> Result<(), StoreError>;
    fn load(&self, key: &EntityKey) -> Result<Option<StoredEntity>, StoreError>;
    /// Keys of one kind from `after` (exclusive) on, in order.
    fn keys(
        &self,
        kind: crate::domain::kinds::Kind,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<EntityKey>, StoreError>;
    /// Row keys of a table that start with `prefix`, after `after` (exclusive), in order; `reverse` from the end.
    fn rows(
        &self,
        table: &'static str,
        prefix: &[u8],
        after: Option<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError>;
    /// Records that hold commits of `key`, from the newest one that starts at or below `from_version` on, in order.
    fn history(&self, key: &EntityKey, from_version: u64, limit: usize) -> Result<Vec<(u64, Seq)>, StoreError>;
}
