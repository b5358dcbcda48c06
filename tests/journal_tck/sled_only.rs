//! Cases of a journal on a disk: locks, other shard numbers, a full disk, no second file.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use souk::{
    actors::ports::journal::{AppendError, BATCH_BYTES_MAX, Journal, JournalError},
    config,
    persistence::{
        SledJournal,
        sled_journal::{OpenError, SledOptions},
    },
};
use tempfile::TempDir;

use super::{
    backends::{SHARDS, options},
    make::*,
};

#[track_caller]
pub fn refused(dir: &Path, options: SledOptions) -> OpenError {
    match SledJournal::open(dir, options) {
        Ok(_) => panic!("{} opened", dir.display()),
        Err(error) => error,
    }
}

/// The other process of the next test: this test binary again.
#[test]
fn second_process() {
    let Ok(dir) = std::env::var("SOUK_TCK_SECOND_PROCESS") else { return };
    println!("refused: {}", refused(Path::new(&dir), options()));
}

#[test]
fn a_second_process_is_refused_by_name() {
    let dir = TempDir::new().expect("a directory");
    let first = SledJournal::open(dir.path(), options()).expect("the journal opens");
    let second = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "sled_only::second_process", "--nocapture"])
        .env("SOUK_TCK_SECOND_PROCESS", dir.path())
        .output()
        .expect("the second process runs");
    let said = String::from_utf8_lossy(&second.stdout);
    assert!(said.contains(&format!("opened by process {}", std::process::id())), "{said}");
    assert!(matches!(refused(dir.path(), options()), OpenError::Busy { .. }), "nor twice in one process");
    first.close();
    SledJournal::open(dir.path(), options()).expect("free again");
}

#[test]
fn another_number_of_shards_is_refused() {
    let dir = TempDir::new().expect("a directory");
    SledJournal::open(dir.path(), options()).expect("the journal opens").close();
    let error = refused(dir.path(), SledOptions { shards: Some(16), ..options() }).to_string();
    assert!(error.contains(&format!("made with {SHARDS} shards, 16 are configured")), "{error}");
    // Without a number the journal's own is used.
    let found = SledJournal::open(dir.path(), SledOptions { shards: None, ..options() }).expect("the journal opens");
    assert_eq!(found.shards(), SHARDS);
    found.close();
    let error = refused(&dir.path().join("new"), SledOptions { shards: Some(0), ..options() });
    assert!(matches!(error, OpenError::BadShards { wanted: 0, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_without_the_margin_refuses_and_keeps_reading() {
    let dir = TempDir::new().expect("a directory");
    let journal = SledJournal::open(dir.path(), options()).expect("the journal opens");
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    journal.append(claim.clone(), claim.seq, one(1)).await.expect("an append");
    journal.close();
    let full = SledOptions {
        journal: config::Journal {
            free_bytes_min: u64::MAX / 2,
            free_bytes_last: u64::MAX / 2,
            ..config::Journal::default()
        },
        ..options()
    };
    let journal = SledJournal::open(dir.path(), full).expect("a full disk can be read");
    let refused = journal.append(claim.clone(), claim.seq + 1, one(2)).await;
    assert!(matches!(&refused, Err(AppendError::Full(why)) if why.contains("bytes are free")), "{refused:?}");
    assert!(matches!(journal.claim(S, node("b")).await, Err(JournalError::Full(_))));
    assert_eq!(all(&journal, S).await.len(), 2);
    journal.close();
    let journal = SledJournal::open(dir.path(), options()).expect("the journal opens");
    journal.append(claim.clone(), claim.seq + 1, one(2)).await.expect("room again");
}

/// A disk of 96 MiB, filled by a neighbour and freed again. Needs root; elsewhere the test above stands alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_until_there_is_room() {
    let Some(disk) = SmallDisk::mount(96) else { return eprintln!("skipped: no right to mount a small disk") };
    let journal = SledJournal::open(&disk.0.path().join("data"), options()).expect("the journal opens");
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    let mut end = journal.append(claim.clone(), claim.seq, one(0)).await.expect("an append");
    let ballast = disk.0.path().join("ballast");
    fs::write(&ballast, vec![1; 40 << 20]).expect("ballast");
    let why = loop {
        // Between two checks of the disk appends are still accepted: the margin is there for them.
        match journal.append(claim.clone(), end, sized(100_000)).await {
            Ok(seq) => end = seq,
            Err(AppendError::Full(why)) => break why,
            Err(error) => panic!("{error}"),
        }
        assert!(end < 1000, "never full");
    };
    assert!(why.contains("must stay free"), "{why}");
    fs::remove_file(&ballast).expect("room");
    end = journal.append(claim.clone(), end, one(1)).await.expect("room counts at once");
    assert_eq!(all(&journal, S).await.len() as u64, end);
}

struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(mib: u32) -> Option<Self> {
        let dir = TempDir::new().expect("a directory");
        let size = format!("size={mib}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(dir.path()).output();
        mounted.is_ok_and(|done| done.status.success()).then(|| Self(dir))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("-l").arg(self.0.path()).status();
        assert!(done.is_ok_and(|status| status.success()), "the small disk stays mounted");
    }
}

/// sled never syncs the files it makes for large pages, so there must be none: whatever the batches' sizes.
#[tokio::test(flavor = "multi_thread")]
async fn everything_is_in_the_one_file_that_is_synced() {
    let dir = TempDir::new().expect("a directory");
    let journal = SledJournal::open(dir.path(), options()).expect("the journal opens");
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    let mut end = claim.seq;
    let sizes = [BATCH_BYTES_MAX - 64, 24 << 10, (24 << 10) - 700, 10, 100_000, BATCH_BYTES_MAX - 64];
    for size in sizes.into_iter().cycle().take(90) {
        end = journal.append(claim.clone(), end, sized(size)).await.expect("an append");
        assert_eq!(blobs(dir.path()), Vec::<PathBuf>::new(), "after a batch of {size} bytes");
    }
    assert_eq!(all(&journal, S).await.len() as u64, end);
    journal.close();
    assert_eq!(blobs(dir.path()), Vec::<PathBuf>::new());
}

fn blobs(dir: &Path) -> Vec<PathBuf> {
    let found = fs::read_dir(dir.join("journal").join("blobs")).expect("sled's directory");
    found.map(|entry| entry.expect("an entry").path()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn open_streams_end_when_the_journal_closes() {
    let dir = TempDir::new().expect("a directory");
    let journal = SledJournal::open(dir.path(), options()).expect("the journal opens");
    let mut live = journal.read(S, 1);
    journal.close();
    let last = futures::StreamExt::next(&mut live).await;
    assert!(matches!(last, Some(Err(JournalError::Io(_)))), "{last:?}");
}
