//! The state store in a sled database of its own. Never synced: after a kill sled comes back to a whole earlier write,
//! watermark included; after a power loss (see `boot`) or any damage the store is created again. Only by the process that
//! has the directory: in a cluster no journal's lock stands before this one.

use std::{
    fs, io,
    ops::Bound,
    path::Path,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use serde::{Deserialize, Serialize};
use sled::IVec;
use uuid::Uuid;

use super::{boot::BootMark, database, history, keys, room::StoreRoom, sweep};
use crate::{
    actors::ports::{
        BatchAt, KeyValue, Room, RowChange, Space, StateStore, StoreError, StoredEntity, TailWrite,
        journal::{BatchId, RecordName, Seq, Shard},
    },
    config::State,
    domain::{key::EntityKey, kinds::Kind},
    persistence::{
        guard::{guarded, says_full, text},
        lock::DirectoryLock,
        private_dir, sled_files,
    },
};

/// How often sled hands its buffers to the kernel: what a kill may cost is folded again from the journal.
const FLUSH_EVERY_MS: u64 = 1_000;

pub struct SledStateStore {
    /// `None` only during `drop`.
    db: Option<sled::Db>,
    mark: BootMark,
    /// A lock, because every shard's tail asks; held for two system calls.
    room: Mutex<StoreRoom>,
    /// Set by the first write that met a full disk: sled refuses all later ones.
    full: OnceLock<Arc<str>>,
    /// Declared last: freed when the database is closed.
    _lock: DirectoryLock,
}

/// The journal that the store was made from.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct MadeFrom {
    /// The layout of keys and values, [`LAYOUT`]: a store of another layout is created again.
    layout: u32,
    journal: Uuid,
    shards: u16,
    version: u32,
}

/// 3: rows have values, and each projection's rows a space of their own.
const LAYOUT: u32 = 3;
/// States, history and the tail's own rows lie as in [`LAYOUT`]; other rows lie where nobody looks for them, and are
/// swept. Read, never written: an older program takes a store of ours for a foreign one, and makes it anew.
const LAYOUT_BEFORE: u32 = 2;

impl SledStateStore {
    /// Opens `<dir>/state`, or makes it anew when it cannot be trusted or read. Blocks.
    pub fn open(dir: &Path, config: &State) -> Result<Self, StoreError> {
        Self::open_flushing(dir, config, FLUSH_EVERY_MS)
    }

    /// The same, with another interval at which sled hands its buffers to the kernel.
    pub fn open_flushing(dir: &Path, config: &State, flush_every_ms: u64) -> Result<Self, StoreError> {
        let (path, mark) = (dir.join("state"), BootMark::in_dir(dir));
        let io = |error: io::Error| StoreError(format!("{}: {error}", path.display()).into());
        private_dir::make(dir).map_err(io)?;
        // Before anything is taken for a leftover: what a running process has open is not unreadable.
        let lock = DirectoryLock::take_within(dir, database::LOCK_WAIT)
            .map_err(|error| StoreError(error.to_string().into()))?;
        if !mark.trusted() {
            tracing::warn!(path = %path.display(), "the machine went down with the state store open: it is rebuilt");
            database::remove(&path).map_err(io)?;
        }
        mark.set().and_then(|()| sled_files::tidy(&path)).map_err(io)?;
        let db = match database::open(&path, config.cache_bytes, flush_every_ms) {
            Ok(db) => db,
            // Neither says anything about the store's content.
            Err(problem) if says_full(&problem) || database::lock_is_held(&problem) => {
                return Err(StoreError(format!("{}: {problem}", path.display()).into()));
            }
            Err(problem) => {
                tracing::warn!(path = %path.display(), %problem, "the state store is unreadable: it is rebuilt");
                database::remove(&path).map_err(io)?;
                database::open(&path, config.cache_bytes, flush_every_ms)
                    .map_err(|problem| StoreError(format!("{}: {problem}", path.display()).into()))?
            }
        };
        let data = fs::File::options().write(true).open(database::file(&mark)).map_err(io)?;
        let room = Mutex::new(StoreRoom::new(dir.into(), data));
        Ok(Self { db: Some(db), mark, room, full: OnceLock::new(), _lock: lock })
    }

    /// For writes that nobody asked about beforehand.
    fn with_room(&self) -> Result<(), StoreError> {
        match self.room() {
            Room::Enough => Ok(()),
            Room::NotNow(why) | Room::NeverAgain(why) => Err(StoreError(why)),
        }
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&sled::Db) -> Result<T, String>) -> Result<T, StoreError> {
        let db = self.db.as_ref().ok_or_else(|| StoreError("closed".into()))?;
        guarded(|| work(db)).map_err(|problem| {
            let problem: Arc<str> = problem.into();
            if says_full(&problem) && self.full.set(problem.clone()).is_ok() {
                tracing::error!(
                    dir = %self.mark.dir().display(), %problem,
                    "the state store met a full disk and is not written any more: reads go on; make room and start again"
                );
            }
            StoreError(problem)
        })
    }
}

impl Drop for SledStateStore {
    fn drop(&mut self) {
        let Some(db) = self.db.take() else { return };
        if self.full.get().is_some() {
            // sled waits without end for a buffer that could not be written, also when it is dropped. The mark stays.
            let _never_dropped = std::mem::ManuallyDrop::new(db);
            return;
        }
        // A clean end: first the flush, then the mark is removed. If either fails, the store is only rebuilt.
        let flushed = guarded(|| db.flush().map_err(text));
        let path = database::file(&self.mark);
        // sled syncs when it is dropped, and panics where the disk refuses.
        let closed = guarded(|| {
            drop(db);
            Ok(())
        });
        let synced =
            flushed.and(closed).and_then(|()| fs::File::open(path).and_then(|file| file.sync_all()).map_err(text));
        if let Err(error) = synced.and_then(|()| self.mark.clear().map_err(text)) {
            tracing::warn!(%error, "the state store did not close cleanly");
        }
    }
}

impl StateStore for SledStateStore {
    fn reset(&self) -> Result<(), StoreError> {
        self.with(|db| {
            let meta = db.get(keys::META).map_err(text)?;
            database::clear(db)?;
            match meta {
                Some(meta) => db.insert(keys::META, meta).map(drop).map_err(text),
                None => Ok(()),
            }
        })
    }

    fn open_for(&self, journal: Uuid, shards: u16, version: u32) -> Result<(), StoreError> {
        let wanted = MadeFrom { layout: LAYOUT, journal, shards, version };
        self.with(|db| {
            let found = db.get(keys::META).map_err(text)?;
            let found = found.and_then(|bytes| serde_json::from_slice::<MadeFrom>(&bytes).ok());
            match found {
                Some(found) if found == wanted => return Ok(()),
                Some(found) if found == (MadeFrom { layout: LAYOUT_BEFORE, ..wanted }) => {}
                Some(_) | None => database::clear(db)?,
            }
            db.insert(keys::META, serde_json::to_vec(&wanted).map_err(text)?).map(drop).map_err(text)
        })
    }

    fn room(&self) -> Room {
        match self.full.get() {
            Some(why) => Room::NeverAgain(why.clone()),
            None => self.room.lock().unwrap_or_else(PoisonError::into_inner).look(),
        }
    }

    fn watermark(&self, shard: Shard) -> Result<Seq, StoreError> {
        self.with(|db| match db.get(keys::watermark(shard)).map_err(text)? {
            None => Ok(0),
            Some(bytes) => number(&bytes),
        })
    }

    fn watermark_name(&self, shard: Shard) -> Result<Option<RecordName>, StoreError> {
        let watermark = self.watermark(shard)?;
        self.with(|db| {
            let Some(bytes) = db.get(keys::watermark_name(shard)).map_err(text)? else { return Ok(None) };
            let (seq, name) = bytes.split_first_chunk().ok_or("a record's name is too short")?;
            let name = name.try_into().map(u32::from_be_bytes).map_err(text)?;
            // An older program moves the watermark alone.
            Ok((u64::from_be_bytes(*seq) == watermark).then_some(RecordName(name)))
        })
    }

    fn newest(&self, shard: Shard) -> Result<Option<BatchAt>, StoreError> {
        self.with(|db| match db.get(keys::newest(shard)).map_err(text)? {
            None => Ok(None),
            Some(bytes) => {
                let (seq, batch) = bytes.split_first_chunk().ok_or("a batch's place is too short")?;
                let batch = BatchId(Uuid::from_slice(batch).map_err(text)?);
                Ok(Some(BatchAt { seq: u64::from_be_bytes(*seq), batch }))
            }
        })
    }

    fn write(&self, shard: Shard, write: TailWrite) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        add_rows(&mut batch, write.rows);
        for (key, entity) in write.states {
            let mut value = Vec::with_capacity(8 + entity.json.len());
            value.extend_from_slice(&entity.version.to_be_bytes());
            value.extend_from_slice(entity.json.as_bytes());
            batch.insert(keys::state(key.kind, &key.id), value);
        }
        let forgotten = write.forgotten.iter().map(|key| (key, 0));
        // What is folded again after a crash is packed anew: an entry of before that begins later would hide its end.
        let runs = write.history.chunk_by(|a, b| a.0 == b.0);
        let again = runs.filter(|run| run[0].2 <= write.again_upto).map(|run| (&run[0].0, run[0].1));
        let mut stale = forgotten.chain(again);
        self.with(|db| {
            stale.try_for_each(|(key, from)| {
                history::entries_from(db, key, from).try_for_each(|key| key.map(|key| batch.remove(key)))
            })
        })?;
        for run in write.history.chunk_by(|a, b| a.0 == b.0).flat_map(|run| run.chunks(history::HISTORY_PACK)) {
            let (key, first, _) = &run[0];
            batch.insert(keys::history(key, *first), history::pack(run));
        }
        if let Some(watermark) = write.watermark {
            batch.insert(keys::watermark(shard), &watermark.to_be_bytes());
            match write.name {
                Some(RecordName(name)) => {
                    let value = [&watermark.to_be_bytes()[..], &name.to_be_bytes()].concat();
                    batch.insert(keys::watermark_name(shard), value);
                }
                None => batch.remove(keys::watermark_name(shard)),
            }
        }
        if let Some(newest) = write.newest {
            let value = [&newest.seq.to_be_bytes()[..], newest.batch.0.as_bytes()].concat();
            batch.insert(keys::newest(shard), value);
        }
        self.with(|db| db.apply_batch(batch).map_err(text))
    }

    fn write_rows(&self, rows: Vec<RowChange>) -> Result<(), StoreError> {
        self.with_room()?;
        let mut batch = sled::Batch::default();
        add_rows(&mut batch, rows);
        self.with(|db| db.apply_batch(batch).map_err(text))
    }

    fn load(&self, key: &EntityKey) -> Result<Option<StoredEntity>, StoreError> {
        self.with(|db| {
            let Some(value) = db.get(keys::state(key.kind, &key.id)).map_err(text)? else { return Ok(None) };
            let (version, json) = value.split_first_chunk().ok_or("a state is too short")?;
            let json: Arc<str> = std::str::from_utf8(json).map_err(text)?.into();
            Ok(Some(StoredEntity { version: u64::from_be_bytes(*version), json }))
        })
    }

    /// Without a copy of the state, and without reading it.
    fn absent(&self, key: &EntityKey) -> Result<Option<u64>, StoreError> {
        self.with(|db| {
            let Some(value) = db.get(keys::state(key.kind, &key.id)).map_err(text)? else { return Ok(Some(0)) };
            let (version, json) = value.split_first_chunk().ok_or("a state is too short")?;
            Ok(json.is_empty().then_some(u64::from_be_bytes(*version)))
        })
    }

    fn keys(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<EntityKey>, StoreError> {
        let prefix = keys::state(kind, "");
        // No id is empty, so the prefix itself stands before the first.
        let low = keys::state(kind, after.unwrap_or(""));
        let high = keys::after_prefix(&prefix).map_or(Bound::Unbounded, Bound::Excluded);
        self.with(|db| {
            let found = db.range((Bound::Excluded(low), high)).keys().take(limit);
            found
                .map(|key| {
                    let key = key.map_err(text)?;
                    Ok(EntityKey::new(kind, std::str::from_utf8(&key[prefix.len()..]).map_err(text)?))
                })
                .collect()
        })
    }

    fn rows(
        &self,
        space: Space,
        table: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<KeyValue>, StoreError> {
        let Some(span) = keys::row_span(space, table, prefix, after) else { return Ok(Vec::new()) };
        self.with(|db| {
            let own = |row: sled::Result<(IVec, IVec)>| {
                row.map(|(key, value)| (keys::row_key(space, table, &key), value.to_vec())).map_err(text)
            };
            db.range(span).take(limit).map(own).collect()
        })
    }

    fn row(&self, space: Space, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|db| Ok(db.get(keys::row(space, table, key)).map_err(text)?.map(|value| value.to_vec())))
    }

    fn sweep(&self, live: &[Space], tables: &[&str], limit: usize) -> Result<usize, StoreError> {
        self.with_room()?;
        self.with(|db| {
            let next = |from: &[u8]| match db.range(from..).next() {
                Some(row) => row.map(|(key, _)| Some(key.to_vec())).map_err(text),
                None => Ok(None),
            };
            let garbage = sweep::garbage(live, tables, limit, next)?;
            let mut batch = sled::Batch::default();
            garbage.iter().for_each(|key| batch.remove(&key[..]));
            db.apply_batch(batch).map_err(text)?;
            Ok(garbage.len())
        })
    }

    fn history(&self, key: &EntityKey, from_version: u64, limit: usize) -> Result<Vec<(u64, Seq)>, StoreError> {
        self.with(|db| {
            let at_or_below = keys::history(key, 0)..=keys::history(key, from_version);
            let first = match db.range(at_or_below).keys().next_back() {
                Some(found) => found.map_err(text)?.to_vec(),
                None => keys::history(key, from_version),
            };
            let mut records = Vec::new();
            for packed in db.range(first..=keys::history(key, u64::MAX)).values() {
                history::unpack(&packed.map_err(text)?, &mut records)?;
                // The first entry may begin with records before the requested one.
                let before = records.iter().take_while(|(version, _)| *version <= from_version).count();
                records.drain(..before.saturating_sub(1));
                if records.len() >= limit {
                    break;
                }
            }
            records.truncate(limit);
            Ok(records)
        })
    }
}

fn add_rows(batch: &mut sled::Batch, rows: Vec<RowChange>) {
    for RowChange { space, table, key, value } in rows {
        let key = keys::row(space, table, &key);
        match value {
            Some(value) => batch.insert(key, value),
            None => batch.remove(key),
        }
    }
}

fn number(bytes: &[u8]) -> Result<u64, String> {
    bytes.try_into().map(u64::from_be_bytes).map_err(|_| format!("a number of {} bytes", bytes.len()))
}
