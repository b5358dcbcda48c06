//! Both stores keep the port's promises; the one on disk also over a kill, a power loss and damage.

use std::{fs, path::Path};

use tempfile::TempDir;
use uuid::Uuid;

use super::{MemoryStateStore, SledStateStore};
use crate::{
    actors::ports::{
        BatchAt, Row, RowChange, StateStore, StoredEntity, TailWrite,
        journal::{BatchId, Shard},
    },
    domain::{key::EntityKey, kinds::Kind},
};

const S: Shard = Shard(3);

fn journal() -> Uuid {
    Uuid::from_u128(7)
}

fn key(id: &str) -> EntityKey {
    EntityKey::new(Kind::Stock, id)
}

fn row(table: &'static str, key: &[u8]) -> Row {
    Row { table, key: key.to_vec() }
}

fn state(version: u64) -> StoredEntity {
    StoredEntity { version, json: format!("{{\"n\":{version}}}").into() }
}

fn newest(seq: u64) -> BatchAt {
    BatchAt { seq, batch: BatchId(Uuid::from_u128(u128::from(seq) << 64 | 5)) }
}

fn filled() -> TailWrite {
    TailWrite {
        rows: [&b"a"[..], b"ab", b"b", &[0xff], &[0xff, 0xff], b""].map(|k| RowChange::Put(row("t", k))).into(),
        states: vec![(key("B"), state(2)), (key("A"), state(1)), (EntityKey::new(Kind::Cart, "Z"), state(9))],
        history: vec![(key("A"), 1, 5), (key("A"), 4, 8), (key("A"), 9, 12), (key("AA"), 1, 6)],
        watermark: Some(12),
        newest: Some(newest(11)),
    }
}

fn open(dir: &Path) -> SledStateStore {
    let store = SledStateStore::open(dir, &crate::config::State::default()).expect("the store opens");
    store.open_for(journal(), 16, 1).expect("the store is ours");
    store
}

fn both(check: impl Fn(&dyn StateStore)) {
    let memory = MemoryStateStore::default();
    memory.open_for(journal(), 16, 1).expect("the store is ours");
    check(&memory);
    let dir = TempDir::new().expect("a directory");
    check(&open(dir.path()));
}

#[test]
fn a_write_is_read_back() {
    both(|store| {
        store.write(S, filled()).expect("a write");
        assert_eq!(store.load(&key("A")).expect("a state"), Some(state(1)));
        assert_eq!(store.load(&key("C")).expect("none"), None);
        assert_eq!((store.watermark(S).expect("a mark"), store.watermark(Shard(0)).expect("a mark")), (12, 0));
        let change = TailWrite { states: vec![(key("A"), state(3))], ..TailWrite::default() };
        store.write(S, change).expect("a write");
        assert_eq!(store.load(&key("A")).expect("a state"), Some(state(3)));
        assert_eq!(store.watermark(S).expect("a mark"), 12, "a write without a mark leaves it");
        assert_eq!(store.newest(S).expect("a batch"), Some(newest(11)), "and the newest batch, too");
        assert_eq!(store.newest(Shard(0)).expect("none"), None);
    });
}

#[test]
fn keys_come_by_kind_in_order_and_by_page() {
    both(|store| {
        store.write(S, filled()).expect("a write");
        assert_eq!(store.keys(Kind::Stock, None, 10).expect("keys"), [key("A"), key("B")]);
        assert_eq!(store.keys(Kind::Stock, None, 1).expect("keys"), [key("A")]);
        assert_eq!(store.keys(Kind::Stock, Some("A"), 10).expect("keys"), [key("B")]);
        assert_eq!(store.keys(Kind::Stock, Some("B"), 10).expect("keys"), []);
        assert_eq!(store.keys(Kind::Order, None, 10).expect("keys"), []);
    });
}

#[test]
fn rows_come_by_prefix_both_ways_and_by_page() {
    type Page<'a> = (&'a [u8], Option<&'a [u8]>, bool, usize);
    let pages: [(Page<'_>, &[&[u8]]); 12] = [
        ((b"", None, false, 9), &[b"", b"a", b"ab", b"b", &[0xff], &[0xff, 0xff]]),
        ((b"", None, true, 2), &[&[0xff, 0xff], &[0xff]]),
        ((b"a", None, false, 9), &[b"a", b"ab"]),
        ((b"a", None, true, 9), &[b"ab", b"a"]),
        ((b"a", Some(b"a"), false, 9), &[b"ab"]),
        ((b"a", Some(b"ab"), true, 9), &[b"a"]),
        ((b"a", Some(b"ab"), false, 9), &[]),
        ((b"a", Some(b"a"), true, 9), &[]),
        ((&[0xff], None, true, 1), &[&[0xff, 0xff]]),
        ((&[0xff], Some(&[0xff]), false, 9), &[&[0xff, 0xff]]),
        ((b"", Some(b"aa"), false, 2), &[b"ab", b"b"]),
        ((b"c", None, false, 9), &[]),
    ];
    both(|store| {
        store.write(S, filled()).expect("a write");
        let other = TailWrite { rows: vec![RowChange::Put(row("tt", b"a"))], ..TailWrite::default() };
        store.write(S, other).expect("a write");
        for ((prefix, after, reverse, limit), expected) in pages {
            let found = store.rows("t", prefix, after, reverse, limit).expect("rows");
            assert_eq!(found, expected, "{prefix:?} {after:?} {reverse} {limit}");
        }
        let gone = TailWrite { rows: vec![RowChange::Delete(row("t", b"ab"))], ..TailWrite::default() };
        store.write(S, gone).expect("a write");
        assert_eq!(store.rows("t", b"a", None, false, 9).expect("rows"), [b"a"]);
    });
}

#[test]
fn after_the_last_possible_prefix_keys_pages_end() {
    both(|store| {
        store.write(S, filled()).expect("a write");
        // A cursor below or above the prefix in the direction of reading.
        assert_eq!(store.rows("t", b"b", Some(b"a"), false, 9).expect("rows"), [b"b"]);
        assert_eq!(store.rows("t", b"a", Some(b"b"), true, 9).expect("rows"), [&b"ab"[..], b"a"]);
        assert!(store.rows("t", b"a", Some(b"b"), false, 9).expect("rows").is_empty());
        assert!(store.rows("t", b"b", Some(b"a"), true, 9).expect("rows").is_empty());
    });
}

/// However a history was cut into writes, it reads as one.
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

#[test]
fn another_journal_or_fold_empties_it() {
    for (other, shards, version) in [(8, 16, 1), (7, 32, 1), (7, 16, 2)] {
        both(|store| {
            store.write(S, filled()).expect("a write");
            store.open_for(journal(), 16, 1).expect("the same");
            assert_eq!(store.watermark(S).expect("a mark"), 12, "the same journal and fold keep it");
            store.open_for(Uuid::from_u128(other), shards, version).expect("another");
            assert_empty(store);
        });
    }
}

#[test]
fn reset_empties_it_and_keeps_its_journal() {
    both(|store| {
        store.write(S, filled()).expect("a write");
        store.reset().expect("a reset");
        assert_empty(store);
        store.write(S, filled()).expect("a write");
        store.open_for(journal(), 16, 1).expect("the same");
        assert_eq!(store.watermark(S).expect("a mark"), 12);
    });
}

#[track_caller]
fn assert_empty(store: &dyn StateStore) {
    assert_eq!(store.watermark(S).expect("a mark"), 0);
    assert_eq!(store.load(&key("A")).expect("none"), None);
    assert!(store.keys(Kind::Stock, None, 9).expect("keys").is_empty());
    assert!(store.rows("t", b"", None, false, 9).expect("rows").is_empty());
    assert!(store.history(&key("A"), 0, 9).expect("history").is_empty());
}

#[test]
fn a_clean_end_keeps_it_and_clears_the_mark() {
    let dir = TempDir::new().expect("a directory");
    let store = open(dir.path());
    store.write(S, filled()).expect("a write");
    assert!(dir.path().join("state.boot").exists());
    drop(store);
    assert!(!dir.path().join("state.boot").exists());
    assert_eq!(open(dir.path()).load(&key("A")).expect("a state"), Some(state(1)));
}

#[test]
fn a_mark_of_another_boot_means_rebuild() {
    let dir = TempDir::new().expect("a directory");
    let store = open(dir.path());
    store.write(S, filled()).expect("a write");
    drop(store);
    fs::write(dir.path().join("state.boot"), "another boot").expect("the mark");
    assert_empty(&open(dir.path()));
}

#[test]
fn an_unreadable_store_is_rebuilt() {
    let dir = TempDir::new().expect("a directory");
    let store = open(dir.path());
    store.write(S, filled()).expect("a write");
    drop(store);
    for entry in fs::read_dir(dir.path().join("state")).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let length = fs::metadata(&path).expect("the file").len() as usize;
            fs::write(&path, vec![0xa5; length]).expect("damage");
        }
    }
    assert_empty(&open(dir.path()));
}
