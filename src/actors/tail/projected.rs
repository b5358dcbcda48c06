//! What one entity's state gives to rows and sums, and the difference between two of its states.

use super::{ALARMS, PENDING};
use crate::{
    actors::{
        ports::{Row, RowChange, Space},
        projection::{Registry, Sum},
    },
    domain::{key::EntityKey, kinds::AnyState, time::Timestamp},
};

/// The rows of one state, sorted, no two with one key; and what it adds to sums.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Projected {
    pub(super) rows: Vec<(Space, Row)>,
    pub(super) sums: Vec<(Space, Sum)>,
}

impl Projected {
    pub(super) fn of(registry: &Registry, shard: u16, key: &EntityKey, state: &AnyState) -> Self {
        let mut projected = Self::default();
        for stored in registry.stored_of(key.kind) {
            projected.rows.extend(stored.projection.rows(key, state).into_iter().map(|row| (stored.space, row)));
            projected.sums.extend(stored.projection.sums(key, state).into_iter().map(|sum| (stored.space, sum)));
        }
        if let Some(due) = state.wake_at() {
            projected.rows.push((Space::TAIL, Row::new(ALARMS, alarm_key(shard, due, key))));
        }
        if state.has_pending_effects() {
            let pending = [&shard.to_be_bytes()[..], key.to_string().as_bytes()].concat();
            projected.rows.push((Space::TAIL, Row::new(PENDING, pending)));
        }
        projected.rows = distinct(projected.rows);
        projected
    }

    /// The same lists: everything but the alarm, which may be late by a flush.
    pub(super) fn lists_as(&self, other: &Self) -> bool {
        fn listed(rows: &[(Space, Row)]) -> impl Iterator<Item = &(Space, Row)> {
            rows.iter().filter(|(_, row)| row.table != ALARMS)
        }
        self.sums == other.sums && listed(&self.rows).eq(listed(&other.rows))
    }

    pub(super) fn alarm(&self) -> Option<&[u8]> {
        self.rows.iter().find(|(_, row)| row.table == ALARMS).map(|(_, row)| &row.key[..])
    }
}

/// Sorted, with one row at each place.
pub(super) fn distinct(mut rows: Vec<(Space, Row)>) -> Vec<(Space, Row)> {
    rows.sort_unstable();
    rows.dedup_by(|a, b| place(a) == place(b));
    rows
}

fn place((space, row): &(Space, Row)) -> (Space, &str, &[u8]) {
    (*space, row.table, &row.key)
}

/// What makes `after` of `before`, both sorted: one step through the two.
pub(super) fn difference(before: Vec<(Space, Row)>, after: &[(Space, Row)]) -> Vec<RowChange> {
    let mut changes = Vec::new();
    let (mut before, mut after) = (before.into_iter().peekable(), after.iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return changes,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(new)) => place(old).cmp(&place(new)),
        };
        let old = before.next_if(|_| order.is_le());
        let new = after.next_if(|_| order.is_ge());
        match (old, new) {
            (Some((space, old)), None) => changes.push(RowChange::delete(space, old)),
            (Some((_, old)), Some((_, new))) if old.value == new.value => {}
            (_, Some((space, new))) => changes.push(RowChange::put(*space, new.clone())),
            (None, None) => {}
        }
    }
}

pub(super) fn alarm_key(shard: u16, due: Timestamp, key: &EntityKey) -> Vec<u8> {
    // Flipping the sign bit makes signed numbers sort as bytes.
    let due = (due.0 as u64) ^ (1 << 63);
    [&shard.to_be_bytes()[..], &due.to_be_bytes()[..], key.to_string().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(space: u32, key: &str, value: &str) -> (Space, Row) {
        (Space(space), Row { table: "t", key: key.into(), value: value.into() })
    }

    #[test]
    fn the_difference_makes_the_one_of_the_other() {
        let before = vec![row(1, "a", ""), row(1, "b", "1"), row(1, "d", ""), row(2, "a", "")];
        let after = [row(1, "b", "2"), row(1, "c", ""), row(1, "d", ""), row(3, "a", "")];
        let changes = difference(before.clone(), &after);
        let told: Vec<_> = changes.iter().map(|c| (c.space.0, &c.key[..], c.value.as_deref())).collect();
        let gone = |space: u32| (space, &b"a"[..], None);
        let put = |space: u32, key: &'static [u8], value: &'static [u8]| (space, key, Some(value));
        let expected = [gone(1), put(1, b"b", b"2"), put(1, b"c", b""), gone(2), put(3, b"a", b"")];
        assert_eq!(told, expected);
        assert_eq!(difference(before.clone(), &before), []);
    }
}
