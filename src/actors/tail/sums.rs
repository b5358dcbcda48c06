//! Sums over several entities. Each shard's tail keeps its own part of a group's sum in a row, changed in the same
//! atomic write as the states; whoever reads adds up the parts of all shards. So no two writers share a row.
//!
//! A row's key: the group's length (u32), the group, the shard (u16), big-endian. Its value: 8 bytes for each number.

use std::collections::BTreeMap;

use crate::actors::{
    ports::{KeyValue, RowChange, Space, StateStore, StoreError},
    projection::Sum,
};

/// What is to be added to the parts of one shard.
#[derive(Default)]
pub(super) struct Deltas(BTreeMap<(Space, &'static str, Vec<u8>), Vec<i64>>);

impl Deltas {
    pub(super) fn add(&mut self, space: Space, sum: &Sum) {
        self.change(space, sum, i64::wrapping_add);
    }

    pub(super) fn take_away(&mut self, space: Space, sum: &Sum) {
        self.change(space, sum, i64::wrapping_sub);
    }

    fn change(&mut self, space: Space, sum: &Sum, by: impl Fn(i64, i64) -> i64) {
        let delta = self.0.entry((space, sum.table, sum.group.clone())).or_default();
        fold(delta, &sum.add, by);
    }

    /// The shard's parts as they are afterwards; one that becomes all zeros is deleted. Nobody else writes them meanwhile.
    pub(super) fn settle(self, store: &dyn StateStore, shard: u16) -> Result<Vec<RowChange>, StoreError> {
        let mut changes = Vec::with_capacity(self.0.len());
        for ((space, table, group), delta) in self.0 {
            if delta.iter().all(|number| *number == 0) {
                continue;
            }
            let key = [&parts_of(&group)[..], &shard.to_be_bytes()].concat();
            let mut part = store.row(space, table, &key)?.as_deref().map(numbers).unwrap_or_default();
            fold(&mut part, &delta, i64::wrapping_add);
            trim(&mut part);
            let value = (!part.is_empty()).then(|| part.iter().flat_map(|number| number.to_be_bytes()).collect());
            changes.push(RowChange { space, table, key, value });
        }
        Ok(changes)
    }
}

/// What the keys of all parts of a group begin with, and no other group's.
fn parts_of(group: &[u8]) -> Vec<u8> {
    [&(group.len() as u32).to_be_bytes()[..], group].concat()
}

/// The whole sum, without zeros at its end: empty where nothing was ever added, or all of it was taken away again.
pub(in crate::actors) fn total(
    store: &dyn StateStore,
    space: Space,
    table: &str,
    group: &[u8],
) -> Result<Vec<i64>, StoreError> {
    let parts: Vec<KeyValue> = store.rows(space, table, &parts_of(group), None, usize::MAX)?;
    let mut total = Vec::new();
    parts.iter().for_each(|(_, part)| fold(&mut total, &numbers(part), i64::wrapping_add));
    trim(&mut total);
    Ok(total)
}

fn fold(into: &mut Vec<i64>, add: &[i64], by: impl Fn(i64, i64) -> i64) {
    into.resize(into.len().max(add.len()), 0);
    into.iter_mut().zip(add).for_each(|(sum, add)| *sum = by(*sum, *add));
}

/// A sum is the same whatever was added and taken away on the way to it.
fn trim(numbers: &mut Vec<i64>) {
    let end = numbers.iter().rposition(|number| *number != 0).map_or(0, |last| last + 1);
    numbers.truncate(end);
}

fn numbers(bytes: &[u8]) -> Vec<i64> {
    bytes.as_chunks::<8>().0.iter().map(|number| i64::from_be_bytes(*number)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persistence::state_store::MemoryStateStore;

    const RATINGS: &str = "ratings";
    const SPACE: Space = Space(3);

    fn rated(group: &str, add: &[i64]) -> Sum {
        Sum { table: RATINGS, group: group.into(), add: add.into() }
    }

    fn settle(store: &MemoryStateStore, shard: u16, change: impl Fn(&mut Deltas)) -> usize {
        let mut deltas = Deltas::default();
        change(&mut deltas);
        let changes = deltas.settle(store, shard).unwrap();
        let count = changes.len();
        store.write_rows(changes).unwrap();
        count
    }

    fn sum(store: &MemoryStateStore, group: &str) -> Vec<i64> {
        total(store, SPACE, RATINGS, group.as_bytes()).unwrap()
    }

    #[test]
    fn a_sum_is_that_of_its_shards() {
        let store = MemoryStateStore::default();
        settle(&store, 0, |deltas| {
            deltas.add(SPACE, &rated("mug", &[1, 5]));
            deltas.add(SPACE, &rated("mug", &[1, 4]));
            // A name that begins like another's.
            deltas.add(SPACE, &rated("mug2", &[1, 1]));
        });
        settle(&store, 300, |deltas| deltas.add(SPACE, &rated("mug", &[1, 2, 7])));
        assert_eq!((sum(&store, "mug"), sum(&store, "mug2"), sum(&store, "m")), (vec![3, 11, 7], vec![1, 1], vec![]));
        let nothing = settle(&store, 0, |deltas| {
            deltas.take_away(SPACE, &rated("mug", &[1, 5]));
            deltas.add(SPACE, &rated("mug", &[1, 5]));
        });
        assert_eq!(nothing, 0, "what stays the same is not written");
        settle(&store, 300, |deltas| deltas.take_away(SPACE, &rated("mug", &[0, 0, 7])));
        assert_eq!(sum(&store, "mug"), [3, 11], "places at the end that are 0 are absent, as they were at first");
    }

    #[test]
    fn a_part_of_nothing_leaves_no_row() {
        let store = MemoryStateStore::default();
        for (by, left) in [(1, vec![i64::MIN]), (-1, vec![i64::MAX]), (-i64::MAX, vec![])] {
            let start = if by == 1 { i64::MAX } else { 0 };
            settle(&store, 0, |deltas| deltas.add(SPACE, &rated("mug", &[start])));
            settle(&store, 0, |deltas| deltas.add(SPACE, &rated("mug", &[by])));
            assert_eq!(sum(&store, "mug"), left, "after {by}");
        }
        assert_eq!(store.rows(SPACE, RATINGS, b"", None, 9).unwrap(), []);
    }
}
