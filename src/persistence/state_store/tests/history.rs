//! Where an entity's commits stand in the log, whatever the writes were.

use super::*;
use crate::{actors::ports::journal::Seq, persistence::state_store::keys};

/// A crash may come after a history was written and before the watermark has passed it: its records come again, and are
/// divided otherwise.
#[test]
fn a_history_that_is_folded_again_has_no_gap_and_nothing_twice() {
    both(|store| {
        for versions in [1..=8, 10..=12, 9..=13, 14..=15, 11..=16] {
            let history = versions.map(|version| (key("A"), version, 100 + version)).collect();
            store.write(S, TailWrite { history, again_upto: Seq::MAX, ..TailWrite::default() }).expect("a write");
        }
        for from in 1..=16 {
            let expected: Vec<_> = (from..=16).map(|version| (version, 100 + version)).collect();
            assert_eq!(store.history(&key("A"), from, 99).expect("history"), expected, "from {from}");
        }
    });
}

/// Looking for older entries costs a search for each entity and flush, and what was never folded before has none.
#[test]
fn behind_what_was_folded_before_no_older_entry_is_looked_for() {
    let dir = TempDir::new().expect("a directory");
    let store = open(dir.path());
    let write = |versions: std::ops::RangeInclusive<u64>, again_upto| {
        let history = versions.map(|version| (key("A"), version, 100 + version)).collect();
        store.write(S, TailWrite { history, again_upto, ..TailWrite::default() }).expect("a write");
    };
    let all = keys::history(&key("A"), 0)..=keys::history(&key("A"), u64::MAX);
    let entries = || store.with(|db| Ok(db.range(all.clone()).count())).expect("a count");
    write(1..=2, 0);
    write(5..=6, 0);
    write(3..=4, 102);
    assert_eq!(entries(), 3, "behind record 102 nothing was looked for");
    write(3..=4, 103);
    assert_eq!(entries(), 2, "what begins later was removed");
}

/// A history reads as one, regardless of its division into writes.
#[test]
fn history_of_many_records_and_many_writes_reads_as_one() {
    let all: Vec<(u64, u64)> = (0..300).map(|n| (1 + n * 3, 10 + n)).collect();
    let stores = |each: usize| {
        both(|store| {
            for records in all.chunks(each) {
                let history = records.iter().map(|(version, seq)| (key("A"), *version, *seq)).collect();
                store.write(S, TailWrite { history, ..TailWrite::default() }).expect("a write");
            }
            for from in [0, 1, 2, 191, 192, 193, 194, 898, 899, u64::MAX] {
                let first = all.iter().rposition(|(version, _)| *version <= from).unwrap_or(0);
                for limit in [1, 2, 63, 64, 65, 1000] {
                    let expected = &all[first..all.len().min(first + limit)];
                    assert_eq!(store.history(&key("A"), from, limit).expect("history"), expected, "{from}, {limit}");
                }
            }
        });
    };
    for each in [1, 7, 64, 65, 300] {
        stores(each);
    }
}

#[test]
fn history_begins_at_or_below_the_version() {
    both(|store| {
        store.write(S, filled()).expect("a write");
        let cases: [(u64, usize, &[_]); 6] = [
            (0, 9, &[(1, 5), (4, 8), (9, 12)]),
            (1, 2, &[(1, 5), (4, 8)]),
            (3, 9, &[(1, 5), (4, 8), (9, 12)]),
            (4, 9, &[(4, 8), (9, 12)]),
            (8, 1, &[(4, 8)]),
            (u64::MAX, 9, &[(9, 12)]),
        ];
        for (from, limit, expected) in cases {
            assert_eq!(store.history(&key("A"), from, limit).expect("history"), expected, "from {from}");
        }
        assert_eq!(store.history(&key("B"), 1, 9).expect("history"), []);
    });
}
