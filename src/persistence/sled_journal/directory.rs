//! The files around sled, each against one silent loss:
//!
//! * `souk.lock`: held by `flock` while the journal is open, so that no second process opens it;
//! * `journal.meta`: the journal's identity (id, shards, format), written once; beside this file a missing or empty
//!   database is an error and not a new shop;
//! * `journal.ends`: where each shard's log was durable about a second ago; an older end means lost data.
//!   It never runs ahead (written after the sync), so it needs no sync of its own;
//! * `journal/`: the sled database.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
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

/// Takes the directory for this process until the file is closed, also by a crash.
pub fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join("souk.lock");
    let failed = io_error(&path);
    let mut file =
        OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(&failed)?;
    if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
        if error != rustix::io::Errno::WOULDBLOCK {
            return Err(failed(error.into()));
        }
        let mut pid = String::new();
        file.read_to_string(&mut pid).map_err(&failed)?;
        let pid = pid.trim();
        return Err(OpenError::Busy { path: dir.into(), pid: if pid.is_empty() { "unknown" } else { pid }.into() });
    }
    file.set_len(0).and_then(|()| file.rewind()).map_err(&failed)?;
    writeln!(file, "{}", std::process::id()).map_err(&failed)?;
    Ok(file)
}

pub fn read_meta(dir: &Path) -> Result<Option<Meta>, OpenError> {
    let path = meta_path(dir);
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| OpenError::Damaged { path, problem: format!("journal.meta: {error}") }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error(&path)(error)),
    }
}

/// Written last when a journal is created: from then on its database must exist.
pub fn write_meta(dir: &Path, meta: &Meta) -> Result<(), OpenError> {
    let path = meta_path(dir);
    replace(&path, meta, true).and_then(|()| sync_dir(dir)).map_err(io_error(&path))
}

/// `None` if the file is missing, or half written by a power loss: the file is a witness, not data.
pub fn read_ends(dir: &Path) -> Option<Ends> {
    serde_json::from_slice(&fs::read(ends_path(dir)).ok()?).ok()
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
