//! Durable means synced (G2): a library preloaded into a real writer process counts the syncs of `journal/db`;
//! at each acknowledgement there was at least one more than at the one before. And when a sync fails, the
//! journal refuses everything from then on.
//!
//! It cannot show that the disk obeys; that is the operator's choice of disk.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use futures::StreamExt;
use souk::{
    actors::ports::journal::{AppendError, Batch, BatchId, Commit, Journal, NodeId, Shard},
    domain::{
        ids::CommandId,
        key::EntityKey,
        kinds::{AnyEvent, Kind},
        stock::StockEvent,
        time::Timestamp,
    },
    persistence::{SledJournal, sled_journal::SledOptions},
};
use tempfile::TempDir;
use uuid::Uuid;

const APPENDS: u64 = 300;
/// Enough of them that many wait for one sync.
const SHARDS: u16 = 16;

fn options() -> SledOptions {
    SledOptions { shards: Some(SHARDS), ..SledOptions::default() }
}

fn counted() -> u64 {
    let path = std::env::var("SOUK_FSYNC_COUNTER").expect("the counter's path");
    let bytes = fs::read(path).expect("the counter");
    u64::from_ne_bytes(bytes.try_into().expect("eight bytes"))
}

fn batch(n: u64) -> Arc<Batch> {
    let events = vec![AnyEvent::Stock(StockEvent::ThresholdSet { units: 5 })];
    let commit = Commit {
        key: EntityKey::new(Kind::Stock, "SKU1"),
        version: n,
        command_id: CommandId(Uuid::from_u64_pair(1, n)),
        fingerprint: None,
        by: "system".into(),
        at: Timestamp(0),
        events_json: Commit::encode(&events).expect("events encode"),
        events,
    };
    Arc::new(Batch { id: BatchId(Uuid::from_u64_pair(2, n)), commits: vec![commit] })
}

/// The writer process: after each acknowledgement prints how many syncs there were by then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writer_process() {
    let Ok(dir) = std::env::var("SOUK_DURABILITY_WRITER") else { return };
    let journal = SledJournal::open(Path::new(&dir), options()).expect("the journal opens");
    let before = counted();
    let claim = journal.claim(Shard(0), NodeId("w".into())).await.expect("a claim");
    println!("syncs {}", counted() - before);
    for n in 0..APPENDS {
        let before = counted();
        journal.append(claim.clone(), claim.seq + n, batch(n)).await.expect("an append");
        println!("syncs {}", counted() - before);
    }
    // Together: each reply still follows a sync that began after its request.
    let journal = Arc::new(journal);
    let together = (1..SHARDS).map(|shard| {
        let journal = journal.clone();
        async move {
            let claim = journal.claim(Shard(shard), NodeId("w".into())).await.expect("a claim");
            for n in 0..20 {
                let before = counted();
                journal.append(claim.clone(), claim.seq + n, batch(n)).await.expect("an append");
                println!("syncs {}", counted() - before);
            }
        }
    });
    futures::future::join_all(together).await;
}

/// The process whose disk dies: prints its results after the first failed sync.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failing_process() {
    let Ok(dir) = std::env::var("SOUK_DURABILITY_FAILING") else { return };
    let journal = SledJournal::open(Path::new(&dir), options()).expect("the journal opens");
    let claim = journal.claim(Shard(0), NodeId("w".into())).await.expect("a claim");
    let mut live = journal.read(Shard(0), 1);
    let mut end = claim.seq;
    let first = loop {
        match journal.append(claim.clone(), end, batch(end)).await {
            Ok(seq) => end = seq,
            Err(error) => break error,
        }
    };
    assert!(matches!(first, AppendError::Ambiguous(_)), "{first:?}");
    let later = journal.append(claim.clone(), end, batch(end)).await;
    assert!(matches!(&later, Err(AppendError::Io(why)) if why.contains("fdatasync")), "{later:?}");
    assert!(journal.claim(Shard(1), NodeId("w".into())).await.is_err());
    assert!(journal.resolve(claim.clone(), claim.seq, batch(1).id).await.is_err());
    assert!(journal.failed().await.contains("fdatasync"));
    let mut shown = 0;
    while let Some(Ok(_)) = live.next().await {
        shown += 1;
    }
    assert!(shown <= end, "{shown} records shown, {end} acknowledged: nothing that was not synced is shown");
    println!("died after {end}");
}

/// A new data directory whose parents are new, too: each name is durable before the first acknowledgement.
#[test]
fn the_names_of_a_new_directory_are_synced() {
    let dir = TempDir::new().expect("a directory");
    let (counter, log, data) = (dir.path().join("counter"), dir.path().join("log"), dir.path().join("shops/one/data"));
    fs::write(&counter, 0_u64.to_ne_bytes()).expect("the counter");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "writer_process", "--nocapture"])
        .env("SOUK_DURABILITY_WRITER", data.join("journal"))
        .env("SOUK_FSYNC_COUNTER", &counter)
        .env("SOUK_FSYNC_LOG", &log)
        .env("LD_PRELOAD", build_shim(dir.path()))
        .output()
        .expect("the writer runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let log = fs::read_to_string(log).expect("a log");
    let synced: Vec<&Path> = log.lines().map(Path::new).collect();
    let first = synced.iter().rposition(|path| path.ends_with("journal.new")).unwrap_or(synced.len());
    for name in ["", "shops", "shops/one", "shops/one/data", "shops/one/data/journal/journal"] {
        let wanted = dir.path().join(name);
        let at = synced.iter().position(|path| **path == wanted);
        assert!(at.is_some_and(|at| at < first), "{} is not synced before the journal has its name", wanted.display());
    }
}

#[test]
fn a_failed_sync_is_the_end() {
    let dir = TempDir::new().expect("a directory");
    let counter = dir.path().join("counter");
    fs::write(&counter, 0_u64.to_ne_bytes()).expect("the counter");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "failing_process", "--nocapture"])
        .env("SOUK_DURABILITY_FAILING", dir.path().join("data"))
        .env("SOUK_FSYNC_COUNTER", &counter)
        .env("SOUK_FSYNC_FAILS_AFTER", "40")
        .env("LD_PRELOAD", build_shim(dir.path()))
        .output()
        .expect("the writer runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("died after "), "{said}");
}

#[test]
fn a_sync_stands_before_each_acknowledgement() {
    let dir = TempDir::new().expect("a directory");
    let counter = dir.path().join("counter");
    fs::write(&counter, 0_u64.to_ne_bytes()).expect("the counter");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "writer_process", "--nocapture"])
        .env("SOUK_DURABILITY_WRITER", dir.path().join("data"))
        .env("SOUK_FSYNC_COUNTER", &counter)
        .env("LD_PRELOAD", build_shim(dir.path()))
        .output()
        .expect("the writer runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let syncs: Vec<u64> =
        said.lines().filter_map(|line| line.split("syncs ").nth(1)).map(|n| n.parse().expect("a number")).collect();
    assert_eq!(syncs.len() as u64, 1 + APPENDS + u64::from(SHARDS - 1) * 20, "{said}");
    let (alone, together) = syncs.split_at(1 + APPENDS as usize);
    assert!(alone.iter().all(|syncs| *syncs == 1), "one sync each, no more and no less: {alone:?}");
    assert!(together.iter().all(|syncs| *syncs >= 1), "{together:?}");
}

/// Compiled here: Rust links with `cc`, so it is on every machine that builds this.
fn build_shim(dir: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/durability/count_fsync.c");
    let library = dir.join("count_fsync.so");
    let built =
        Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl").output();
    let built = built.expect("cc runs");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    library
}
