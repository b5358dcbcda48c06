//! The state store in memory, for tests and the simulation: the same keys in one ordered map.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use super::{keys, sweep};
use crate::{
    actors::ports::{
        BatchAt, KeyValue, Room, RowChange, Space, StateStore, StoreError, StoredEntity, TailWrite,
        journal::{RecordName, Seq, Shard},
    },
    domain::{key::EntityKey, kinds::Kind},
};

/// Cheap to clone; clones are the same store, so it can outlive a simulated crash.
#[derive(Clone, Default)]
pub struct MemoryStateStore {
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    made_from: Option<(Uuid, u16, u32)>,
    states: BTreeMap<EntityKey, StoredEntity>,
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    history: BTreeMap<(EntityKey, u64), Seq>,
    watermarks: BTreeMap<Shard, (Seq, Option<RecordName>)>,
    newest: BTreeMap<Shard, BatchAt>,
    /// What a test says about the disk.
    room: Option<Room>,
}

impl Kept {
    fn change(&mut self, rows: Vec<RowChange>) {
        for RowChange { space, table, key, value } in rows {
            let key = keys::row(space, table, &key);
            match value {
                Some(value) => drop(self.rows.insert(key, value)),
                None => drop(self.rows.remove(&key)),
            }
        }
    }
}

impl MemoryStateStore {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on `room` says this. Writes themselves go on: that none comes is what a test looks at.
    pub fn say_room(&self, room: Room) {
        self.kept().room = Some(room);
    }
}

impl StateStore for MemoryStateStore {
    fn room(&self) -> Room {
        self.kept().room.clone().unwrap_or(Room::Enough)
    }

    fn reset(&self) -> Result<(), StoreError> {
        let mut kept = self.kept();
        *kept = Kept { made_from: kept.made_from, room: kept.room.take(), ..Kept::default() };
        Ok(())
    }

    fn open_for(&self, journal: Uuid, shards: u16, version: u32) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let wanted = Some((journal, shards, version));
        if kept.made_from != wanted {
            *kept = Kept { made_from: wanted, ..Kept::default() };
        }
        Ok(())
    }

    fn watermark(&self, shard: Shard) -> Result<Seq, StoreError> {
        Ok(self.kept().watermarks.get(&shard).map_or(0, |(seq, _)| *seq))
    }

    fn watermark_name(&self, shard: Shard) -> Result<Option<RecordName>, StoreError> {
        Ok(self.kept().watermarks.get(&shard).and_then(|(_, name)| *name))
    }

    fn newest(&self, shard: Shard) -> Result<Option<BatchAt>, StoreError> {
        Ok(self.kept().newest.get(&shard).copied())
    }

    fn write(&self, shard: Shard, write: TailWrite) -> Result<(), StoreError> {
        let mut kept = self.kept();
        kept.change(write.rows);
        kept.states.extend(write.states);
        for key in &write.forgotten {
            kept.history.retain(|(of, _), _| of != key);
        }
        kept.history.extend(write.history.into_iter().map(|(key, version, seq)| ((key, version), seq)));
        if let Some(watermark) = write.watermark {
            kept.watermarks.insert(shard, (watermark, write.name));
        }
        if let Some(newest) = write.newest {
            kept.newest.insert(shard, newest);
        }
        Ok(())
    }

    fn write_rows(&self, rows: Vec<RowChange>) -> Result<(), StoreError> {
        self.kept().change(rows);
        Ok(())
    }

    fn load(&self, key: &EntityKey) -> Result<Option<StoredEntity>, StoreError> {
        Ok(self.kept().states.get(key).cloned())
    }

    fn absent(&self, key: &EntityKey) -> Result<Option<u64>, StoreError> {
        Ok(match self.kept().states.get(key) {
            Some(stored) => stored.json.is_empty().then_some(stored.version),
            None => Some(0),
        })
    }

    fn keys(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<EntityKey>, StoreError> {
        // No id is empty, so the empty one stands before the first.
        let after = EntityKey::new(kind, after.unwrap_or(""));
        let kept = self.kept();
        let keys = kept.states.range((Bound::Excluded(after), Bound::Unbounded)).map(|(key, _)| key.clone());
        Ok(keys.take_while(|key| key.kind == kind).take(limit).collect())
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
        let kept = self.kept();
        let rows = kept.rows.range(span).map(|(key, value)| (keys::row_key(space, table, key), value.clone()));
        Ok(rows.take(limit).collect())
    }

    fn row(&self, space: Space, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.kept().rows.get(&keys::row(space, table, key)).cloned())
    }

    fn sweep(&self, live: &[Space], tables: &[&str], limit: usize) -> Result<usize, StoreError> {
        let mut kept = self.kept();
        let next = |from: &[u8]| Ok(kept.rows.range(from.to_vec()..).next().map(|(key, _)| key.clone()));
        let garbage = sweep::garbage(live, tables, limit, next).map_err(|problem| StoreError(problem.into()))?;
        garbage.iter().for_each(|key| drop(kept.rows.remove(key)));
        Ok(garbage.len())
    }

    fn history(&self, key: &EntityKey, from_version: u64, limit: usize) -> Result<Vec<(u64, Seq)>, StoreError> {
        let kept = self.kept();
        let at_or_below = (key.clone(), 0)..=(key.clone(), from_version);
        let first = kept.history.range(at_or_below).next_back().map_or(from_version, |((_, version), _)| *version);
        let found = kept.history.range((key.clone(), first)..=(key.clone(), u64::MAX));
        Ok(found.map(|((_, version), seq)| (*version, *seq)).take(limit).collect())
    }
}
