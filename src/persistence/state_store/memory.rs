//! The state store in memory, for tests and the simulation: the same keys in one ordered map.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use super::keys;
use crate::{
    actors::ports::{
        BatchAt, RowChange, StateStore, StoreError, StoredEntity, TailWrite,
        journal::{Seq, Shard},
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
    rows: BTreeMap<Vec<u8>, ()>,
    history: BTreeMap<(EntityKey, u64), Seq>,
    watermarks: BTreeMap<Shard, Seq>,
    newest: BTreeMap<Shard, BatchAt>,
}

impl MemoryStateStore {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for MemoryStateStore {
    fn reset(&self) -> Result<(), StoreError> {
        let mut kept = self.kept();
        *kept = Kept { made_from: kept.made_from, ..Kept::default() };
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
        Ok(self.kept().watermarks.get(&shard).copied().unwrap_or(0))
    }

    fn newest(&self, shard: Shard) -> Result<Option<BatchAt>, StoreError> {
        Ok(self.kept().newest.get(&shard).copied())
    }

    fn write(&self, shard: Shard, write: TailWrite) -> Result<(), StoreError> {
        let mut kept = self.kept();
        for change in write.rows {
            match change {
                RowChange::Put(row) => drop(kept.rows.insert(keys::row(row.table, &row.key), ())),
                RowChange::Delete(row) => drop(kept.rows.remove(&keys::row(row.table, &row.key))),
            }
        }
        kept.states.extend(write.states);
        kept.history.extend(write.history.into_iter().map(|(key, version, seq)| ((key, version), seq)));
        if let Some(watermark) = write.watermark {
            kept.watermarks.insert(shard, watermark);
        }
        if let Some(newest) = write.newest {
            kept.newest.insert(shard, newest);
        }
        Ok(())
    }

    fn load(&self, key: &EntityKey) -> Result<Option<StoredEntity>, StoreError> {
        Ok(self.kept().states.get(key).cloned())
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
        table: &'static str,
        prefix: &[u8],
        after: Option<&[u8]>,
        reverse: bool,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let Some((low, high)) = keys::row_span(table, prefix, after, reverse) else { return Ok(Vec::new()) };
        let kept = self.kept();
        let rows = kept.rows.range((low, high)).map(|(key, ())| keys::row_key(table, key));
        Ok(match reverse {
            false => rows.take(limit).collect(),
            true => rows.rev().take(limit).collect(),
        })
    }

    fn history(&self, key: &EntityKey, from_version: u64, limit: usize) -> Result<Vec<(u64, Seq)>, StoreError> {
        let kept = self.kept();
        let at_or_below = (key.clone(), 0)..=(key.clone(), from_version);
        let first = kept.history.range(at_or_below).next_back().map_or(from_version, |((_, version), _)| *version);
        let found = kept.history.range((key.clone(), first)..=(key.clone(), u64::MAX));
        Ok(found.map(|((_, version), seq)| (*version, *seq)).take(limit).collect())
    }
}
