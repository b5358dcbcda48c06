//! Where the tail keeps what it folded: entity states, rows and the watermark, rebuilt from the journal
//! whenever they are missing, older than the code, or of another journal.

use std::sync::Arc;

use uuid::Uuid;

use super::journal::{BatchId, RecordName, Seq, Shard};
use crate::domain::{key::EntityKey, kinds::Kind};

/// An entity's state as stored: an opaque JSON text that the tail makes and reads; empty for an entity that is forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredEntity {
    pub version: u64,
    pub json: Arc<str>,
}

/// Rows of one owner. A projection gets a fresh one for each version and each rebuild, and no number is given
/// twice: so the rows of two versions never mix, and whatever lies in a space without an owner is garbage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Space(pub u32);

impl Space {
    /// The tail's own rows: alarms, pending effects, and how far each projection is built.
    pub const TAIL: Self = Self(0);
}

/// A row of a read model. `table` groups, `key` sorts; often the key says everything and the value is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    pub table: &'static str,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
}

impl Row {
    /// A row whose whole meaning is in its key.
    pub fn new(table: &'static str, key: Vec<u8>) -> Self {
        Self { table, key, value: Vec::new() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowChange {
    pub space: Space,
    pub table: &'static str,
    pub key: Vec<u8>,
    /// `None` deletes the row.
    pub value: Option<Vec<u8>>,
}

impl RowChange {
    pub fn put(space: Space, row: Row) -> Self {
        Self { space, table: row.table, key: row.key, value: Some(row.value) }
    }

    pub fn delete(space: Space, row: Row) -> Self {
        Self { space, table: row.table, key: row.key, value: None }
    }
}

/// A row as it is read: its key within the table, and its value.
pub type KeyValue = (Vec<u8>, Vec<u8>);

/// A batch, and where it stands in its shard's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchAt {
    pub seq: Seq,
    pub batch: BatchId,
}

/// One atomic write of a shard's tail. With a watermark, everything up to it is inside the store.
#[derive(Clone, Debug, Default)]
pub struct TailWrite {
    /// Each key at most once.
    pub rows: Vec<RowChange>,
    pub states: Vec<(EntityKey, StoredEntity)>,
    /// Entities whose history leaves the store; what [`TailWrite::history`] has of them is of their new life.
    pub forgotten: Vec<EntityKey>,
    /// (entity, first version in the record) -> record: the index behind history and movements.
    pub history: Vec<(EntityKey, u64, Seq)>,
    /// History of records up to this one may be in the store already, in other entries: they were folded before this
    /// start. Behind it nothing older is looked for.
    pub again_upto: Seq,
    pub watermark: Option<Seq>,
    /// The name of the record at the watermark, as it was folded, where the journal has names.
    pub name: Option<RecordName>,
    /// No later batch has any effect in the store: this batch identifies the store's log.
    pub newest: Option<BatchAt>,
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("state store: {0}")]
pub struct StoreError(pub Arc<str>);

/// Whether the store can be written at this moment. It can always be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Room {
    Enough,
    /// The disk is full, and nothing was tried: ask again later.
    NotNow(Arc<str>),
    /// A write met a full disk. This process never writes the store again; the next start goes on from what is inside.
    NeverAgain(Arc<str>),
}

/// Synchronous: implementations read from memory or page cache.
pub trait StateStore: Send + Sync + 'static {
    /// Empties the store unless it was made from this journal and holds states of this version.
    fn open_for(&self, journal: Uuid, shards: u16, version: u32) -> Result<(), StoreError>;
    /// Empties the store: everything is folded again.
    fn reset(&self) -> Result<(), StoreError>;
    /// Asked before each write of a tail.
    fn room(&self) -> Room {
        Room::Enough
    }
    fn watermark(&self, shard: Shard) -> Result<Seq, StoreError>;
    /// [`TailWrite::name`] of the write that brought the watermark.
    fn watermark_name(&self, shard: Shard) -> Result<Option<RecordName>, StoreError>;
    /// [`TailWrite::newest`] of the last write that had one.
    fn newest(&self, shard: Shard) -> Result<Option<BatchAt>, StoreError>;
    fn write(&self, shard: Shard, write: TailWrite) -> Result<(), StoreError>;
    /// One atomic write of rows that belongs to no shard: a step of a projection's build.
    fn write_rows(&self, rows: Vec<RowChange>) -> Result<(), StoreError>;
    fn load(&self, key: &EntityKey) -> Result<Option<StoredEntity>, StoreError>;
    /// The version of an entity that has no state or is forgotten; `None`: there is something.
    fn absent(&self, key: &EntityKey) -> Result<Option<u64>, StoreError>;
    /// Keys of one kind from `after` (exclusive) on, in order.
    fn keys(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<EntityKey>, StoreError>;
    /// Rows of a table whose keys start with `prefix`, after `after` (exclusive), in the order of their keys.
    fn rows(
        &self,
        space: Space,
        table: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<KeyValue>, StoreError>;
    /// One row's value.
    fn row(&self, space: Space, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Deletes at most `limit` rows that nobody owns: those outside of `live` and of [`Space::TAIL`], and there those of
    /// other tables than `tables`. Returns how many; fewer than `limit`: none is left.
    fn sweep(&self, live: &[Space], tables: &[&str], limit: usize) -> Result<usize, StoreError>;
    /// Records that hold commits of `key`, from the newest one that starts at or below `from_version` on, in order.
    fn history(&self, key: &EntityKey, from_version: u64, limit: usize) -> Result<Vec<(u64, Seq)>, StoreError>;
}
