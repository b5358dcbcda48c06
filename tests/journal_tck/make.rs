//! Small makers of batches, shared by the cases.

use std::{
    num::{NonZeroU32, NonZeroU64},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use futures::StreamExt;
use souk::{
    actors::ports::journal::{
        Batch, BatchId, Claim, Commit, Entry, Journal, JournalError, NodeId, Record, Records, Seq, Shard,
    },
    domain::{
        ids::CommandId,
        key::EntityKey,
        kinds::{AnyEvent, Kind},
        stock::StockEvent,
        time::Timestamp,
    },
};
use uuid::Uuid;

pub const S: Shard = Shard(0);

pub fn node(name: &str) -> NodeId {
    NodeId(name.into())
}

/// Claims until the race is won, as a shard's owner does.
pub async fn claim(journal: &impl Journal, name: &str) -> Claim {
    loop {
        match journal.claim(S, node(name)).await {
            Err(JournalError::LostRace) => {}
            claimed => return claimed.expect("a claim"),
        }
    }
}

pub fn uuid() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u64_pair(u64::from(std::process::id()), NEXT.fetch_add(1, Ordering::Relaxed))
}

pub fn commit(id: &str, version: u64, units: u32) -> Commit {
    let units = NonZeroU32::new(units).expect("units are positive in these tests");
    let events = vec![
        AnyEvent::Stock(StockEvent::Received { units, reference: Some(format!("délivery \"{version}\"")) }),
        AnyEvent::Stock(StockEvent::Adjusted { delta: -1, reason: "count".into() }),
    ];
    Commit {
        key: EntityKey::new(Kind::Stock, id),
        version,
        command_id: CommandId(uuid()),
        fingerprint: NonZeroU64::new(u64::MAX - version),
        by: "user:1".into(),
        at: Timestamp(1_795_000_000_000 + version as i64),
        events_json: Commit::encode(&events).expect("events encode"),
        events,
    }
}

pub fn batch(commits: impl IntoIterator<Item = Commit>) -> Arc<Batch> {
    Arc::new(Batch { id: BatchId(uuid()), commits: commits.into_iter().collect() })
}

/// A batch of one commit that names its number.
pub fn one(n: u64) -> Arc<Batch> {
    batch([commit("SKU1", n, 1)])
}

/// One commit whose events have about so many bytes.
pub fn sized(bytes: usize) -> Arc<Batch> {
    let mut commit = commit("BIG", 1, 1);
    commit.events = vec![AnyEvent::Stock(StockEvent::Adjusted { delta: 1, reason: "x".repeat(bytes) })];
    commit.events_json = Commit::encode(&commit.events).expect("events encode");
    batch([commit])
}

pub fn batch_of(record: &Record) -> Option<&Batch> {
    match &record.entry {
        Entry::Batch(batch) => Some(batch),
        Entry::Claimed | Entry::Released => None,
    }
}

pub async fn take(mut records: Records, count: usize) -> Vec<Arc<Record>> {
    let mut taken = Vec::with_capacity(count);
    while taken.len() < count {
        taken.push(records.next().await.expect("a stream of records does not end").expect("a readable record"));
    }
    taken
}

/// Everything up to the durable end.
pub async fn all(journal: &impl Journal, shard: Shard) -> Vec<Arc<Record>> {
    let end = journal.end(shard).await.expect("an end");
    take(journal.read(shard, 1), end as usize).await
}

#[track_caller]
pub fn assert_contiguous(records: &[Arc<Record>], from: Seq) {
    for (n, record) in records.iter().enumerate() {
        assert_eq!(record.seq, from + n as u64, "record {n} of {}", records.len());
    }
}
