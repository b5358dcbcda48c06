//! Claims, fencing, atomicity, ambiguity and crashes: the contract of every backend.

use std::sync::Arc;

use futures::future::join;
use souk::actors::ports::journal::{
    AppendError, BATCH_BYTES_MAX, Claim, Entry, Journal, JournalError, Resolution, Shard,
};

use super::{backends::Backend, make::*};

pub async fn one_of_two_racing_claims_wins(backend: impl Backend) {
    let journal = backend.open();
    for round in 0..20 {
        let (a, b) = join(claim(&*journal, "a"), claim(&*journal, "b")).await;
        let (old, new) = if a.epoch < b.epoch { (a, b) } else { (b, a) };
        assert_eq!((old.epoch, new.epoch), (2 * round + 1, 2 * round + 2));
        let end = journal.end(S).await.expect("an end");
        assert_eq!(new.seq, end);
        let (lost, won) = join(journal.append(old.clone(), end, one(1)), journal.append(new, end, one(1))).await;
        assert!(matches!(lost, Err(AppendError::Fenced)), "{lost:?}");
        assert_eq!(won.expect("the newest claim appends"), end + 1);
    }
}

pub async fn an_old_claim_is_fenced(backend: impl Backend) {
    let journal = backend.open();
    let old = journal.claim(S, node("a")).await.expect("a claim");
    let end = journal.append(old.clone(), old.seq, one(1)).await.expect("an append");
    let new = journal.claim(S, node("b")).await.expect("a claim");
    for after in [end, new.seq] {
        let refused = journal.append(old.clone(), after, one(2)).await;
        assert!(matches!(refused, Err(AppendError::Fenced)), "{refused:?}");
    }
    assert_eq!(journal.append(new.clone(), new.seq, one(2)).await.expect("an append"), new.seq + 1);
}

pub async fn a_wrong_end_is_fenced(backend: impl Backend) {
    let journal = backend.open();
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    let end = journal.append(claim.clone(), claim.seq, one(1)).await.expect("an append");
    for after in [0, end - 1, end + 1, end + 1000] {
        let refused = journal.append(claim.clone(), after, one(2)).await;
        assert!(matches!(refused, Err(AppendError::Fenced)), "after {after}: {refused:?}");
    }
    assert_eq!(journal.end(S).await.expect("an end"), end);
    assert_eq!(journal.append(claim, end, one(2)).await.expect("an append"), end + 1);
}

pub async fn a_claim_is_written_into_the_log(backend: impl Backend) {
    let journal = backend.open();
    for epoch in 1..=3 {
        let claim = journal.claim(S, node("a")).await.expect("a claim");
        assert_eq!((claim.epoch, claim.seq), (epoch, epoch));
    }
    let records = all(&*journal, S).await;
    assert_contiguous(&records, 1);
    for (record, epoch) in records.iter().zip(1..) {
        assert_eq!((&record.entry, record.epoch, &record.node), (&Entry::Claimed, epoch, &node("a")));
    }
}

pub async fn of_two_racing_appends_one_is_stored(backend: impl Backend) {
    let journal = backend.open();
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    let mut end = claim.seq;
    for n in 0..50 {
        let (a, b) = join(journal.append(claim.clone(), end, one(n)), journal.append(claim.clone(), end, one(n))).await;
        assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1, "{a:?} {b:?}");
        end += 1;
        assert_eq!(journal.end(S).await.expect("an end"), end);
    }
}

pub async fn a_release_ends_the_log_and_is_fenced_too(backend: impl Backend) {
    let journal = backend.open();
    let old = journal.claim(S, node("a")).await.expect("a claim");
    let new = journal.claim(S, node("b")).await.expect("a claim");
    assert!(matches!(journal.release(old, new.seq).await, Err(AppendError::Fenced)));
    let released = journal.release(new, 2).await.expect("a release");
    let next = journal.claim(S, node("c")).await.expect("a claim");
    assert_eq!((released, next.seq, next.epoch), (3, 4, 3));
    assert_eq!(all(&*journal, S).await[2].entry, Entry::Released);
}

pub async fn shards_are_independent(backend: impl Backend) {
    let journal = backend.open();
    let shards: Vec<Shard> = (0..journal.shards()).map(Shard).collect();
    let fill = |shard: Shard| {
        let journal = journal.clone();
        async move {
            let claim = journal.claim(shard, node("a")).await.expect("a claim");
            for n in 0..20 + u64::from(shard.0) {
                journal.append(claim.clone(), claim.seq + n, one(n)).await.expect("an append");
            }
        }
    };
    futures::future::join_all(shards.iter().copied().map(fill)).await;
    for shard in shards {
        let records = all(&*journal, shard).await;
        assert_eq!(records.len() as u64, 21 + u64::from(shard.0));
        assert_contiguous(&records, 1);
        assert!(records.iter().all(|record| record.shard == shard));
    }
}

pub async fn resolve_knows_what_is_stored(backend: impl Backend) {
    let journal = backend.open();
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    // More than a backend may remember in memory.
    let batches: Vec<_> = (0..4500).map(one).collect();
    for (n, batch) in (0..).zip(&batches) {
        journal.append(claim.clone(), claim.seq + n, batch.clone()).await.expect("an append");
    }
    let fenced = one(1);
    assert!(journal.append(claim.clone(), 0, fenced.clone()).await.is_err());
    for n in [0, 1, 300, 4499] {
        let after = claim.seq + n as u64;
        let found = journal.resolve(claim.clone(), after, batches[n].id).await.expect("a resolution");
        assert_eq!(found, Resolution::Stored(after + 1));
        // One place beside it, another batch stands.
        let found = journal.resolve(claim.clone(), after - 1, batches[n].id).await.expect("a resolution");
        assert_eq!(found, Resolution::NotStored);
    }
    assert_eq!(journal.resolve(claim.clone(), 0, fenced.id).await.expect("a resolution"), Resolution::NotStored);
    let elsewhere = Claim { shard: Shard(1), ..claim };
    assert_eq!(journal.resolve(elsewhere, 0, batches[0].id).await.expect("a resolution"), Resolution::NotStored);
    assert_eq!(
        journal.end(Shard(1)).await.expect("an end"),
        0,
        "a question about a log that nobody claimed leaves none"
    );
}

/// The caller drops an append at various moments; the result of `resolve` is then final.
pub async fn an_abandoned_append_resolves_for_good(backend: impl Backend) {
    let journal = backend.open();
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    for round in 0..60 {
        let (end, batch) = (journal.end(S).await.expect("an end"), one(round));
        let append = tokio::spawn({
            let (journal, claim, batch) = (journal.clone(), claim.clone(), batch.clone());
            async move { journal.append(claim, end, batch).await }
        });
        for _ in 0..round % 7 {
            tokio::task::yield_now().await;
        }
        append.abort();
        let _aborted_or_done = append.await;
        let said = journal.resolve(claim.clone(), end, batch.id).await.expect("a resolution");
        let stored = all(&*journal, S).await.iter().find(|r| batch_of(r).is_some_and(|b| b.id == batch.id)).cloned();
        assert_eq!(said, stored.map_or(Resolution::NotStored, |record| Resolution::Stored(record.seq)));
        // Final: a later append moves the end, and the result is the same.
        let newer = journal.end(S).await.expect("an end");
        journal.append(claim.clone(), newer, one(0)).await.expect("an append");
        assert_eq!(journal.resolve(claim.clone(), end, batch.id).await.expect("a resolution"), said);
    }
}

pub async fn what_was_acknowledged_survives_a_crash(mut backend: impl Backend) {
    let mut journal = backend.open();
    let id = journal.id();
    let mut acknowledged = Vec::new();
    for round in 0..4_u64 {
        let claim = journal.claim(S, node("a")).await.expect("a claim");
        assert_eq!(claim.epoch, round + 1, "epochs go on after a crash");
        let mut end = claim.seq;
        for n in 0..25 {
            let batch = batch([commit("SKU1", n + 1, 1), commit("SKU2", n + 1, 2), commit("SKU3", n + 1, 3)]);
            end = journal.append(claim.clone(), end, batch.clone()).await.expect("an append");
            acknowledged.push((end, batch));
        }
        journal = backend.reopen_after_crash(journal);
        assert_eq!(journal.id(), id);
        let records = all(&*journal, S).await;
        assert_contiguous(&records, 1);
        for (seq, batch) in &acknowledged {
            assert_eq!(batch_of(&records[*seq as usize - 1]), Some(&**batch), "whole, as it was");
            let found = journal.resolve(claim.clone(), seq - 1, batch.id).await.expect("a resolution");
            assert_eq!(found, Resolution::Stored(*seq));
        }
        // A claim holds until a newer one, also over a restart.
        end = journal.append(claim.clone(), end, one(0)).await.expect("the claim still stands");
        assert_eq!(journal.end(S).await.expect("an end"), end);
    }
}

pub async fn a_crash_between_write_and_acknowledgement_resolves(mut backend: impl Backend) {
    let journal = backend.open();
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    let batch = one(1);
    // The record becomes visible, hence durable; its caller receives no reply.
    let mut live = journal.read(S, claim.seq + 1);
    let append = tokio::spawn({
        let (journal, claim, batch) = (journal.clone(), claim.clone(), batch.clone());
        async move {
            let _unheard = journal.append(claim.clone(), claim.seq, batch).await;
            std::future::pending::<()>().await;
        }
    });
    futures::StreamExt::next(&mut live).await.expect("a record").expect("a readable record");
    append.abort();
    let _aborted = append.await;
    drop(live);
    let journal = backend.reopen_after_crash(journal);
    let next = journal.claim(S, node("b")).await.expect("a claim");
    assert_eq!(next.seq, claim.seq + 2);
    let found = journal.resolve(claim.clone(), claim.seq, batch.id).await.expect("a resolution");
    assert_eq!(found, Resolution::Stored(claim.seq + 1));
}

pub async fn bounds_are_refused_without_harm(backend: impl Backend) {
    let journal = backend.open();
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    let refused = journal.append(claim.clone(), claim.seq, sized(BATCH_BYTES_MAX + 1)).await;
    assert!(matches!(&refused, Err(AppendError::Io(why)) if why.contains("bytes of events")), "{refused:?}");
    let largest = sized(BATCH_BYTES_MAX - 64);
    let end = journal.append(claim.clone(), claim.seq, largest.clone()).await.expect("the largest batch");
    assert_eq!(batch_of(&take(journal.read(S, end), 1).await[0]), Some(&*largest));
    let nowhere = Shard(journal.shards());
    assert!(matches!(journal.claim(nowhere, node("a")).await, Err(JournalError::Io(_))));
    assert!(matches!(journal.end(nowhere).await, Err(JournalError::Io(_))));
    let mut none = journal.read(nowhere, 1);
    assert!(matches!(futures::StreamExt::next(&mut none).await, Some(Err(JournalError::Io(_)))));
    let wrong = Claim { shard: nowhere, ..claim };
    assert!(matches!(journal.append(wrong, 0, one(1)).await, Err(AppendError::Io(_))));
    let _keeps: Arc<_> = journal;
}
