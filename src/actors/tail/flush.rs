//! Writing behind: folded states, their rows and history go to the store in one atomic write.
//!
//! A small state is written at each flush. A large one (a flash sale's holds) is put off until what
//! changed is worth its size, or for a bounded number of flushes; the watermark waits for it.

use std::sync::{Arc, PoisonError};

use super::{ALARMS, OWING, Tail, TailError, hot::Hot, hot::Inner};
use crate::{
    actors::ports::{Row, RowChange, TailWrite, journal::Seq},
    domain::{key::EntityKey, model::Model, time::Timestamp},
};

/// Stored bytes from which on a state counts as large.
const LARGE: usize = 32 * 1024;
/// Entities gathered under one hold of the lock.
const CHUNK: usize = 256;
/// Flushes that a large state may be put off.
const DEFERRED_MAX: u8 = 6;

impl Tail {
    /// Writes what was folded. `all`: large states too, so that a restart has nothing to fold again.
    ///
    /// In chunks, so that readers of the folded states never wait long for the lock. Only the last write
    /// carries the watermark: a crash in between leaves states ahead of it, which a refold skips by version.
    pub(in crate::actors) fn flush(&self, all: bool) -> Result<(), TailError> {
        let progress = self.progress();
        let keys = {
            let mut inner = self.inner();
            if inner.dirty.is_empty() && progress.flushed == progress.folded {
                return Ok(());
            }
            inner.unwritten_bytes = 0;
            std::mem::take(&mut inner.dirty)
        };
        let mut watermark = progress.folded;
        for chunk in keys.chunks(CHUNK) {
            let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let write = self.gather(&mut self.inner(), chunk, all, &mut watermark)?;
            // On failure the tail stops: what was gathered counts as written nowhere, a restart folds it again.
            self.store.write(self.shard, write)?;
        }
        let newest = self.inner().newest;
        let last = TailWrite { watermark: Some(watermark), newest, ..TailWrite::default() };
        self.store.write(self.shard, last)?;
        evict(&mut self.inner(), self.settings.tail_cache_max);
        self.progress.change(|now| now.flushed = now.flushed.max(progress.folded));
        Ok(())
    }

    pub(super) fn unwritten(&self) -> bool {
        !self.inner().dirty.is_empty()
    }

    fn gather(
        &self,
        inner: &mut Inner,
        keys: &[EntityKey],
        all: bool,
        watermark: &mut Seq,
    ) -> Result<TailWrite, TailError> {
        let mut write = TailWrite { newest: inner.newest, ..TailWrite::default() };
        for key in keys {
            let Some(hot) = inner.hot.get_mut(key) else { continue };
            write.history.extend(hot.history.drain(..).map(|(version, seq)| (key.clone(), version, seq)));
            let rows: Arc<[Row]> = self.rows_of(key, &hot.loaded.model).into();
            if !all && put_off(hot, &rows) {
                *watermark = hot.unwritten_from.map_or(*watermark, |seq| (seq - 1).min(*watermark));
                inner.unwritten_bytes += hot.unwritten_bytes;
                inner.dirty.push(key.clone());
                continue;
            }
            write.rows.extend(difference(&hot.stored_rows, &rows));
            hot.stored_rows = rows;
            let stored = hot.loaded.encode()?;
            hot.stored_bytes = stored.json.len();
            (hot.unwritten_from, hot.unwritten_bytes, hot.touched, hot.deferred) = (None, 0, false, 0);
            write.states.push((key.clone(), stored));
        }
        Ok(write)
    }

    pub(super) fn rows_of(&self, key: &EntityKey, model: &Model) -> Vec<Row> {
        let mut rows = self.fold.rows(key, model);
        if let Some(due) = model.wake_at() {
            rows.push(Row { table: ALARMS, key: alarm_key(self.shard.0, due, key) });
        }
        if !model.effects().is_empty() {
            rows.push(Row {
                table: OWING,
                key: [&self.shard.0.to_be_bytes()[..], key.to_string().as_bytes()].concat(),
            });
        }
        rows.sort_unstable();
        rows
    }
}

/// Lists must be right at once, and no alarm may come late. One that comes too early does no harm: it is judged
/// by the clock, so a later alarm than the stored one can wait (a hot SKU's earliest hold changes all the time).
fn put_off(hot: &mut Hot, rows: &[Row]) -> bool {
    let listed = |rows: &[Row]| rows.iter().filter(|row| row.table != ALARMS).cloned().collect::<Vec<_>>();
    let worth = hot.stored_bytes < LARGE
        || hot.unwritten_bytes >= hot.stored_bytes / 2
        || listed(&hot.stored_rows) != listed(rows)
        || earlier(alarm(rows), alarm(&hot.stored_rows));
    if worth || hot.deferred >= DEFERRED_MAX {
        return false;
    }
    hot.deferred += 1;
    true
}

fn alarm(rows: &[Row]) -> Option<&[u8]> {
    rows.iter().find(|row| row.table == ALARMS).map(|row| &row.key[..])
}

/// Keys of one entity's alarms sort by their time.
fn earlier(now: Option<&[u8]>, stored: Option<&[u8]>) -> bool {
    now.is_some_and(|now| stored.is_none_or(|stored| now < stored))
}

pub(super) fn alarm_key(shard: u16, due: Timestamp, key: &EntityKey) -> Vec<u8> {
    // Flipping the sign bit makes signed numbers sort as bytes.
    let due = (due.0 as u64) ^ (1 << 63);
    [&shard.to_be_bytes()[..], &due.to_be_bytes()[..], key.to_string().as_bytes()].concat()
}

fn difference(before: &[Row], after: &[Row]) -> Vec<RowChange> {
    let gone = before.iter().filter(|row| !after.contains(row)).cloned().map(RowChange::Delete);
    let new = after.iter().filter(|row| !before.contains(row)).cloned().map(RowChange::Put);
    gone.chain(new).collect()
}

/// Second chance: written entities that were not used since the hand last passed leave the memory.
fn evict(inner: &mut Inner, max: usize) {
    let mut looks = inner.clock.len() * 2;
    while inner.hot.len() > max && looks > 0 {
        looks -= 1;
        let Some(key) = inner.clock.pop_front() else { return };
        let Some(hot) = inner.hot.get_mut(&key) else { continue };
        let keep = hot.touched | std::mem::take(&mut hot.used);
        match keep {
            true => inner.clock.push_back(key),
            false => drop(inner.hot.remove(&key)),
        }
    }
}
