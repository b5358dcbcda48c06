//! Opening a copy first, where opening the journal itself could destroy something: sled does to the copy what it would do
//! to the journal, every record is read, and the ends are compared with what is known to be acknowledged.
//!
//! Rare: only after `look` found something odd, or sled refused. Needs as many bytes as the database has; on a disk
//! without them the start is refused as one on a full disk, and waits.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{
    directory::{self, io_error},
    error::OpenError,
    look::Odd,
    open::{open_database, recover, settle_meta},
    options::SledOptions,
};
use crate::{
    actors::ports::journal::{Seq, Shard},
    persistence::{private_dir, reserve::free_bytes, sled_files},
};

/// Bytes that stay free beside a copy.
const MARGIN: u64 = 32 << 20;

/// What the journal needs before it opens as its copy did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Snapshots {
    Keep,
    /// They do not fit the log, as after some power cuts.
    Remove,
}

/// Tries a copy as it is, then another one without snapshots.
///
/// # Errors
/// When sled's recovery would lose an acknowledged record, or a record is damaged: as the first copy said.
pub fn opens(dir: &Path, odd: &Odd) -> Result<Snapshots, OpenError> {
    let byte = odd.offset;
    tracing::warn!(dir = %dir.display(), byte, "the log has unreadable bytes before readable ones: a copy is tried first");
    let acknowledged = odd.behind.keys().map(|shard| (*shard, odd.acknowledged(*shard))).collect();
    let first = match Copy::of(dir)?.opens(&acknowledged) {
        Ok(()) => return Ok(Snapshots::Keep),
        Err(error @ (OpenError::Damaged { .. } | OpenError::Shortened { .. })) => error,
        Err(error) => return Err(error),
    };
    without_snapshots(dir, &acknowledged, first).map(|()| Snapshots::Remove)
}

/// After sled refused the journal itself.
///
/// # Errors
/// That refusal, where a copy does not open either.
pub fn opens_after(dir: &Path, refusal: OpenError) -> Result<(), OpenError> {
    without_snapshots(dir, &BTreeMap::new(), refusal)
}

fn without_snapshots(dir: &Path, acknowledged: &BTreeMap<Shard, Seq>, refusal: OpenError) -> Result<(), OpenError> {
    let copy = Copy::of(dir)?;
    let database = directory::database(&copy.path);
    sled_files::remove_snapshots(&database).map_err(io_error(&database))?;
    match copy.opens(acknowledged) {
        Ok(()) => {
            tracing::warn!(dir = %dir.display(), why = %refusal, "the snapshots do not fit the log: they are made again");
            Ok(())
        }
        Err(_) => Err(refusal),
    }
}

struct Copy {
    of: PathBuf,
    path: PathBuf,
}

impl Copy {
    fn of(dir: &Path) -> Result<Self, OpenError> {
        let (from, path) = (directory::database(dir), dir.join("trial"));
        // Left by a killed start. Removed again by `drop`, also where copying fails.
        let copy = Self { of: dir.into(), path };
        remove(&copy.path).map_err(io_error(&copy.path))?;
        let into = directory::database(&copy.path);
        private_dir::make(&into).map_err(io_error(&into))?;
        let mut files = Vec::new();
        for entry in fs::read_dir(&from).map_err(io_error(&from))? {
            let path = entry.map_err(io_error(&from))?.path();
            if path.is_file() {
                files.push((path.metadata().map_err(io_error(&path))?.len(), path));
            }
        }
        let wanted = files.iter().map(|(bytes, _)| bytes).sum::<u64>() + MARGIN;
        let free = free_bytes(dir).map_err(|problem| io_error(dir)(io::Error::other(problem)))?;
        if free < wanted {
            let problem = format!("a copy for looking at its damage needs {wanted} bytes, {free} are free");
            return Err(OpenError::Full { path: dir.into(), problem: format!("No space left on device: {problem}") });
        }
        for (_, path) in files {
            let name = path.file_name().unwrap_or_default();
            fs::copy(&path, into.join(name)).map_err(io_error(&path))?;
        }
        for name in ["journal.meta", "journal.ends"] {
            match fs::copy(dir.join(name), copy.path.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io_error(&dir.join(name))(error)),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(copy)
    }

    /// Opens as the journal would be opened, and reads every record. The error names the journal, not the copy.
    fn opens(&self, acknowledged: &BTreeMap<Shard, Seq>) -> Result<(), OpenError> {
        let tried = || {
            let database = directory::database(&self.path);
            sled_files::tidy(&database).map_err(io_error(&database))?;
            let (db, log) = open_database(&self.path, &SledOptions::default())?;
            let meta = settle_meta(&self.path, &db, &log, directory::read_meta(&self.path)?, None)?;
            recover(&self.path, &log, &meta, u64::MAX, acknowledged).map(drop)
        };
        tried().map_err(|error| match error {
            OpenError::Damaged { problem, .. } => OpenError::Damaged { path: self.of.clone(), problem },
            OpenError::Shortened { shard, found, known, .. } => {
                OpenError::Shortened { path: self.of.clone(), shard, found, known }
            }
            other => other,
        })
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "a copy of the database was not removed");
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
