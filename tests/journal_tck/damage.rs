//! Damaged directories: every kind is refused with advice, or harmless; never a shop that lost something silently.

use std::{
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

use futures::StreamExt;
use souk::{
    actors::ports::journal::{Journal, Record, Resolution},
    persistence::{
        SledJournal,
        sled_journal::{OpenError, SledOptions},
        tools,
    },
};
use tempfile::TempDir;

use super::{
    backends::{copy_dir, options},
    make::*,
    sled_only::refused,
};

/// A closed journal with some hundred records, and these records.
async fn journal() -> (TempDir, Vec<Arc<Record>>) {
    let dir = TempDir::new().expect("a directory");
    let journal = SledJournal::open(dir.path(), options()).expect("the journal opens");
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    for n in 0..300 {
        let commits = (0..1 + n % 40).map(|c| commit(&format!("SKU{c}"), n, 3));
        journal.append(claim.clone(), claim.seq + n, batch(commits)).await.expect("an append");
    }
    let records = all(&journal, S).await;
    journal.close();
    (dir, records)
}

fn db(dir: &Path) -> std::path::PathBuf {
    dir.join("journal").join("db")
}

#[track_caller]
fn assert_advice(error: &OpenError) {
    let said = error.to_string();
    assert!(matches!(error, OpenError::Damaged { .. } | OpenError::Shortened { .. }), "{said}");
    assert!(said.contains("souk journal import") && said.contains("nothing was started"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_empty_database_is_not_a_new_shop() {
    let (dir, _) = journal().await;
    File::create(db(dir.path())).expect("an empty file");
    assert_advice(&refused(dir.path(), options()));
    fs::remove_file(db(dir.path())).expect("removed");
    assert_advice(&refused(dir.path(), options()));
    fs::remove_dir_all(dir.path().join("journal")).expect("removed");
    assert_advice(&refused(dir.path(), options()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_journal_is_refused() {
    let ((dir, _), (other, _)) = (journal().await, journal().await);
    fs::remove_dir_all(dir.path().join("journal")).expect("removed");
    copy_dir(&other.path().join("journal"), &dir.path().join("journal"));
    assert_advice(&refused(dir.path(), options()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_database_is_refused() {
    let (whole, _) = journal().await;
    let length = fs::metadata(db(whole.path())).expect("the file").len();
    for keep in [1, 19, 4096, length / 4, length / 2, length * 9 / 10, length - 100_000, length - 2000] {
        let dir = TempDir::new().expect("a directory");
        copy_dir(whole.path(), dir.path());
        OpenOptions::new().write(true).open(db(dir.path())).and_then(|file| file.set_len(keep)).expect("truncated");
        assert_advice(&refused(dir.path(), options()));
    }
}

/// Bytes change at many places. Each time: refused, or the reader says `Corrupt`, or every record is as it was
/// (sled's file has dead space). `verify` must find what a reader finds.
#[tokio::test(flavor = "multi_thread")]
async fn changed_bytes_are_never_read_as_records() {
    let (whole, records) = journal().await;
    let length = fs::metadata(db(whole.path())).expect("the file").len();
    let (mut opened, mut found) = (0, 0);
    for n in 0..48 {
        let dir = TempDir::new().expect("a directory");
        copy_dir(whole.path(), dir.path());
        let at = length * (2 * n + 1) / 96;
        let file = OpenOptions::new().write(true).open(db(dir.path())).expect("the file");
        file.write_all_at(b"changed by a fault", at).expect("written");
        drop(file);
        match SledJournal::open(dir.path(), options()) {
            Err(error) => {
                assert_advice(&error);
                found += 1;
            }
            Ok(journal) => {
                opened += 1;
                assert_eq!(journal.end(S).await.expect("an end"), records.len() as u64, "byte {at}");
                let mut read = journal.read_range(S, 1, records.len() as u64);
                let mut readable = Vec::new();
                let mut corrupt = false;
                while let Some(record) = read.next().await {
                    match record {
                        Ok(record) => readable.push(record),
                        Err(_) => corrupt = true,
                    }
                }
                assert_eq!(readable[..], records[..readable.len()], "byte {at}");
                assert!(corrupt || readable.len() == records.len(), "byte {at}: {} records", readable.len());
                if corrupt {
                    let report = tools::verify(&journal, &mut |_, _| Ok(()), &mut |_| ()).await.expect("a report");
                    assert!(!report.is_sound(), "byte {at}");
                    found += 1;
                }
            }
        }
    }
    assert!(found > 10 && opened > 0, "{found} faults found, {opened} opened: the test does not hit what it should");
}

/// A crash in the middle of a batch's bytes: that unacknowledged batch is gone; all others are kept.
#[tokio::test(flavor = "multi_thread")]
async fn a_torn_tail_loses_only_what_was_not_acknowledged() {
    let live = TempDir::new().expect("a directory");
    let journal = SledJournal::open(live.path(), options()).expect("the journal opens");
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    for n in 0..20 {
        journal.append(claim.clone(), claim.seq + n, one(n)).await.expect("an append");
    }
    let (before, torn) = (TempDir::new().expect("a directory"), TempDir::new().expect("a directory"));
    copy_dir(live.path(), before.path());
    let last = batch((0..60).map(|n| commit(&format!("SKU{n}"), 1, 1)));
    let end = journal.append(claim.clone(), claim.seq + 20, last.clone()).await.expect("an append");
    copy_dir(live.path(), torn.path());
    journal.close();
    let length = |dir: &TempDir| fs::metadata(db(dir.path())).expect("the file").len();
    let (from, to) = (length(&before), length(&torn));
    assert!(to > from + 1000, "the last batch made the file longer: {from} to {to}");
    for cut in [from + 1, from + (to - from) / 2, to - 1] {
        let dir = TempDir::new().expect("a directory");
        copy_dir(torn.path(), dir.path());
        // As the process died before its acknowledgement, the witness does not know of the last batch.
        let _absent_at_first = fs::remove_file(dir.path().join("journal.ends"));
        OpenOptions::new().write(true).open(db(dir.path())).and_then(|file| file.set_len(cut)).expect("torn");
        let journal = SledJournal::open(dir.path(), options()).expect("a torn tail is a crash, not damage");
        assert_eq!(journal.end(S).await.expect("an end"), end - 1);
        assert_eq!(all(&journal, S).await.len() as u64, end - 1);
        assert_eq!(
            journal.resolve(claim.clone(), end - 1, last.id).await.expect("a resolution"),
            Resolution::NotStored
        );
        journal.append(claim.clone(), end - 1, last.clone()).await.expect("the log goes on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn salvage_reads_and_never_writes() {
    let (dir, records) = journal().await;
    let salvage = SledOptions { salvage: true, ..options() };
    let journal = SledJournal::open(dir.path(), salvage).expect("the journal opens");
    assert_eq!(all(&journal, S).await, records);
    assert!(journal.claim(S, node("b")).await.is_err());
    journal.close();
    let journal = SledJournal::open(dir.path(), options()).expect("nothing has changed");
    assert_eq!(journal.end(S).await.expect("an end"), records.len() as u64);
}
