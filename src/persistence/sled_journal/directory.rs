//! The files around sled, each against one silent loss:
//!
//! * `souk.lock`: held while the journal is open, so that no second process opens it (`persistence/lock.rs`);
//! * `journal.meta`: the journal's identity (id, shards, format), written once; beside this file a missing or empty
//!   database is an error and not a new shop;
//! * `journal.ends`: where each shard's log was durable about a second ago; an older end means lost data.
//!   It never runs ahead (written after the sync), so it needs no sync of its own;
//! * `journal/`: the sled database.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::error::OpenError;

pub const FORMAT: u32 = 1;

/// The journal's identity; `journal.meta` and the database hold the same fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    pub format: u32,
    pub id: Uuid,
    pub shards: u16,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ends {
    pub id: Uuid,
    /// By shard.
    pub ends: Vec<u64>,
    /// CRC-32 of the numbers, 8 bytes each, little endian: a changed digit must not look like lost records. A file of
    /// before has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sum: Option<u32>,
}

impl Ends {
    pub fn new(id: Uuid, ends: Vec<u64>) -> Self {
        let sum = Some(Self::sum_of(&ends));
        Self { id, ends, sum }
    }

    fn sum_of(ends: &[u64]) -> u32 {
        let bytes: Vec<u8> = ends.iter().flat_map(|end| end.to_le_bytes()).collect();
        crc32fast::hash(&bytes)
    }
}

pub fn database(dir: &Path) -> PathBuf {
    dir.join("journal")
}

pub fn meta_path(dir: &Path) -> PathBuf {
    dir.join("journal.meta")
}

fn ends_path(dir: &Path) -> PathBuf {
    dir.join("journal.ends")
}

pub fn io_error(path: &Path) -> impl Fn(io::Error) -> OpenError {
    move |error| OpenError::Io { path: path.into(), error }
}

/// The identity beside the database.
pub enum Sidecar {
    /// No journal was made here, or only begun.
    Missing,
    /// Once written, so the database must exist; it has the identity, too.
    Unreadable(String),
    Read(Meta),
}

pub fn read_meta(dir: &Path) -> Result<Sidecar, OpenError> {
    let path = meta_path(dir);
    match fs::read(&path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)
            .map_or_else(|error| Sidecar::Unreadable(format!("journal.meta: {error}")), Sidecar::Read)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Sidecar::Missing),
        Err(error) => Err(io_error(&path)(error)),
    }
}

/// Written last when a journal is created: from then on its database must exist.
pub fn write_meta(dir: &Path, meta: &Meta) -> Result<(), OpenError> {
    let path = meta_path(dir);
    replace(&path, meta, true).and_then(|()| sync_dir(dir)).map_err(io_error(&path))
}

/// `None` if the file is missing, damaged, or half written by a power loss: the file is a witness, not data.
pub fn read_ends(dir: &Path) -> Option<Ends> {
    let ends: Ends = serde_json::from_slice(&fs::read(ends_path(dir)).ok()?).ok()?;
    ends.sum.is_none_or(|sum| sum == Ends::sum_of(&ends.ends)).then_some(ends)
}

pub fn write_ends(dir: &Path, ends: &Ends) -> io::Result<()> {
    replace(&ends_path(dir), ends, false)
}

fn replace(path: &Path, value: &impl Serialize, sync: bool) -> io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = File::create(&fresh)?;
    file.write_all(&serde_json::to_vec(value)?)?;
    if sync {
        file.sync_all()?;
    }
    fs::rename(&fresh, path)
}

/// Makes names in a directory durable.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
