//! What the state store knows of the projections: a row for each, and the next space's number.
//!
//! They are rows of the tail's own, so a build's step writes its rows and how far it came in one atomic write, and an
//! emptied store has forgotten them, too.

use serde::{Deserialize, Serialize};

use super::Projection;
use crate::{
    actors::ports::{RowChange, Space, StateStore, StoreError},
    domain::{key::EntityKey, kinds::Kind},
};

/// Projections with rows, by name.
pub(super) const PROJECTIONS: &str = "projections";
/// Large ones, by name.
pub(super) const LARGE: &str = "large_projections";
/// The number of the next space; no projection has an empty name.
const NEXT_SPACE: &[u8] = b"";

/// Up to where the store has a projection's rows: those of all stored entities that come no later, and no others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::actors) enum Cursor {
    Before,
    /// By the names of kinds, then by ids.
    At(EntityKey),
    Built,
}

impl Cursor {
    pub(in crate::actors) fn covers(&self, key: &EntityKey) -> bool {
        match self {
            Self::Before => false,
            // The names of kinds are frozen; the order of the enum is not, and a cursor outlives the program.
            Self::At(last) => (key.kind.name(), &*key.id) <= (last.kind.name(), &*last.id),
            Self::Built => true,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) version: u32,
    /// Entities of other kinds would be missing.
    pub(super) kinds: Vec<String>,
    pub(super) space: u32,
    pub(super) cursor: Cursor,
}

impl Meta {
    pub(super) fn of(projection: &dyn Projection, space: Space, cursor: Cursor) -> Self {
        Self { version: projection.version(), kinds: names(&sorted(projection.kinds())), space: space.0, cursor }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct LargeMeta {
    pub(super) version: u32,
    pub(super) kinds: Vec<String>,
}

/// Sorted by name, as they are scanned.
pub(in crate::actors) fn sorted(kinds: &[Kind]) -> Vec<Kind> {
    let mut kinds = kinds.to_vec();
    kinds.sort_by_key(|kind| kind.name());
    kinds.dedup();
    kinds
}

pub(super) fn names(kinds: &[Kind]) -> Vec<String> {
    kinds.iter().map(|kind| kind.name().to_owned()).collect()
}

/// `None` where there is none, and where what is there says nothing to this program.
pub(super) fn read<M: for<'a> Deserialize<'a>>(
    store: &dyn StateStore,
    table: &'static str,
    name: &str,
) -> Result<Option<M>, StoreError> {
    let found = store.row(Space::TAIL, table, name.as_bytes())?;
    Ok(found.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

pub(super) fn put(table: &'static str, name: &str, meta: &impl Serialize) -> Result<RowChange, StoreError> {
    row(table, name.as_bytes(), meta)
}

pub(super) fn next_space(store: &dyn StateStore) -> Result<u32, StoreError> {
    match store.row(Space::TAIL, PROJECTIONS, NEXT_SPACE)? {
        None => Ok(Space::TAIL.0 + 1),
        // Never guessed: a space that is given twice mixes the rows of two projections.
        Some(bytes) => serde_json::from_slice(&bytes).map_err(|error| unreadable(&error)),
    }
}

pub(super) fn put_next_space(next: u32) -> Result<RowChange, StoreError> {
    row(PROJECTIONS, NEXT_SPACE, &next)
}

fn row(table: &'static str, key: &[u8], value: &impl Serialize) -> Result<RowChange, StoreError> {
    let value = serde_json::to_vec(value).map_err(|error| unreadable(&error))?;
    Ok(RowChange { space: Space::TAIL, table, key: key.to_vec(), value: Some(value) })
}

fn unreadable(error: &serde_json::Error) -> StoreError {
    StoreError(format!("the list of projections: {error}").into())
}

/// Rows of `table` whose projection is not registered any more.
pub(super) fn removed(
    store: &dyn StateStore,
    table: &'static str,
    registered: &[&str],
) -> Result<Vec<RowChange>, StoreError> {
    let known = store.rows(Space::TAIL, table, b"", None, usize::MAX)?.into_iter().map(|(key, _)| key);
    let gone = known.filter(|key| key != NEXT_SPACE && !registered.iter().any(|name| name.as_bytes() == &key[..]));
    Ok(gone.map(|key| RowChange { space: Space::TAIL, table, key, value: None }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_covers_what_was_scanned_before_it() {
        let key = |kind: Kind, id: &str| EntityKey::new(kind, id);
        let at = Cursor::At(key(Kind::Order, "b"));
        // By name: cart, order, stock.
        for (other, covered) in [
            (key(Kind::Order, "a"), true),
            (key(Kind::Order, "b"), true),
            (key(Kind::Order, "ba"), false),
            (key(Kind::Cart, "z"), true),
            (key(Kind::Stock, "a"), false),
        ] {
            assert_eq!(at.covers(&other), covered, "{other}");
            assert!(Cursor::Built.covers(&other) && !Cursor::Before.covers(&other));
        }
        assert_eq!(names(&sorted(&[Kind::Stock, Kind::Cart, Kind::Order, Kind::Cart])), ["cart", "order", "stock"]);
    }
}
