//! The scrub: damage in records that no start reads is found while the journal runs, and stops nothing.

use std::fs;

use futures::StreamExt;
use souk::{
    actors::ports::journal::Journal,
    persistence::{SledJournal, envelope},
};
use tempfile::TempDir;

use super::{
    backends::{copy_dir, options},
    damage::{db, journal},
    make::*,
    record_copies::{copies, flip},
};

/// Behind the newest snapshot and the newest records, which are all that a start reads.
#[tokio::test(flavor = "multi_thread")]
async fn a_flip_in_an_old_record_is_found_while_the_journal_runs() {
    let whole = TempDir::new().expect("a directory");
    let mut end = 0;
    for batches in [(0..300).map(|_| sized(20_000)).collect::<Vec<_>>(), (0..100).map(one).collect()] {
        let journal = SledJournal::open(whole.path(), options()).expect("the journal opens");
        let claim = journal.claim(S, node("a")).await.expect("a claim");
        end = claim.seq;
        for batch in batches {
            end = journal.append(claim.clone(), end, batch).await.expect("an append");
        }
        journal.close();
    }
    let bytes = fs::read(db(whole.path())).expect("bytes");
    let copies = copies(&bytes);
    // Not those in the page of the very first, which a start reads.
    let old =
        |(seq, copies): &(&u64, &Vec<usize>)| (41..200).contains(*seq) && copies.iter().all(|at| *at < bytes.len() / 2);
    let old: Vec<u64> = copies.iter().filter(old).map(|(seq, _)| *seq).collect();
    let (first, last) = (*old.first().expect("old records"), *old.last().expect("old records"));
    for flipped in [&[][..], &[first], &[first, last]] {
        let dir = TempDir::new().expect("a directory");
        copy_dir(whole.path(), dir.path());
        let mut harmed = bytes.clone();
        flipped.iter().for_each(|seq| flip(&mut harmed, &copies[seq]));
        fs::write(db(dir.path()), harmed).expect("written");
        let journal = SledJournal::open(dir.path(), options()).expect("no start reads these");
        let mut unreadable = Vec::new();
        for seq in 1..=end {
            let read = journal.read_range(S, seq, seq).next().await;
            unreadable.extend(read.expect("a record").is_err().then_some(seq));
        }
        assert!(flipped.iter().all(|seq| unreadable.contains(seq)), "{flipped:?}: {unreadable:?}");
        assert_eq!(journal.damage(), None);
        for pass in 1..=2 {
            journal.scrub_once(u64::MAX).await.expect("a pass");
            let damage = journal.damage();
            let found = damage.as_ref().map(|damage| (damage.shard, damage.seq, damage.records));
            let expected = unreadable.first().map(|first| (S, *first, unreadable.len()));
            assert_eq!(found, expected, "pass {pass}: {damage:?}");
        }
        let claim = journal.claim(S, node("b")).await.expect("a claim");
        journal.append(claim.clone(), claim.seq, one(1)).await.expect("damage in old records stops nothing");
    }
}

/// The bound on its reading is one on time, too: two seconds' worth of bytes take two seconds of a clock that obeys.
#[tokio::test(start_paused = true)]
async fn the_scrub_reads_so_many_bytes_a_second() {
    let (dir, records) = journal().await;
    let journal = SledJournal::open(dir.path(), options()).expect("the journal opens");
    let bytes: usize = records.iter().map(|record| envelope::encode(record).expect("it encodes").len()).sum();
    let begun = tokio::time::Instant::now();
    journal.scrub_once(bytes as u64 / 2).await.expect("a pass");
    let took = begun.elapsed().as_millis();
    assert!((1_990..2_100).contains(&took), "{took} ms for two seconds' bytes");
}
