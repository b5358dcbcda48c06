//! Both stores keep the port's promises; the one on disk also over a kill, a power loss and damage.

mod history;

use std::{fs, path::Path};

use tempfile::TempDir;
use uuid::Uuid;

use super::{MemoryStateStore, SledStateStore};
use crate::{
    actors::ports::{
        BatchAt, Room, Row, RowChange, Space, StateStore, StoreError, StoredEntity, TailWrite,
        journal::{BatchId, RecordName, Shard},
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

const SPACE: Space = Space(7);

fn put(table: &'static str, key: &[u8]) -> RowChange {
    RowChange::put(SPACE, Row { table, key: key.to_vec(), value: [key, b"!"].concat() })
}

fn delete(table: &'static str, key: &[u8]) -> RowChange {
    RowChange::delete(SPACE, Row::new(table, key.to_vec()))
}

fn row_keys(store: &dyn StateStore, space: Space, table: &str) -> Vec<Vec<u8>> {
    store.rows(space, table, b"", None, 99).expect("rows").into_iter().map(|(key, _)| key).collect()
}

fn state(version: u64) -> StoredEntity {
    StoredEntity { version, json: format!("{{\"n\":{version}}}").into() }
}

fn newest(seq: u64) -> BatchAt {
    BatchAt { seq, batch: BatchId(Uuid::from_u128(u128::from(seq) << 64 | 5)) }
}

fn filled() -> TailWrite {
    TailWrite {
        rows: [&b"a"[..], b"ab", b"b", &[0xff], &[0xff, 0xff], b""].map(|k| put("t", k)).into(),
        states: vec![(key("B"), state(2)), (key("A"), state(1)), (EntityKey::new(Kind::Cart, "Z"), state(9))],
        forgotten: vec![],
        history: vec![(key("A"), 1, 5), (key("A"), 4, 8), (key("A"), 9, 12), (key("AA"), 1, 6)],
        watermark: Some(12),
        name: Some(RecordName(0xbeef)),
        newest: Some(newest(11)),
        again_upto: 0,
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
fn rows_come_by_prefix_with_their_values_and_by_page() {
    type Page<'a> = (&'a [u8], Option<&'a [u8]>, usize);
    let pages: [(Page<'_>, &[&[u8]]); 10] = [
        ((b"", None, 9), &[b"", b"a", b"ab", b"b", &[0xff], &[0xff, 0xff]]),
        ((b"", None, 2), &[b"", b"a"]),
        ((b"a", None, 9), &[b"a", b"ab"]),
        ((b"a", Some(b"a"), 9), &[b"ab"]),
        ((b"a", Some(b"ab"), 9), &[]),
        ((&[0xff], None, 1), &[&[0xff]]),
        ((&[0xff], Some(&[0xff]), 9), &[&[0xff, 0xff]]),
        ((b"", Some(b"aa"), 2), &[b"ab", b"b"]),
        ((b"c", None, 9), &[]),
        // A cursor below the prefix, which is none of ours.
        ((b"b", Some(b"a"), 9), &[b"b"]),
    ];
    both(|store| {
        store.write(S, filled()).expect("a write");
        store.write_rows(vec![put("tt", b"a")]).expect("a write");
        for ((prefix, after, limit), expected) in pages {
            let found = store.rows(SPACE, "t", prefix, after, limit).expect("rows");
            let expected: Vec<_> = expected.iter().map(|key| (key.to_vec(), [key, &b"!"[..]].concat())).collect();
            assert_eq!(found, expected, "{prefix:?} {after:?} {limit}");
        }
        // Behind the prefix.
        assert!(store.rows(SPACE, "t", b"a", Some(b"b"), 9).expect("rows").is_empty());
        store.write_rows(vec![delete("t", b"ab")]).expect("a write");
        assert_eq!(store.rows(SPACE, "t", b"a", None, 9).expect("rows"), [(b"a".to_vec(), b"a!".to_vec())]);
        assert_eq!(store.row(SPACE, "t", b"a").expect("a row"), Some(b"a!".to_vec()));
        assert_eq!(store.row(SPACE, "t", b"ab").expect("no row"), None);
    });
}

#[test]
fn spaces_are_apart_and_those_of_nobody_are_swept() {
    both(|store| {
        let spaces = [Space::TAIL, Space(1), Space(2), Space(256), Space(u32::MAX)];
        for space in spaces {
            let rows = |table| (0..5_u8).map(move |n| RowChange::put(space, Row::new(table, vec![n])));
            store.write_rows(rows("kept").chain(rows("old")).collect()).expect("a write");
        }
        store.write(S, filled()).expect("a write");
        let live = [Space(2), SPACE, Space(u32::MAX)];
        let mut swept = Vec::new();
        while swept.last() != Some(&0) {
            swept.push(store.sweep(&live, &["kept"], 10).expect("a sweep"));
        }
        // Two whole spaces, and a table of the tail's own.
        assert_eq!(swept, [10, 10, 5, 0]);
        for space in spaces {
            let counts = ["kept", "old"].map(|table| row_keys(store, space, table).len());
            let expected = match space {
                Space::TAIL => [5, 0],
                space if live.contains(&space) => [5, 5],
                _ => [0, 0],
            };
            assert_eq!(counts, expected, "{space:?}");
        }
        assert_eq!(row_keys(store, SPACE, "t").len(), 6);
        assert_eq!(store.load(&key("A")).expect("a state"), Some(state(1)), "only rows are swept");
        assert_eq!(store.watermark(S).expect("a mark"), 12);
    });
}

#[test]
fn what_is_forgotten_keeps_its_version_and_what_comes_after() {
    both(|store| {
        store.write(S, filled()).expect("a write");
        let nothing = StoredEntity { version: 10, json: "".into() };
        let (forgotten, states) = (vec![key("A")], vec![(key("A"), nothing.clone())]);
        store.write(S, TailWrite { forgotten, states, ..TailWrite::default() }).expect("a write");
        assert_eq!(store.load(&key("A")).expect("a state"), Some(nothing));
        let absent = ["A", "B", "C"].map(|id| store.absent(&key(id)).expect("a version"));
        assert_eq!(absent, [Some(10), None, Some(0)]);
        assert_eq!(store.history(&key("A"), 1, 9).expect("history"), []);
        assert_eq!(store.history(&key("AA"), 1, 9).expect("history"), [(1, 6)], "another entity's");
        // Forgotten again, and alive since: both in one write.
        store.write(S, TailWrite { history: vec![(key("A"), 11, 20)], ..TailWrite::default() }).expect("a write");
        let (forgotten, history) = (vec![key("A")], vec![(key("A"), 13, 22)]);
        store.write(S, TailWrite { forgotten, history, ..TailWrite::default() }).expect("a write");
        assert_eq!(store.history(&key("A"), 1, 9).expect("history"), [(13, 22)]);
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
    assert!(row_keys(store, SPACE, "t").is_empty());
    assert!(store.history(&key("A"), 0, 9).expect("history").is_empty());
}

/// As the program before this layout left it: its states are taken over, and its rows are nobody's.
#[test]
fn a_store_of_the_layout_before_is_taken_over() {
    let dir = TempDir::new().expect("a directory");
    let store = open(dir.path());
    store.write(S, filled()).expect("a write");
    store.write_rows(vec![RowChange::put(Space::TAIL, Row::new("alarms", b"due".to_vec()))]).expect("a write");
    store.write_rows(vec![RowChange::put(Space::TAIL, Row::new("orders_all", b"1".to_vec()))]).expect("a write");
    drop(store);
    let raw = |meta: Option<&str>| {
        let db = sled::open(dir.path().join("state")).expect("the database");
        if let Some(meta) = meta {
            db.insert(super::keys::META, meta).expect("its origin");
        }
        let meta = db.get(super::keys::META).expect("its origin").expect("its origin");
        String::from_utf8(meta.to_vec()).expect("text")
    };
    let made_from = |layout| format!(r#"{{"layout":{layout},"journal":"{}","shards":16,"version":1}}"#, journal());
    raw(Some(&made_from(2)));
    let store = open(dir.path());
    assert_eq!(store.load(&key("A")).expect("a state"), Some(state(1)));
    assert_eq!(store.watermark(S).expect("a mark"), 12);
    assert_eq!(store.sweep(&[SPACE], &["alarms"], 9).expect("a sweep"), 1);
    assert_eq!(row_keys(&store, Space::TAIL, "alarms"), [b"due"]);
    drop(store);
    assert_eq!(raw(None), made_from(3), "and the program before takes it for a foreign one");
    raw(Some(&made_from(1)));
    assert_empty(&open(dir.path()));
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

/// As a second node, or an import, on the directory of a node that runs.
#[test]
fn a_store_that_is_open_is_nobody_elses() {
    let dir = TempDir::new().expect("a directory");
    let store = open(dir.path());
    store.write(S, filled()).expect("a write");
    let refused = SledStateStore::open(dir.path(), &crate::config::State::default()).err().expect("refused");
    let pid = format!("opened by process {}", std::process::id());
    assert!(refused.to_string().contains(&pid), "{refused}");
    assert_eq!(store.load(&key("A")).expect("a state"), Some(state(1)), "and nothing was deleted");
    drop(store);
    assert_eq!(open(dir.path()).watermark(S).expect("a mark"), 12);
}

/// Unmounted at the end.
struct Small(TempDir);

impl Drop for Small {
    fn drop(&mut self) {
        let _freed_with_the_machine = std::process::Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// Small states beside the large ones that fill the disk.
const OLD: u64 = 500;

/// Where the reserve did not help: a write meets the full disk. Needs root.
#[test]
fn a_write_that_meets_a_full_disk_ends_the_writing_and_shows_nothing_old() {
    let small = Small(TempDir::new().expect("a directory"));
    let mut mount = std::process::Command::new("mount");
    let mounted = mount.args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"]).arg(small.0.path()).status();
    if !mounted.is_ok_and(|status| status.success()) {
        return eprintln!("skipped: mounting a small disk needs root");
    }
    let dir = small.0.path().join("state");
    let store = open(&dir);
    store.write(S, filled()).expect("a write");
    let states = (0..OLD).map(|n| (key(&format!("AN-OLD{n}")), state(n))).collect();
    store.write(S, TailWrite { states, ..TailWrite::default() }).expect("a write");
    store.with(|db| db.flush().map(drop).map_err(|error| error.to_string())).expect("a flush");
    assert_eq!(store.room(), Room::Enough);
    let json: std::sync::Arc<str> = "x".repeat(100_000).into();
    let mut states = (0..).map(|n| (key(&format!("BIG{n}")), StoredEntity { version: 1, json: json.clone() }));
    let full = (0..200).any(|_| {
        let states = states.by_ref().take(20).collect();
        store.write(S, TailWrite { states, ..TailWrite::default() }).is_err()
    });
    assert!(full && matches!(store.room(), Room::NeverAgain(_)), "{:?}", store.room());
    assert!(store.write_rows(vec![put("t", b"z")]).is_err());
    // What sled changed or moved last was in its buffers, and is nowhere once it left the cache: such a page (the
    // watermark's is mostly among them, behind all states) is an error then. An older value, which is on the disk, is
    // never shown.
    let right_or_full = |read: Result<bool, StoreError>| match read {
        Ok(right) => right,
        Err(error) => crate::persistence::says_full(&error.to_string()),
    };
    assert!(right_or_full(store.load(&key("A")).map(|read| read == Some(state(1)))));
    assert!(right_or_full(store.watermark(S).map(|mark| mark == 12)));
    let old = (0..OLD).filter(|n| {
        let read = store.load(&key(&format!("AN-OLD{n}"))).map(|read| read == Some(state(*n)));
        assert!(right_or_full(read.clone()), "state {n}: {read:?}");
        read.is_ok()
    });
    let readable = old.count() as u64;
    assert!(readable > OLD / 2, "{readable} of {OLD} are in pages that nobody changed since");
    // Its end waits for nothing, and marks no clean one: the next process finds what was written before.
    drop(store);
    assert!(dir.join("state.boot").exists());
}
