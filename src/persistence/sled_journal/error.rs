//! Why a journal does not open, with advice: the text that an operator reads.

use std::path::{Path, PathBuf};

use crate::persistence::{guard::says_full, lock::LockError};

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{path}: opened by process {pid}; stop that process, or use another data directory", path = .path.display())]
    Busy { path: PathBuf, pid: String },
    #[error("{path}: the disk is full: {problem}; nothing is damaged and nothing was started: make room, then start again",
             path = .path.display())]
    Full { path: PathBuf, problem: String },
    #[error("{path}: made with {found} shards, {wanted} are configured; the number is fixed when a journal is made: \
             configure {found}, or export the journal and import it elsewhere", path = .path.display())]
    OtherShards { path: PathBuf, found: u16, wanted: u16 },
    #[error("a journal has 1 to {max} shards, not {wanted}")]
    BadShards { wanted: u16, max: u16 },
    #[error("{path}: written in format {found}, this build reads format {known}; use the build that wrote it", path = .path.display())]
    OtherFormat { path: PathBuf, found: u32, known: u32 },
    #[error("{path}: the journal's data is damaged: {problem}; nothing was started. Keep a copy of the directory, see \
             the extent with `souk journal verify`, then restore the newest backup with `souk journal import` into an empty \
             directory; `souk journal export --salvage` writes what can still be read",
             path = .path.display())]
    Damaged { path: PathBuf, problem: String },
    #[error("{path}: shard {shard} ends at record {found}, but record {known} was acknowledged: the end of the data is \
             lost; nothing was started. Keep a copy of the directory, see the extent with `souk journal verify`, then restore \
             the newest backup with `souk journal import` into an empty directory; `souk journal export --salvage` \
             writes what can still be read", path = .path.display())]
    Shortened { path: PathBuf, shard: u16, found: u64, known: u64 },
    #[error("{path}: is not empty; import into a directory that is empty or does not exist", path = .path.display())]
    NotEmpty { path: PathBuf },
    #[error("{path}: {error}", path = .path.display())]
    Io { path: PathBuf, error: std::io::Error },
}

impl OpenError {
    /// sled's error while a directory is opened: a full disk says nothing about the data.
    pub fn of(dir: &Path, problem: String) -> Self {
        match says_full(&problem) {
            true => Self::Full { path: dir.into(), problem },
            false => Self::Damaged { path: dir.into(), problem },
        }
    }
}

impl From<LockError> for OpenError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Busy { path, pid } => Self::Busy { path, pid },
            LockError::Io { path, error } => Self::Io { path, error },
        }
    }
}
