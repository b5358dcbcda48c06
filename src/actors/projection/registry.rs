//! The registered projections over an open state store: which space each one's rows lie in, how far it is built, and
//! who wants what of which kind. Looked up by kind, so a kind that nobody projects costs nothing.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Notify;

use super::{
    Projection, ProjectionLine, Projections, ReadError, Stored,
    follow::Large,
    meta::{self, Cursor, Meta},
};
use crate::{
    actors::{
        listener::Change,
        ports::{RowChange, Space, StateStore, StoreError},
    },
    domain::{
        key::EntityKey,
        kinds::{AnyState, Kind},
    },
};

const KINDS: usize = Kind::ALL.len();

/// For each kind, those that are made from it.
type ByKind<T> = [Vec<T>; KINDS];

pub(in crate::actors) struct Registry {
    stored: Vec<Arc<Stored>>,
    stored_of: ByKind<Arc<Stored>>,
    in_memory_of: ByKind<Arc<dyn Projection>>,
    large: Vec<Arc<Large>>,
    /// How many of `stored` are not built yet: 0 is the usual case, and costs one look.
    building: AtomicUsize,
    all_built: Notify,
}

impl Registry {
    /// Compares what is registered with what the store has: what is gone is forgotten, what is new or of another version
    /// gets a fresh space. In one atomic write, so that a crash leaves the old list or the new one.
    pub(in crate::actors) fn open(store: &dyn StateStore, projections: Projections) -> Result<Self, StoreError> {
        check(&projections)?;
        let with_rows = projections.stored.iter().filter(|projection| !projection.tables().is_empty());
        let names: Vec<&str> = with_rows.clone().map(|projection| projection.name()).collect();
        let mut changes = meta::removed(store, meta::PROJECTIONS, &names)?;
        let large_names: Vec<&str> = projections.large.iter().map(|projection| projection.name()).collect();
        changes.extend(meta::removed(store, meta::LARGE, &large_names)?);
        let first = meta::next_space(store)?;
        let mut next = first;
        let mut stored = Vec::new();
        for projection in with_rows {
            let meta = known_or_new(store, &**projection, &mut next, &mut changes)?;
            stored.push(Arc::new(Stored::new(projection.clone(), meta)));
        }
        if next > first {
            changes.push(meta::put_next_space(next)?);
        }
        if !changes.is_empty() {
            store.write_rows(changes)?;
        }
        let building = stored.iter().filter(|stored| !stored.is_built()).count();
        let of = |kind: &Kind, kinds: &[Kind]| kinds.contains(kind);
        let kind = |n: usize| Kind::ALL[n];
        Ok(Self {
            stored_of: std::array::from_fn(|n| {
                stored.iter().filter(|stored| of(&kind(n), stored.projection.kinds())).cloned().collect()
            }),
            in_memory_of: std::array::from_fn(|n| {
                let in_memory = projections.stored.iter().filter(|projection| projection.in_memory());
                in_memory.filter(|projection| of(&kind(n), projection.kinds())).cloned().collect()
            }),
            stored,
            large: projections.large.into_iter().map(|projection| Arc::new(Large::new(projection))).collect(),
            building: AtomicUsize::new(building),
            all_built: Notify::new(),
        })
    }

    /// Those whose rows are made from entities of this kind.
    pub(in crate::actors) fn stored_of(&self, kind: Kind) -> &[Arc<Stored>] {
        // Kind::ALL is the list of the enum, in its order.
        &self.stored_of[kind as usize]
    }

    pub(in crate::actors) fn all_stored(&self) -> &[Arc<Stored>] {
        &self.stored
    }

    pub(in crate::actors) fn large(&self) -> &[Arc<Large>] {
        &self.large
    }

    /// Whether a row of this entity and space stands in the store. Not yet, where a build has not come to the entity:
    /// then nothing is written either, and the build will meet the stored state.
    pub(in crate::actors) fn covers(&self, space: Space, key: &EntityKey) -> bool {
        self.building.load(Ordering::Acquire) == 0
            || self.stored_of(key.kind).iter().filter(|stored| stored.space == space).all(|stored| stored.covers(key))
    }

    /// Somebody keeps entities of this kind in memory.
    pub(in crate::actors) fn in_memory(&self, kind: Kind) -> bool {
        !self.in_memory_of[kind as usize].is_empty()
    }

    pub(in crate::actors) fn restore(&self, key: &EntityKey, version: u64, state: &AnyState) {
        self.in_memory_of[key.kind as usize].iter().for_each(|projection| projection.restore(key, version, state));
    }

    pub(in crate::actors) fn committed(&self, changes: &[Change]) {
        for change in changes {
            self.in_memory_of[change.key.kind as usize].iter().for_each(|projection| projection.committed(change));
        }
    }

    /// The space of a table that can be read now.
    pub(in crate::actors) fn readable(&self, table: &str) -> Result<Space, ReadError> {
        let owner = self.stored.iter().find(|stored| stored.projection.tables().contains(&table));
        match owner {
            Some(stored) if stored.is_built() => Ok(stored.space),
            Some(stored) => Err(ReadError::Building { projection: stored.projection.name() }),
            None => Err(ReadError::UnknownTable(table.to_owned())),
        }
    }

    pub(in crate::actors) fn lines(&self) -> Vec<ProjectionLine> {
        let stored = self.stored.iter().map(|stored| stored.line());
        stored.chain(self.large.iter().map(|large| large.line())).collect()
    }

    /// A build has come further. Called while no tail writes.
    pub(in crate::actors) fn advanced(&self, stored: &Stored, cursor: Cursor, entities: u64) {
        if stored.advance(cursor, entities) && self.building.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.all_built.notify_waiters();
        }
    }

    /// Resolves once every projection with rows is built.
    pub(in crate::actors) async fn built(&self) {
        loop {
            let mut all_built = std::pin::pin!(self.all_built.notified());
            // Before the look, so that the last one is not missed between look and wait.
            all_built.as_mut().enable();
            if self.building.load(Ordering::Acquire) == 0 {
                return;
            }
            all_built.await;
        }
    }
}

/// Two of one name would share their progress, and two with one table their rows.
fn check(projections: &Projections) -> Result<(), StoreError> {
    let names = projections.stored.iter().map(|projection| projection.name());
    let names = names.chain(projections.large.iter().map(|projection| projection.name()));
    let tables = projections.stored.iter().flat_map(|projection| projection.tables().iter().copied());
    for (what, mut words) in [("projections", names.collect::<Vec<_>>()), ("tables", tables.collect())] {
        let mut seen = HashSet::new();
        words.retain(|word| word.is_empty() || word.contains('\0') || !seen.insert(*word));
        if let Some(word) = words.first() {
            return Err(StoreError(format!("{what}: {word:?} is registered twice, or is no name").into()));
        }
    }
    Ok(())
}

fn known_or_new(
    store: &dyn StateStore,
    projection: &dyn Projection,
    next: &mut u32,
    changes: &mut Vec<RowChange>,
) -> Result<Meta, StoreError> {
    let kinds = meta::sorted(projection.kinds());
    let version = projection.version();
    let known = meta::read::<Meta>(store, meta::PROJECTIONS, projection.name())?;
    if let Some(known) = known.filter(|known| known.version == version && known.kinds == meta::names(&kinds)) {
        return Ok(known);
    }
    let mut stored = false;
    for kind in kinds {
        stored |= !store.keys(kind, None, 1)?.is_empty();
    }
    // Of nothing, everything is there: a first start and a refold have no build.
    let cursor = if stored { Cursor::Before } else { Cursor::Built };
    let meta = Meta::of(projection, Space(*next), cursor);
    *next = next.checked_add(1).ok_or_else(|| StoreError("no space is left for a projection's rows".into()))?;
    tracing::info!(projection = projection.name(), version, from_states = stored, "a projection is built");
    changes.push(meta::put(meta::PROJECTIONS, projection.name(), &meta)?);
    Ok(meta)
}
