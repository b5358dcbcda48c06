//! Fills a new journal from records made elsewhere: the writing half of `souk journal import`.
//!
//! Deliberately absent: fencing and group commit; no other process uses the directory, and one sync at the end is
//! enough because the caller renames the directory only afterwards.

use std::{fs, path::Path};

use uuid::Uuid;

use super::{
    directory::{FORMAT, Meta, io_error},
    error::OpenError,
    layout, open,
    options::SledOptions,
};
use crate::{
    actors::ports::journal::{Seq, Shard},
    persistence::{
        guard::{guarded, text},
        lock::DirectoryLock,
        private_dir,
    },
};

/// Upper bound of the bytes in one `sled::Batch`.
const BATCH_BYTES_MAX: usize = 1 << 20;

pub(crate) struct Loader {
    db: sled::Db,
    log: sled::Tree,
    meta: Meta,
    batch: sled::Batch,
    bytes: usize,
    _lock: DirectoryLock,
}

impl Loader {
    /// `dir` must be empty or missing.
    pub(crate) fn create(dir: &Path, id: Uuid, shards: u16) -> Result<Self, OpenError> {
        if !(1..=SledOptions::SHARDS_MAX).contains(&shards) {
            return Err(OpenError::BadShards { wanted: shards, max: SledOptions::SHARDS_MAX });
        }
        private_dir::make(dir).map_err(io_error(dir))?;
        if fs::read_dir(dir).map_err(io_error(dir))?.next().is_some() {
            return Err(OpenError::NotEmpty { path: dir.into() });
        }
        let lock = DirectoryLock::take(dir)?;
        let (db, log) = open::open_database(dir, &SledOptions::default())?;
        let meta = Meta { format: FORMAT, id, shards };
        Ok(Self { db, log, meta, batch: sled::Batch::default(), bytes: 0, _lock: lock })
    }

    pub(crate) fn put(&mut self, shard: Shard, seq: Seq, bytes: &[u8]) -> Result<(), String> {
        layout::put(&mut self.batch, shard, seq, bytes);
        self.bytes += bytes.len();
        match self.bytes >= BATCH_BYTES_MAX {
            true => self.flush(),
            false => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), String> {
        self.bytes = 0;
        let batch = std::mem::take(&mut self.batch);
        guarded(|| self.log.apply_batch(batch).map_err(text))
    }

    /// Makes everything durable and writes the meta file; closes the directory.
    pub(crate) fn finish(mut self, dir: &Path) -> Result<(), OpenError> {
        self.flush().map_err(|problem| OpenError::of(dir, problem))?;
        open::create(dir, &self.db, self.meta).map(drop)
    }
}
