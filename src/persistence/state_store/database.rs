//! The sled database of the state store: opened, found locked, emptied, removed.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use super::{boot::BootMark, keys};
use crate::persistence::guard::{guarded, text};

/// A store of this process, and sled's own file lock, are free a moment after the last handle is gone.
pub const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Keys removed in one batch when the store is emptied.
const CLEAR_KEYS: usize = 4096;

pub fn file(mark: &BootMark) -> PathBuf {
    mark.dir().join("state").join("db")
}

pub fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

pub fn open(path: &Path, cache_bytes: u64, flush_every_ms: u64) -> Result<sled::Db, String> {
    let started = Instant::now();
    loop {
        let opened = guarded(|| {
            let config =
                sled::Config::default().path(path).cache_capacity(cache_bytes).flush_every_ms(Some(flush_every_ms));
            let db = config.open().map_err(text)?;
            // The first and last page are read, so that damage there is found now.
            db.first().and_then(|_| db.last()).map_err(text)?;
            Ok(db)
        });
        match opened {
            Err(problem) if lock_is_held(&problem) && started.elapsed() < LOCK_WAIT => {
                std::thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

/// By another process, or by a sled of this one that is just closing.
pub fn lock_is_held(problem: &str) -> bool {
    problem.contains("could not acquire lock")
}

pub fn clear(db: &sled::Db) -> Result<(), String> {
    // First, so that a store whose emptying is cut short is never taken for a whole one.
    db.remove(keys::META).map_err(text)?;
    loop {
        let mut batch = sled::Batch::default();
        let mut count = 0;
        // Watermarks sort last, but are removed first: an interrupted emptying must not leave one behind.
        let marks = db.scan_prefix(b"w").keys();
        for key in marks.chain(db.iter().keys()).take(CLEAR_KEYS) {
            batch.remove(key.map_err(text)?);
            count += 1;
        }
        if count == 0 {
            return Ok(());
        }
        db.apply_batch(batch).map_err(text)?;
    }
}
