//! `souk journal copy`: from a data directory to a cluster, interrupted at any point, with another number of shards.

#[path = "copy/source.rs"]
mod source;

use std::{
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use souk::{
    actors::ports::{Journal, journal::Shard},
    persistence::{
        MemoryJournal, SledJournal,
        memory_journal::{AppendFault, FaultPlan, MemoryStorage, NoFaults, Outcome},
        sled_journal::SledOptions,
        tools::{CopyError, copy},
    },
};
use tempfile::TempDir;
use uuid::Uuid;

use super::nats;
use source::{ENTITIES, commits, fill};

use crate::make::node;

fn target(shards: u16) -> MemoryJournal {
    MemoryJournal::new(Uuid::new_v4(), shards)
}

#[tokio::test]
async fn every_commit_arrives_once_in_order_whatever_the_number_of_shards() {
    let dir = TempDir::new().expect("a directory");
    let from =
        SledJournal::open(dir.path(), SledOptions { shards: Some(4), ..SledOptions::default() }).expect("a journal");
    let written = fill(&from, 30).await;
    for shards in [1, 4, 7, 64] {
        let to = target(shards);
        let report = copy(&from, &to, &mut |_| {}).await.expect("a copy");
        assert_eq!((report.commits, report.copied, report.shards), (written, written, shards));
        assert_eq!(report.entities, ENTITIES);
        assert_eq!(commits(&to).await, commits(&from).await, "by entity, in order, byte for byte");
        let again = copy(&from, &to, &mut |_| {}).await.expect("a copy");
        assert_eq!((again.commits, again.copied), (written, 0));
    }
}

/// Fails every append from the nth on; some replies before that are lost.
struct Breaks {
    appends: AtomicU64,
    at: u64,
}

impl FaultPlan for Breaks {
    fn append(&self, _: Shard, _: u64) -> AppendFault {
        let n = self.appends.fetch_add(1, Ordering::Relaxed);
        let outcome = match n {
            n if n >= self.at => Outcome::Io,
            n if n % 5 == 3 => Outcome::AmbiguousStored,
            n if n % 5 == 4 => Outcome::AmbiguousNotStored,
            _ => Outcome::Stored,
        };
        AppendFault { outcome, ..AppendFault::default() }
    }
}

#[tokio::test]
async fn a_copy_that_breaks_off_anywhere_is_taken_up_again() {
    let from = target(4);
    let written = fill(&from, 12).await;
    for at in 0..12 {
        let storage = MemoryStorage::new(Uuid::new_v4(), 3);
        let breaking = MemoryJournal::open(storage.clone(), Arc::new(Breaks { appends: AtomicU64::new(0), at }));
        let broken = copy(&from, &breaking, &mut |_| {}).await;
        let whole = MemoryJournal::open(storage, Arc::new(NoFaults));
        let report = copy(&from, &whole, &mut |_| {}).await.expect("a copy");
        assert_eq!(report.commits, written);
        assert_eq!(commits(&whole).await, commits(&from).await, "broken at append {at}: {broken:?}");
    }
}

#[tokio::test]
async fn only_an_empty_journal_or_a_copy_of_this_one_is_written_to() {
    let (from, other) = (target(4), target(4));
    fill(&from, 3).await;
    let used = target(2);
    used.claim(Shard(1), node("souk-0#1")).await.expect("a claim");
    let refused = copy(&from, &used, &mut |_| {}).await;
    assert!(
        matches!(&refused, Err(CopyError::InUse { shard: Shard(1), node }) if &*node.0 == "souk-0#1"),
        "{refused:?}"
    );
    assert_eq!(used.end(Shard(1)).await.expect("an end"), 1, "nothing was claimed");
    fill(&other, 5).await;
    let copied = target(2);
    copy(&other, &copied, &mut |_| {}).await.expect("a copy");
    let refused = copy(&from, &copied, &mut |_| {}).await;
    assert!(matches!(refused, Err(CopyError::NotACopy(_))), "{refused:?}");
}

fn souk(args: &[&str], urls: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_souk"));
    command
        .args(args)
        .env("SOUK_CLUSTER__REPLICAS", "1")
        .env("SOUK_IDENTITY__SIGNING_KEY", "0123456789abcdef".repeat(4));
    command.env("SOUK_CLUSTER__URLS", format!("[{urls:?}]")).stdin(Stdio::null());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The program itself, killed in the middle, over a real nats-server; then the cluster's journal is verified.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_run_again_it_ends_with_the_whole_shop_on_the_servers() {
    let servers = nats::NatsServers::start(1).await;
    let url = servers.url(0);
    let data = TempDir::new().expect("a directory");
    let journal = data.path().join("journal");
    std::fs::create_dir_all(&journal).expect("a directory");
    let options = SledOptions { shards: Some(16), ..SledOptions::default() };
    let from = SledJournal::open(&journal, options).expect("a journal");
    let written = fill(&from, 400).await;
    from.close();
    let dir = data.path().to_str().expect("a path");
    let line = ["journal", "copy", "--from", dir, "--to", &url, "--shards", "16"];
    let client = servers.client().await;
    for kill in 0..3_u64 {
        let mut child = souk(&line, &url).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a child");
        // Killed once the first streams hold something of this run: in the middle of the copy, or just behind it.
        let _ = source::grown(&client, kill * 40).await;
        let _ = child.kill();
        let _ = child.wait();
    }
    let output = souk(&line, &url).output().expect("a run");
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains(&format!("{ENTITIES} entities")) && text.contains("in 16 shards"), "{text}");
    let verified = souk(&["journal", "verify"], &url).output().expect("a run");
    let text = said(&verified).replace(' ', "");
    assert!(verified.status.success() && text.contains(&format!("{written}commits")), "{text}");
}
