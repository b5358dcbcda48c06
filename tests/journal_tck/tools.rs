//! verify, export and import over whole journals.

use std::{fs, io::Cursor, sync::Arc};

use souk::{
    actors::ports::journal::{Journal, Record, Shard},
    domain::{key::EntityKey, kinds::Kind},
    persistence::{
        SledJournal,
        memory_journal::MemoryJournal,
        sled_journal::{OpenError, SledOptions},
        tools::{self, ImportError},
    },
};
use tempfile::TempDir;

use super::{
    backends::{SHARDS, options},
    make::*,
};

/// A sound journal: each shard's commits are of entities that live there, claims and a release between them.
async fn filled(journal: &impl Journal) -> Vec<Vec<Arc<Record>>> {
    let home = |n: u64| (0..).map(|i| format!("SKU{n}-{i}")).find(|id| in_shard(id) == Shard((n % 4) as u16));
    let ids: Vec<String> = (0..12).map(|n| home(n).expect("an id for every shard")).collect();
    for round in 0..10_u64 {
        for shard in (0..SHARDS).map(Shard) {
            let claim = journal.claim(shard, node("a")).await.expect("a claim");
            let own = ids.iter().filter(|id| in_shard(id) == shard);
            let commits = own.flat_map(|id| [commit(id, 2 * round + 1, 5), commit(id, 2 * round + 2, 5)]);
            let end = journal.append(claim.clone(), claim.seq, batch(commits)).await.expect("an append");
            if round % 3 == 0 {
                journal.release(claim, end).await.expect("a release");
            }
        }
    }
    let mut records = Vec::new();
    for shard in (0..SHARDS).map(Shard) {
        records.push(all(journal, shard).await);
    }
    records
}

fn in_shard(id: &str) -> Shard {
    Shard(EntityKey::new(Kind::Stock, id).shard_of(SHARDS))
}

async fn exported(journal: &dyn Journal) -> String {
    let mut out = Vec::new();
    tools::export(journal, tools::Unreadable::Refuse, &mut out, &mut |_| ()).await.expect("an export");
    String::from_utf8(out).expect("text")
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_reads_everything_and_finds_it_sound() {
    let dir = TempDir::new().expect("a directory");
    let journal = SledJournal::open(dir.path(), options()).expect("the journal opens");
    let records = filled(&journal).await;
    let (mut seen, mut steps) = (0, Vec::new());
    let mut on_commit = |_: &Record, commit: &souk::actors::ports::journal::Commit| {
        seen += 1;
        if commit.version == 20 { Err("no twentieth version here".into()) } else { Ok(()) }
    };
    let report = tools::verify(&journal, &mut on_commit, &mut |p| steps.push(p)).await.expect("a report");
    assert_eq!((seen, report.counts.commits, report.counts.entities), (240, 240, 12));
    assert_eq!(report.counts.records, records.iter().map(Vec::len).sum::<usize>() as u64);
    assert_eq!((report.counts.claims, report.counts.events), (40, 480));
    assert_eq!(report.problem_count, 12, "what the callback refuses is told, and nothing else: {:?}", report.problems);
    assert_eq!(steps.last().map(|p| Some(p.done)), Some(steps.last().expect("steps").total));
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_names_broken_rules() {
    let journal = MemoryJournal::new(uuid(), SHARDS);
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    let id = (0..).map(|i| format!("SKU{i}")).find(|id| in_shard(id) == S).expect("an id");
    let stray = (0..).map(|i| format!("SKU{i}")).find(|id| in_shard(id) != S).expect("an id");
    let commits = [commit(&id, 1, 1), commit(&id, 3, 1), commit(&stray, 1, 1)];
    journal.append(claim.clone(), claim.seq, batch(commits)).await.expect("an append");
    let report = tools::verify(&journal, &mut |_, _| Ok(()), &mut |_| ()).await.expect("a report");
    let said: Vec<_> = report.problems.iter().map(|p| (p.seq, p.problem.as_str())).collect();
    let home = in_shard(&stray).0;
    let expected =
        [format!("stock/{id} version 3 follows version 1"), format!("stock/{stray} belongs to shard {home}")];
    assert_eq!(said, [(2, expected[0].as_str()), (2, expected[1].as_str())]);
    assert!(!report.is_sound());
}

#[tokio::test(flavor = "multi_thread")]
async fn import_of_export_is_the_same_journal() {
    let dir = TempDir::new().expect("a directory");
    let journal = MemoryJournal::new(uuid(), SHARDS);
    let records = filled(&journal).await;
    let text = exported(&journal).await;
    assert_eq!(text.lines().count(), 2 + records.iter().map(Vec::len).sum::<usize>());
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("every line is JSON");
    }
    let target = dir.path().join("restored");
    fs::create_dir(&target).expect("an empty directory is fine");
    let mut input = Cursor::new(&text);
    let imported = tools::import(&target, &mut input, Some(text.len() as u64), &mut |_| ()).expect("an import");
    assert_eq!((imported.journal, imported.shards, imported.counts.commits), (journal.id(), SHARDS, 240));
    assert!(!dir.path().join("restored.importing").exists());
    let restored = SledJournal::open(&target, options()).expect("the journal opens");
    assert_eq!(restored.id(), journal.id());
    for (shard, records) in (0..SHARDS).map(Shard).zip(&records) {
        assert_eq!(&all(&restored, shard).await, records);
    }
    assert_eq!(exported(&restored).await, text, "byte for byte");
    // The log goes on where it was.
    let claim = restored.claim(S, node("b")).await.expect("a claim");
    assert_eq!((claim.epoch, claim.seq), (11, records[0].len() as u64 + 1));
    let again = tools::import(&target, &mut Cursor::new(&text), None, &mut |_| ());
    assert!(matches!(again, Err(ImportError::Open(OpenError::NotEmpty { .. }))), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_is_named_and_nothing_is_imported() {
    let journal = MemoryJournal::new(uuid(), SHARDS);
    filled(&journal).await;
    let text = exported(&journal).await;
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.len();
    let swap = |n: usize, with: &str| {
        let mut lines: Vec<String> = lines.iter().map(|line| line.to_string()).collect();
        lines[n - 1] = with.into();
        lines.join("\n") + "\n"
    };
    let without = |n: usize| {
        let mut lines = lines.clone();
        lines.remove(n - 1);
        lines.join("\n") + "\n"
    };
    let cases = [
        ("an empty file", String::new(), 1, "empty"),
        ("another file", swap(1, "sku,units"), 1, "not the header"),
        ("a later format", swap(1, &lines[0].replace("\"version\":1", "\"version\":2")), 1, "version 2"),
        ("a broken record", swap(9, &lines[8][..40]), 9, "EOF"),
        ("a missing record", without(5), 5, "follows record"),
        ("a changed number", swap(3, &lines[2].replace("\"units\":5", "\"units\":9")), last as u64, "checksum"),
        ("a cut file", lines[..last - 1].join("\n") + "\n", last as u64, "cut off"),
        ("a tail", format!("{text}{}\n", lines[4]), last as u64 + 1, "follows the footer"),
        ("a twin", swap(6, lines[4]), 6, "follows record"),
    ];
    for (what, text, line, says) in cases {
        let dir = TempDir::new().expect("a directory");
        let target = dir.path().join("restored");
        match tools::import(&target, &mut Cursor::new(&text), None, &mut |_| ()) {
            Err(ImportError::Line { line: at, problem }) => {
                assert_eq!(at, line, "{what}: {problem}");
                assert!(problem.contains(says), "{what}: {problem}");
            }
            other => panic!("{what}: {other:?}"),
        }
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 0, "{what}: nothing is left behind");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn import_follows_the_shards_of_the_file() {
    let dir = TempDir::new().expect("a directory");
    let journal = MemoryJournal::new(uuid(), 2);
    journal.claim(S, node("a")).await.expect("a claim");
    let target = dir.path().join("restored");
    tools::import(&target, &mut Cursor::new(exported(&journal).await), None, &mut |_| ()).expect("an import");
    let error = super::sled_only::refused(&target, options());
    assert!(matches!(error, OpenError::OtherShards { found: 2, wanted: SHARDS, .. }), "{error}");
    SledJournal::open(&target, SledOptions { shards: Some(2), ..options() }).expect("the journal opens");
}
