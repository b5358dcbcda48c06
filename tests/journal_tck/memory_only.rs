//! The memory journal's faults: each has its documented effect, and none breaks the contract.

use std::{sync::Arc, time::Duration};

use souk::{
    actors::ports::journal::{AppendError, Journal, JournalError, NodeId, Resolution, Seq, Shard},
    persistence::memory_journal::{AppendFault, Delivery, FaultPlan, MemoryJournal, MemoryStorage, Outcome},
};
use tokio::time::Instant;

use super::make::*;

/// The outcome of the append after record `n` is the `n`th; later ones are stored.
struct Script(Vec<Outcome>);

impl FaultPlan for Script {
    fn append(&self, _: Shard, after: Seq) -> AppendFault {
        let outcome = self.0.get(after as usize).copied().unwrap_or_default();
        AppendFault { before: Duration::from_millis(5), outcome, after: Duration::from_millis(7) }
    }
    fn claim(&self, _: Shard, node: &NodeId) -> AppendFault {
        let outcome = if &*node.0 == "unlucky" { Outcome::AmbiguousStored } else { Outcome::Stored };
        AppendFault { outcome, ..AppendFault::default() }
    }
    fn deliver(&self, _: Shard, seq: Seq) -> Delivery {
        Delivery { late: Duration::from_millis(seq % 5 * 10), duplicates: (seq % 4) as u8 }
    }
}

fn journal(script: Vec<Outcome>) -> MemoryJournal {
    MemoryJournal::open(MemoryStorage::new(uuid(), 2), Arc::new(Script(script)))
}

#[tokio::test(start_paused = true)]
async fn failures_store_nothing_and_are_definite() {
    for (outcome, full) in [(Outcome::Io, false), (Outcome::Full, true)] {
        let journal = journal(vec![Outcome::Stored, outcome]);
        let claim = journal.claim(S, node("a")).await.expect("a claim");
        let batch = one(1);
        match journal.append(claim.clone(), claim.seq, batch.clone()).await {
            Err(AppendError::Full(_)) => assert!(full),
            Err(AppendError::Io(_)) => assert!(!full),
            other => panic!("{other:?}"),
        }
        let found = journal.resolve(claim.clone(), claim.seq, batch.id).await.expect("a resolution");
        assert_eq!(found, Resolution::NotStored);
        assert_eq!(journal.end(S).await.expect("an end"), claim.seq);
    }
}

#[tokio::test(start_paused = true)]
async fn ambiguity_resolves_both_ways() {
    for (outcome, expected) in
        [(Outcome::AmbiguousStored, Resolution::Stored(2)), (Outcome::AmbiguousNotStored, Resolution::NotStored)]
    {
        let journal = journal(vec![Outcome::Stored, outcome]);
        let claim = journal.claim(S, node("a")).await.expect("a claim");
        let batch = one(1);
        let answer = journal.append(claim.clone(), claim.seq, batch.clone()).await;
        assert!(matches!(answer, Err(AppendError::Ambiguous(_))), "{answer:?}");
        let found = journal.resolve(claim.clone(), claim.seq, batch.id).await.expect("a resolution");
        assert_eq!(found, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn an_ambiguous_append_of_an_old_claim_is_not_stored() {
    let journal = journal(vec![Outcome::Stored, Outcome::Stored, Outcome::AmbiguousStored]);
    let old = journal.claim(S, node("a")).await.expect("a claim");
    let new = journal.claim(S, node("b")).await.expect("a claim");
    let batch = one(1);
    assert!(matches!(journal.append(old.clone(), new.seq, batch.clone()).await, Err(AppendError::Ambiguous(_))));
    let found = journal.resolve(old, new.seq, batch.id).await.expect("a resolution");
    assert_eq!(found, Resolution::NotStored);
}

#[tokio::test(start_paused = true)]
async fn a_claim_whose_answer_is_lost_still_fences() {
    let journal = journal(vec![]);
    let old = journal.claim(S, node("a")).await.expect("a claim");
    assert!(matches!(journal.claim(S, node("unlucky")).await, Err(JournalError::Io(_))));
    let end = journal.end(S).await.expect("an end");
    assert!(matches!(journal.append(old, end, one(1)).await, Err(AppendError::Fenced)));
}

/// Dropped before the store: nothing is stored. Dropped after it: stored, without an acknowledgement.
#[tokio::test(start_paused = true)]
async fn a_crash_falls_before_or_after_the_store() {
    let journal = journal(vec![]);
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    for (given_up_after, stored) in [(3, false), (9, true)] {
        let (batch, within) = (one(1), Duration::from_millis(given_up_after));
        let end = journal.end(S).await.expect("an end");
        assert!(tokio::time::timeout(within, journal.append(claim.clone(), end, batch.clone())).await.is_err());
        let found = journal.resolve(claim.clone(), end, batch.id).await.expect("a resolution");
        assert_eq!(found != Resolution::NotStored, stored);
    }
}

#[tokio::test(start_paused = true)]
async fn late_and_repeated_deliveries_are_not_visible() {
    let journal = journal(vec![]);
    let claim = journal.claim(S, node("a")).await.expect("a claim");
    let (reader, started) = (tokio::spawn(take(journal.read(S, 1), 101)), Instant::now());
    for n in 0..100 {
        journal.append(claim.clone(), claim.seq + n, one(n)).await.expect("an append");
    }
    assert_contiguous(&reader.await.expect("a reader"), 1);
    assert!(started.elapsed() >= Duration::from_millis(100 * 12), "appends and deliveries took their time");
}
