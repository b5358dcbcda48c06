//! Damaged directories: every kind is refused with advice, or harmless; never a shop that lost something silently.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use futures::StreamExt;
use souk::{
    actors::ports::journal::{Journal, Record, Resolution, Shard},
    persistence::{
        SledJournal,
        sled_journal::{OpenError, Salvage},
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
pub async fn journal() -> (TempDir, Vec<Arc<Record>>) {
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

pub fn db(dir: &Path) -> std::path::PathBuf {
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
                // Pages that were read just now may be in memory: what is found there is found again on the disk.
                journal.scrub_once(u64::MAX).await.expect("a pass");
                assert_eq!(journal.damage().is_some(), corrupt, "byte {at}");
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

/// Every file below, with its content.
fn content(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(content(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).expect("bytes"))),
        }
    }
    found
}

/// All that a journal's stream gives: damage is `None`.
async fn read(journal: &impl Journal) -> Vec<Option<Arc<Record>>> {
    let end = journal.end(S).await.expect("an end");
    journal.read_range(S, 1, end).map(Result::ok).collect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn salvage_reads_everything_and_never_writes() {
    let (dir, _) = journal().await;
    let journal = SledJournal::open(dir.path(), options()).expect("the journal opens");
    let claim = journal.claim(S, node("b")).await.expect("a claim");
    let mut end = claim.seq;
    // Records of one chunk, of several, and of exactly one.
    for bytes in [100_000, 10, 24 << 10, 48 << 10, 300_000, 24_000, 100_000] {
        end = journal.append(claim.clone(), end, sized(bytes)).await.expect("an append");
    }
    let records = all(&journal, S).await;
    journal.close();
    let before = content(dir.path());
    let salvage = Salvage::open(dir.path()).expect("it is read");
    let found = read(&salvage).await;
    assert_eq!(found.len(), records.len());
    for (found, record) in found.iter().zip(&records) {
        assert_eq!(found.as_ref(), Some(record), "record {}", record.seq);
    }
    assert!(salvage.claim(S, node("b")).await.is_err());
    let busy = Salvage::open(dir.path()).err().map(|error| error.to_string());
    assert!(busy.is_some_and(|said| said.contains("opened by process")));
    drop(salvage);
    let mut after = content(dir.path());
    let lock = dir.path().join("souk.lock");
    after.insert(lock.clone(), before[&lock].clone());
    assert_eq!(after, before);
}

/// Where the newest copy of a record begins in `db`.
fn place_of(bytes: &[u8], shard: u16, seq: u64) -> usize {
    let name = format!("{{\"shard\":{shard},\"seq\":{seq},");
    bytes.windows(name.len()).rposition(|found| found == name.as_bytes()).expect("the record")
}

/// sled would overwrite what is readable behind the flipped bit, and then find too little.
#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_near_the_end_costs_no_byte_of_the_log() {
    let (whole, records) = journal().await;
    let bytes = fs::read(db(whole.path())).expect("bytes");
    let (mut refusals, mut lost) = (0, 0);
    for seq in [300, 297, 290, 250] {
        let dir = TempDir::new().expect("a directory");
        copy_dir(whole.path(), dir.path());
        let mut harmed = bytes.clone();
        let at = place_of(&bytes, 0, seq);
        harmed[at + 40] ^= 8;
        fs::write(db(dir.path()), &harmed).expect("flipped");
        // Also as after a kill: the witness is older, or missing.
        if seq == 297 {
            fs::remove_file(dir.path().join("journal.ends")).expect("removed");
        }
        match SledJournal::open(dir.path(), options()) {
            Ok(journal) => assert_eq!(all(&journal, S).await, records, "a dead copy of record {seq}"),
            Err(error) => {
                assert_advice(&error);
                refusals += 1;
                assert!(fs::read(db(dir.path())).expect("bytes") == harmed, "record {seq}: the log was written to");
                let found = read(&Salvage::open(dir.path()).expect("it is read")).await;
                assert_eq!(found.len(), records.len(), "record {seq}");
                for (found, record) in found.iter().zip(&records) {
                    assert!(found.as_ref().is_none_or(|found| found == record), "record {}", record.seq);
                }
                lost += found.iter().filter(|found| found.is_none()).count();
                let salvage = Salvage::open(dir.path()).expect("it is read");
                let (mut out, cut) = (Vec::new(), tools::Unreadable::CutShard);
                let exported = tools::export(&salvage, cut, &mut out, &mut |_| ()).await.expect("an export");
                let lines = out.iter().filter(|byte| **byte == b'\n').count() as u64;
                assert_eq!(lines, exported.records + 2, "a header, the records, a footer");
                let left_out: u64 = exported.cut.iter().map(|cut| cut.left_out).sum();
                assert_eq!(exported.records + left_out, records.len() as u64);
                let refused = tools::export(&salvage, tools::Unreadable::Refuse, &mut Vec::new(), &mut |_| ()).await;
                assert_eq!(refused.is_ok(), exported.cut.is_empty(), "a backup has no holes");
            }
        }
    }
    assert!(refusals >= 3, "{refusals} of 4 were refused");
    assert!(lost <= refusals, "{lost} records were lost by {refusals} flipped bits");
}

/// After a crash: a torn write, behind it a whole one of the same sync. Nobody was told of either.
#[tokio::test(flavor = "multi_thread")]
async fn a_hole_in_what_nobody_was_told_of_is_a_crash() {
    let live = TempDir::new().expect("a directory");
    let journal = SledJournal::open(live.path(), options()).expect("the journal opens");
    let claims = [journal.claim(Shard(0), node("a")).await, journal.claim(Shard(1), node("a")).await];
    let [one, two] = claims.map(|claim| claim.expect("a claim"));
    for n in 0..5 {
        journal.append(one.clone(), one.seq + n, sized(3000)).await.expect("an append");
    }
    journal.append(two.clone(), two.seq, sized(3000)).await.expect("an append");
    let dir = TempDir::new().expect("a directory");
    copy_dir(live.path(), dir.path());
    let _absent_at_first = fs::remove_file(dir.path().join("journal.ends"));
    journal.close();
    let bytes = fs::read(db(dir.path())).expect("bytes");
    let tear = |seq: u64| {
        let mut torn = bytes.clone();
        let at = place_of(&bytes, 0, seq);
        torn[at..at + 1000].fill(0);
        fs::write(db(dir.path()), torn).expect("torn");
    };
    // The record before the newest: its successor stands there, so it was acknowledged.
    tear(5);
    assert_advice(&refused(dir.path(), options()));
    assert!(!dir.path().join("trial").exists(), "the copy is gone");
    tear(6);
    let journal = SledJournal::open(dir.path(), options()).expect("a crash");
    assert_eq!(journal.end(Shard(0)).await.expect("an end"), 5);
    assert_eq!(journal.end(Shard(1)).await.expect("an end"), 1);
}

/// Snapshots, `conf` and `journal.meta` are abbreviations of the log: harm to them costs a warning.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_log_can_give_again_is_no_damage() {
    let (whole, records) = journal().await;
    // Opened again, it has a snapshot.
    SledJournal::open(whole.path(), options()).expect("the journal opens").close();
    let files = |dir: &Path| -> Vec<std::path::PathBuf> {
        let names =
            fs::read_dir(dir.join("journal")).expect("a directory").map(|entry| entry.expect("an entry").path());
        let derived = |path: &std::path::PathBuf| path.is_file() && !path.ends_with("db");
        names.filter(derived).chain([dir.join("journal.meta"), dir.join("journal.ends")]).collect()
    };
    assert_eq!(files(whole.path()).len(), 4, "a snapshot, conf, journal.meta, journal.ends");
    type Harm = fn(&Path);
    let flip: Harm = |path| {
        let mut bytes = fs::read(path).expect("bytes");
        let middle = bytes.len() / 3;
        bytes[middle] ^= 4;
        fs::write(path, bytes).expect("flipped");
    };
    let cut: Harm = |path| {
        let bytes = fs::read(path).expect("bytes");
        fs::write(path, &bytes[..bytes.len() - 3]).expect("cut");
    };
    let emptied: Harm = |path| fs::write(path, b"").expect("emptied");
    let removed: Harm = |path| fs::remove_file(path).expect("removed");
    for (what, harm) in [("flipped", flip), ("cut", cut), ("emptied", emptied), ("removed", removed)] {
        for n in 0..4 {
            let dir = TempDir::new().expect("a directory");
            copy_dir(whole.path(), dir.path());
            let file = files(dir.path())[n].clone();
            // A changed letter of the identity can be told from another journal's only by a person.
            if what == "flipped" && file.ends_with("journal.meta") {
                continue;
            }
            harm(&file);
            for _ in 0..2 {
                let journal = SledJournal::open(dir.path(), options())
                    .unwrap_or_else(|error| panic!("{} {what}: {error}", file.display()));
                assert_eq!(all(&journal, S).await, records, "{} {what}", file.display());
                journal.close();
            }
        }
    }
}
