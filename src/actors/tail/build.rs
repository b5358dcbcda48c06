//! One step of a projection's build.
//!
//! Invariant: the store has the rows and sums of all stored entities up to the projection's cursor, and of no others.
//! So a flush writes the difference of an entity that the cursor has passed, and for any other nothing at all: the build
//! meets its stored state. A step holds off every tail's writing, or a new entity could come to stand behind the cursor
//! unseen; that is why it is small. One scan serves all shards.

use std::{
    collections::BTreeMap,
    sync::{Arc, MutexGuard, PoisonError},
};

use super::{Tail, TailError, cache::Loaded, projected::distinct, sums::Deltas};
use crate::{
    actors::{
        ports::{RowChange, StateStore, StoreError},
        projection::{Cursor, Registry, Stored, sorted},
    },
    domain::{key::EntityKey, kinds::Kind, personal::Vault},
};

/// Entities of one step, at most: some milliseconds.
const ENTITIES: usize = 64;
/// Stored bytes of one step, about: a flash sale's SKU fills a step alone.
const BYTES: usize = 256 * 1024;

/// Takes the projection some stored entities further; `true`: it is built.
pub(in crate::actors) fn build_step(
    store: &dyn StateStore,
    tails: &[Arc<Tail>],
    registry: &Registry,
    stored: &Stored,
) -> Result<bool, TailError> {
    // In the order of shards. A tail takes its own alone, so nobody waits in a circle.
    let locks = tails.iter().map(|tail| tail.writing.lock().unwrap_or_else(PoisonError::into_inner));
    let _no_tail_writes: Vec<MutexGuard<'_, ()>> = locks.collect();
    let vault = tails.first().and_then(|tail| tail.journal.vault());
    let (page, cursor) = match stored.cursor() {
        Cursor::Built => return Ok(true),
        Cursor::Before => page(store, stored, None, vault)?,
        Cursor::At(last) => page(store, stored, Some(&last), vault)?,
    };
    let (mut changes, mut sums) = (Vec::new(), BTreeMap::<u16, Deltas>::new());
    for (key, loaded) in &page {
        let rows = stored.projection.rows(key, &loaded.model).into_iter().map(|row| (stored.space, row)).collect();
        changes.extend(distinct(rows).into_iter().map(|(space, row)| RowChange::put(space, row)));
        let deltas = sums.entry(key.shard_of(tails.len() as u16)).or_default();
        stored.projection.sums(key, &loaded.model).iter().for_each(|sum| deltas.add(stored.space, sum));
    }
    for (shard, deltas) in sums {
        changes.extend(deltas.settle(store, shard)?);
    }
    changes.push(stored.at(&cursor)?);
    store.write_rows(changes)?;
    let built = cursor == Cursor::Built;
    registry.advanced(stored, cursor, page.len() as u64);
    Ok(built)
}

/// The next stored entities of the projection's kinds, and where the cursor stands behind them.
fn page(
    store: &dyn StateStore,
    stored: &Stored,
    after: Option<&EntityKey>,
    vault: Option<Arc<dyn Vault>>,
) -> Result<(Vec<(EntityKey, Loaded)>, Cursor), StoreError> {
    let (mut page, mut bytes) = (Vec::new(), 0);
    let passed = |kind: &Kind| after.is_some_and(|after| kind.name() < after.kind.name());
    for kind in sorted(stored.projection.kinds()).into_iter().filter(|kind| !passed(kind)) {
        let after = after.filter(|after| after.kind == kind).map(|after| &*after.id);
        for key in store.keys(kind, after, ENTITIES - page.len())? {
            if let Some(found) = store.load(&key)? {
                bytes += found.json.len();
                let loaded = Loaded::decode(&key, &found, vault.clone())?;
                page.push((key.clone(), loaded));
            }
            if page.len() == ENTITIES || bytes >= BYTES {
                return Ok((page, Cursor::At(key)));
            }
        }
    }
    Ok((page, Cursor::Built))
}
