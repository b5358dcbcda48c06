//! The "disk" of the memory journal: its contents survive the journals opened on it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

use crate::actors::ports::journal::{
    AppendError, BatchId, Claim, Entry, JournalError, NodeId, Record, Resolution, Seq, Shard,
};

/// Cheap to clone; clones are the same storage.
#[derive(Clone)]
pub struct MemoryStorage {
    id: Uuid,
    logs: Arc<Vec<Log>>,
}

struct Log {
    /// A lock, because any number of journals share the storage; never held across an await.
    kept: Mutex<Kept>,
    /// Not a `watch` channel: that wakes its receivers in a random order, and the simulation must replay.
    grown: Notify,
}

#[derive(Default)]
struct Kept {
    records: Vec<Arc<Record>>,
    epoch: u64,
}

impl MemoryStorage {
    pub fn new(id: Uuid, shards: u16) -> Self {
        let log = || Log { kept: Mutex::default(), grown: Notify::new() };
        Self { id, logs: Arc::new((0..shards).map(|_| log()).collect()) }
    }

    pub fn id(&self) -> Uuid {
        self.id
    }

    pub fn shards(&self) -> u16 {
        // Never truncates: `new` takes a `u16`.
        self.logs.len() as u16
    }

    /// Every record of one shard, for a test's checks.
    pub fn records(&self, shard: Shard) -> Vec<Arc<Record>> {
        self.log(shard).map_or_else(|_| Vec::new(), |log| log.kept().records.clone())
    }

    /// Loses every log's records after `last`, acknowledged or not, like servers that had not synced these records.
    pub fn lose_behind(&self, last: Seq) {
        for log in &*self.logs {
            let mut kept = log.kept();
            kept.records.retain(|record| record.seq <= last);
            kept.epoch = kept.records.last().map_or(0, |record| record.epoch);
        }
    }

    /// An independent copy with the same contents and the same name.
    pub fn copied(&self) -> Self {
        let copy = |log: &Log| {
            let kept = log.kept();
            let kept = Kept { records: kept.records.clone(), epoch: kept.epoch };
            Log { kept: Mutex::new(kept), grown: Notify::new() }
        };
        Self { id: self.id, logs: Arc::new(self.logs.iter().map(copy).collect()) }
    }

    pub(super) fn claim(&self, shard: Shard, node: NodeId) -> Result<Claim, JournalError> {
        let log = self.log(shard)?;
        let mut kept = log.kept();
        kept.epoch += 1;
        let claim = Claim { shard, node: node.clone(), epoch: kept.epoch, seq: kept.end() + 1 };
        let record = Record { shard, seq: claim.seq, epoch: claim.epoch, node, entry: Entry::Claimed, name: None };
        log.push(kept, record);
        Ok(claim)
    }

    pub(super) fn append(&self, record: Record) -> Result<Seq, AppendError> {
        let log = self.log(record.shard).map_err(|error| AppendError::Io(error.to_string().into()))?;
        let kept = log.kept();
        if record.epoch != kept.epoch || record.seq != kept.end() + 1 {
            return Err(AppendError::Fenced);
        }
        Ok(log.push(kept, record))
    }

    pub(super) fn resolve(&self, shard: Shard, after: Seq, batch: BatchId) -> Result<Resolution, JournalError> {
        self.log(shard)?;
        Ok(Resolution::of(self.get(shard, after + 1).as_deref(), after, batch))
    }

    /// The newest record's number.
    pub fn end(&self, shard: Shard) -> Result<Seq, JournalError> {
        Ok(self.log(shard)?.kept().end())
    }

    /// Waits until the log has the record.
    pub(super) async fn reached(&self, shard: Shard, seq: Seq) -> Result<(), JournalError> {
        let log = self.log(shard)?;
        loop {
            let grown = log.grown.notified();
            tokio::pin!(grown);
            // Before the check, so that no record between check and wait is missed.
            grown.as_mut().enable();
            if log.kept().end() >= seq {
                return Ok(());
            }
            grown.await;
        }
    }

    pub(super) fn get(&self, shard: Shard, seq: Seq) -> Option<Arc<Record>> {
        let index = usize::try_from(seq.checked_sub(1)?).ok()?;
        self.log(shard).ok()?.kept().records.get(index).cloned()
    }

    fn log(&self, shard: Shard) -> Result<&Log, JournalError> {
        self.logs
            .get(usize::from(shard.0))
            .ok_or_else(|| JournalError::Io(format!("no shard {} among {}", shard.0, self.logs.len()).into()))
    }
}

impl Kept {
    fn end(&self) -> Seq {
        self.records.len() as Seq
    }
}

impl Log {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, mut kept: MutexGuard<'_, Kept>, record: Record) -> Seq {
        let seq = record.seq;
        kept.records.push(Arc::new(record));
        drop(kept);
        self.grown.notify_waiters();
        seq
    }
}
