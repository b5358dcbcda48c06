//! Reading: order, the seam between history and live, ranges, slow readers.

use std::sync::Arc;

use futures::StreamExt;
use souk::actors::ports::journal::{Entry, Journal, Record, Seq};

use super::{backends::Backend, make::*};

pub async fn records_come_back_as_they_were_appended(mut backend: impl Backend) {
    let journal = backend.open();
    let claim = journal.claim(S, node("nöde \"1\"")).await.expect("a claim");
    let mut sent = Vec::new();
    for n in 0..40 {
        // One to forty commits: records of one chunk and of several.
        let batch = batch((0..=n).map(|c| commit(&format!("SKU{c}"), n + 1, 7)));
        journal.append(claim.clone(), claim.seq + n, batch.clone()).await.expect("an append");
        sent.push(batch);
    }
    let check = |records: &[Arc<Record>]| {
        assert_contiguous(records, 1);
        assert_eq!(records[0].entry, Entry::Claimed);
        for (record, batch) in records[1..].iter().zip(&sent) {
            assert_eq!((batch_of(record), &record.node, record.epoch), (Some(&**batch), &node("nöde \"1\""), 1));
        }
    };
    check(&all(&*journal, S).await);
    let journal = backend.reopen_after_crash(journal);
    check(&all(&*journal, S).await);
}

/// Readers that begin anywhere, while appends run: each sees every record once, in order, and it is the same record.
pub async fn history_turns_live_without_a_seam(backend: impl Backend) {
    const RECORDS: u64 = 600;
    let journal = backend.open();
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    let readers: Vec<_> = (0..6_u64)
        .map(|n| {
            let (journal, from) = (journal.clone(), n * 100);
            tokio::spawn(async move {
                // Each waits for its own moment: its start may be long past, just written, or still to come.
                take(journal.read(S, 1 + n * 70), 1).await;
                let records = take(journal.read(S, from), (RECORDS + 1 - from.max(1) + 1) as usize).await;
                assert_contiguous(&records, from.max(1));
                records
            })
        })
        .collect();
    for n in 0..RECORDS {
        journal.append(claim.clone(), claim.seq + n, one(n)).await.expect("an append");
        if n % 16 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let whole = all(&*journal, S).await;
    for reader in readers {
        let records = reader.await.expect("a reader");
        let from = records[0].seq as usize;
        assert_eq!(&whole[from - 1..], &records[..]);
    }
}

pub async fn no_gap_or_duplicate_across_a_claim(backend: impl Backend) {
    let journal = backend.open();
    let reader = tokio::spawn(take(journal.read(S, 1), 300));
    let mut end: Seq = 0;
    for epoch in 1..=30_u64 {
        let claim = journal.claim(S, node(&format!("n{epoch}"))).await.expect("a claim");
        assert_eq!((claim.epoch, claim.seq), (epoch, end + 1));
        end = claim.seq;
        for n in 0..9 {
            end = journal.append(claim.clone(), end, one(n)).await.expect("an append");
        }
    }
    let records = reader.await.expect("a reader");
    assert_contiguous(&records, 1);
    for record in &records {
        assert_eq!(record.epoch, (record.seq - 1) / 10 + 1, "record {}", record.seq);
        assert_eq!(matches!(record.entry, Entry::Claimed), record.seq % 10 == 1);
    }
}

pub async fn a_range_is_inclusive_and_ends(backend: impl Backend) {
    let journal = backend.open();
    assert_eq!(journal.read_range(S, 1, 10).count().await, 0, "an empty log");
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    for n in 0..29 {
        journal.append(claim.clone(), claim.seq + n, one(n)).await.expect("an append");
    }
    for (from, to, expected) in
        [(1, 30, 1..31), (0, 3, 1..4), (7, 7, 7..8), (25, 99, 25..31), (9, 8, 0..0), (31, 40, 0..0)]
    {
        let records: Vec<_> =
            journal.read_range(S, from, to).map(|r| r.expect("a readable record").seq).collect().await;
        assert_eq!(records, expected.collect::<Vec<_>>(), "{from}..={to}");
    }
}

/// Far more records than any backend keeps in memory pass while the reader stands still.
pub async fn a_reader_that_lags_misses_nothing(backend: impl Backend) {
    let journal = backend.open();
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    let mut slow = journal.read(S, 1);
    let first = slow.next().await.expect("a record").expect("a readable record");
    for n in 0..800 {
        journal.append(claim.clone(), claim.seq + n, one(n)).await.expect("an append");
    }
    let mut records = vec![first];
    records.extend(take(slow, 800).await);
    assert_contiguous(&records, 1);
}
