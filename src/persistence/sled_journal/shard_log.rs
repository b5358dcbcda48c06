//! Each shard's durable end and its newest records, published by the writer and followed by readers.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use sled::Tree;
use tokio::sync::watch;
use uuid::Uuid;

use super::{gauge::Gauge, scrub::Findings};
use crate::{
    actors::ports::journal::{Entry, JournalError, Record, Seq, Shard},
    domain::personal::Vault,
    persistence::lock::DirectoryLock,
};

/// Newest records of a shard in memory, at most; a reader that is further behind reads the disk.
const RING_RECORDS_MAX: usize = 256;
/// Commits in a shard's ring, at most: the bound on its memory (about 1 KiB each).
const RING_COMMITS_MAX: usize = 4096;

/// The state shared by the handle, the writer and every open stream.
pub struct Shared {
    pub id: Uuid,
    pub log: Tree,
    pub logs: Vec<ShardLog>,
    /// Set once, by the writer: why the journal is dead.
    pub failure: watch::Sender<Option<Arc<str>>>,
    pub gauge: Gauge,
    /// Set once, before anything is read that has to be opened.
    pub vault: OnceLock<Arc<dyn Vault>>,
    /// Old records that were found damaged.
    pub findings: Findings,
    /// Keeps the database open as long as anything reads it.
    pub _db: sled::Db,
    /// Declared after the database: the lock goes when the database is closed.
    pub _lock: DirectoryLock,
}

impl Shared {
    pub fn shards(&self) -> u16 {
        // Never truncates: at most SHARDS_MAX logs exist.
        self.logs.len() as u16
    }

    pub fn log(&self, shard: Shard) -> Result<&ShardLog, JournalError> {
        self.logs
            .get(usize::from(shard.0))
            .ok_or_else(|| JournalError::Io(format!("no shard {} among {}", shard.0, self.logs.len()).into()))
    }

    pub fn failure(&self) -> Option<Arc<str>> {
        self.failure.borrow().clone()
    }
}

pub struct ShardLog {
    /// The newest durable record; `None` when the writer has stopped.
    pub end: watch::Sender<Option<Seq>>,
    /// A lock, because many readers copy a few `Arc`s out of it while one writer adds; held for microseconds.
    ring: Mutex<Ring>,
}

#[derive(Default)]
struct Ring {
    records: VecDeque<Arc<Record>>,
    commits: usize,
}

impl ShardLog {
    pub fn new(end: Seq) -> Self {
        Self { end: watch::Sender::new(Some(end)), ring: Mutex::default() }
    }

    /// The durable end; an error once the writer has stopped.
    pub fn end(&self) -> Result<Seq, JournalError> {
        self.end.borrow().ok_or_else(|| JournalError::Io("the journal's writer has stopped".into()))
    }

    /// The writer is gone: open streams end with an error.
    pub fn close(&self) {
        self.end.send_replace(None);
    }

    /// Makes durable records visible. Called by the writer only, after the sync.
    pub fn publish(&self, records: Vec<Arc<Record>>) {
        let Some(end) = records.last().map(|record| record.seq) else { return };
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        for record in records {
            ring.commits += commits(&record);
            ring.records.push_back(record);
            while ring.records.len() > RING_RECORDS_MAX || (ring.commits > RING_COMMITS_MAX && ring.records.len() > 1) {
                ring.commits -= ring.records.pop_front().map_or(0, |oldest| commits(&oldest));
            }
        }
        drop(ring);
        self.end.send_replace(Some(end));
    }

    /// Records from `from` to `to` (inclusive) if memory reaches back that far.
    pub fn recent(&self, from: Seq, to: Seq) -> Option<Vec<Arc<Record>>> {
        let ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let first = ring.records.front()?.seq;
        let skip = usize::try_from(from.checked_sub(first)?).ok()?;
        Some(ring.records.iter().skip(skip).take_while(|record| record.seq <= to).cloned().collect())
    }
}

fn commits(record: &Record) -> usize {
    match &record.entry {
        Entry::Batch(batch) => batch.commits.len(),
        Entry::Claimed | Entry::Released => 0,
    }
}
