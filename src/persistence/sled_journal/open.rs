//! Opening: lock, compare the expected files with the found ones, recover each shard's end and epoch.
//!
//! Every mismatch is an error with advice; an existing journal is never mistaken for a new one.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::Path,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use tokio::sync::watch;
use uuid::Uuid;

use super::{
    directory::{self, FORMAT, Meta, Sidecar, io_error},
    error::OpenError,
    free_space::FreeSpace,
    gauge::Gauge,
    layout,
    look::look,
    options::SledOptions,
    reader,
    scrub::Findings,
    shard_log::{ShardLog, Shared},
    trial::{self, Snapshots},
    writer::{Tip, Writer},
};
use crate::{
    actors::ports::journal::{Seq, Shard},
    persistence::{
        guard::{guarded, text},
        lock::DirectoryLock,
        private_dir, sled_files,
    },
};

/// sled frees its file lock a moment after the last handle is gone; `souk.lock` is held already, so waiting is safe.
const SLED_LOCK_WAIT: Duration = Duration::from_secs(5);

pub fn open(dir: &Path, options: SledOptions) -> Result<(Arc<Shared>, Writer), OpenError> {
    if let Some(wanted) = options.shards.filter(|wanted| !(1..=SledOptions::SHARDS_MAX).contains(wanted)) {
        return Err(OpenError::BadShards { wanted, max: SledOptions::SHARDS_MAX });
    }
    private_dir::make(dir).map_err(io_error(dir))?;
    let lock = DirectoryLock::take(dir)?;
    let sidecar = directory::read_meta(dir)?;
    match &sidecar {
        Sidecar::Missing => {}
        Sidecar::Unreadable(_) => check_file(dir)?,
        Sidecar::Read(meta) => {
            check_meta(dir, meta, options.shards)?;
            check_file(dir)?;
        }
    }
    let database = directory::database(dir);
    if let Some(odd) = look(&database).map_err(io_error(&database))?
        && trial::opens(dir, &odd)? == Snapshots::Remove
    {
        sled_files::remove_snapshots(&database).map_err(io_error(&database))?;
    }
    sled_files::tidy(&database).map_err(io_error(&database))?;
    let (db, log) = match open_database(dir, &options) {
        Err(refusal @ OpenError::Damaged { .. }) => {
            trial::opens_after(dir, refusal)?;
            sled_files::remove_snapshots(&database).map_err(io_error(&database))?;
            open_database(dir, &options)?
        }
        opened => opened?,
    };
    let meta = settle_meta(dir, &db, &log, sidecar, options.shards)?;
    let (logs, tips) = recover(dir, &log, &meta, options.checked_at_open, &BTreeMap::new())?;
    let data = database.join("db");
    let file = File::options().read(true).write(true).open(&data).map_err(io_error(&data))?;
    // Writes that sled made while opening (a snapshot, cleared tails) must not be younger than the journal's next sync.
    file.sync_all().and_then(|()| directory::sync_dir(&database)).map_err(io_error(&data))?;
    let gauge = Gauge::new(dir.into(), &options.journal);
    let free = FreeSpace::new(&gauge, file.try_clone().map_err(io_error(&data))?);
    let shared = Arc::new(Shared {
        id: meta.id,
        log,
        logs,
        failure: watch::Sender::new(None),
        gauge,
        vault: OnceLock::new(),
        findings: Findings::default(),
        _db: db.clone(),
        _lock: lock,
    });
    Ok((shared.clone(), Writer::new(shared, db, file, free, tips, dir.into())))
}

fn check_meta(dir: &Path, meta: &Meta, shards: Option<u16>) -> Result<(), OpenError> {
    if meta.format != FORMAT {
        return Err(OpenError::OtherFormat { path: dir.into(), found: meta.format, known: FORMAT });
    }
    match shards.filter(|wanted| *wanted != meta.shards) {
        None => Ok(()),
        Some(wanted) => Err(OpenError::OtherShards { path: dir.into(), found: meta.shards, wanted }),
    }
}

fn damaged(dir: &Path, problem: impl Into<String>) -> OpenError {
    OpenError::of(dir, problem.into())
}

/// Before sled sees the directory: sled would make an empty database where there is none.
fn check_file(dir: &Path) -> Result<(), OpenError> {
    let data = directory::database(dir).join("db");
    match fs::metadata(&data) {
        Ok(found) if found.len() > 0 => Ok(()),
        Ok(_) => Err(damaged(dir, "journal/db is empty")),
        Err(error) => Err(damaged(dir, format!("journal/db cannot be read: {error}"))),
    }
}

pub fn open_database(dir: &Path, options: &SledOptions) -> Result<(sled::Db, sled::Tree), OpenError> {
    let path = directory::database(dir);
    let started = Instant::now();
    loop {
        let opened = guarded(|| {
            let db = sled::Config::default()
                .path(&path)
                .mode(sled::Mode::HighThroughput)
                .cache_capacity(options.journal.cache_bytes)
                .segment_size(layout::SEGMENT_BYTES)
                .flush_every_ms(None)
                .open()
                .map_err(text)?;
            let log = db.open_tree(layout::LOG_TREE).map_err(text)?;
            Ok((db, log))
        });
        match opened {
            Ok(opened) => return Ok(opened),
            Err(problem) if problem.contains("could not acquire lock") && started.elapsed() < SLED_LOCK_WAIT => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(problem) => return Err(damaged(dir, problem)),
        }
    }
}

/// Gives a new journal its id, or compares the database's meta record with `journal.meta`.
pub fn settle_meta(
    dir: &Path,
    db: &sled::Db,
    log: &sled::Tree,
    sidecar: Sidecar,
    shards: Option<u16>,
) -> Result<Meta, OpenError> {
    let inside = guarded(|| {
        let found = db.open_tree(layout::META_TREE).and_then(|tree| tree.get(b"journal")).map_err(text)?;
        found.map(|bytes| serde_json::from_slice::<Meta>(&bytes).map_err(text)).transpose()
    })
    .map_err(|problem| damaged(dir, problem))?;
    match (sidecar, inside) {
        (Sidecar::Read(sidecar), Some(inside)) if sidecar == inside => Ok(inside),
        (Sidecar::Read(sidecar), Some(inside)) => {
            Err(damaged(dir, format!("journal.meta names journal {}, the database is {}", sidecar.id, inside.id)))
        }
        (Sidecar::Unreadable(problem), None) => Err(damaged(dir, problem)),
        (Sidecar::Read(sidecar), None) => {
            Err(damaged(dir, format!("journal {} is gone from its database", sidecar.id)))
        }
        // The creation was interrupted, or the file was lost: the database has the identity.
        (Sidecar::Missing | Sidecar::Unreadable(_), Some(inside)) => {
            tracing::warn!(path = %directory::meta_path(dir).display(), "written again from the database");
            check_meta(dir, &inside, shards)?;
            directory::write_meta(dir, &inside)?;
            Ok(inside)
        }
        (Sidecar::Missing, None) => {
            if !guarded(|| Ok(log.is_empty())).map_err(|problem| damaged(dir, problem))? {
                return Err(damaged(dir, "records without a journal's name"));
            }
            let shards = shards.unwrap_or(SledOptions::SHARDS);
            create(dir, db, Meta { format: FORMAT, id: Uuid::new_v4(), shards })
        }
    }
}

/// Everything inside the database is durable before the file that requires the database.
pub fn create(dir: &Path, db: &sled::Db, meta: Meta) -> Result<Meta, OpenError> {
    guarded(|| {
        let bytes = serde_json::to_vec(&meta).map_err(text)?;
        let tree = db.open_tree(layout::META_TREE).map_err(text)?;
        tree.insert(b"journal", bytes).and_then(|_| db.flush()).map_err(text)
    })
    .map_err(|problem| damaged(dir, problem))?;
    let database = directory::database(dir);
    for name in ["db", "conf"] {
        let path = database.join(name);
        File::open(&path).and_then(|file| file.sync_all()).map_err(io_error(&path))?;
    }
    directory::sync_dir(&database).map_err(io_error(&database))?;
    directory::write_meta(dir, &meta)?;
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        directory::sync_dir(parent).map_err(io_error(parent))?;
    }
    Ok(meta)
}

/// Each log's end and epoch, with the newest `checked` records read. No end may be before what was `acknowledged`, or
/// before what the witness file knows.
pub fn recover(
    dir: &Path,
    log: &sled::Tree,
    meta: &Meta,
    checked: u64,
    acknowledged: &BTreeMap<Shard, Seq>,
) -> Result<(Vec<ShardLog>, Vec<Tip>), OpenError> {
    let witness = directory::read_ends(dir).filter(|ends| ends.id == meta.id).unwrap_or_default();
    let (mut logs, mut tips) = (Vec::new(), Vec::new());
    for n in 0..meta.shards {
        let tip = recover_shard(log, Shard(n), checked).map_err(|problem| damaged(dir, problem))?;
        let known = witness.ends.get(usize::from(n)).copied().unwrap_or(0);
        let known = known.max(acknowledged.get(&Shard(n)).copied().unwrap_or(0));
        if tip.end < known {
            return Err(OpenError::Shortened { path: dir.into(), shard: n, found: tip.end, known });
        }
        logs.push(ShardLog::new(tip.end));
        tips.push(tip);
    }
    Ok((logs, tips))
}

/// Reads the newest records: they must be whole, in sequence, with epochs that never fall.
fn recover_shard(log: &sled::Tree, shard: Shard, checked: u64) -> Result<Tip, String> {
    let end = layout::last_seq(log, shard)?;
    let first = layout::first_seq(log, shard)?;
    if end > 0 && first != 1 {
        return Err(format!("shard {} begins at record {first}", shard.0));
    }
    let mut next: Seq = end.saturating_sub(checked.max(1) - 1).max(1);
    let mut epoch = 0;
    while next <= end {
        let piece = reader::read_piece(log, shard, next, end).map_err(|error| error.to_string())?;
        for record in &piece {
            if record.seq != next {
                return Err(format!("shard {} record {next} is missing", shard.0));
            }
            if record.epoch < epoch {
                return Err(format!("shard {} record {next} has epoch {} after {epoch}", shard.0, record.epoch));
            }
            (next, epoch) = (next + 1, record.epoch);
        }
        if piece.is_empty() {
            return Err(format!("shard {} record {next} is missing", shard.0));
        }
    }
    Ok(Tip { end, epoch })
}
