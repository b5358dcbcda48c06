//! A journal with a history: entities of a shop, some commits each, written by a node that is gone.

use std::{
    collections::BTreeMap,
    num::{NonZeroU32, NonZeroU64},
};

use souk::{
    actors::ports::{
        Journal,
        journal::{Commit, Shard},
    },
    domain::{
        ids::CommandId,
        key::EntityKey,
        kinds::{AnyEvent, Kind},
        stock::StockEvent,
        time::Timestamp,
    },
};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::make::{all, batch, batch_of, node};

pub const ENTITIES: u64 = 60;

/// `each` commits of every entity, in batches that mix them; the number of commits.
pub async fn fill(journal: &impl Journal, each: u64) -> u64 {
    let keys: Vec<EntityKey> = (0..ENTITIES).map(|n| EntityKey::new(Kind::Stock, format!("SKU-{n}"))).collect();
    for shard in (0..journal.shards()).map(Shard) {
        let claim = journal.claim(shard, node("souk-old#1")).await.expect("a claim");
        let mut end = claim.seq;
        let own: Vec<&EntityKey> = keys.iter().filter(|key| key.shard_of(journal.shards()) == shard.0).collect();
        for version in 1..=each {
            let commits: Vec<Commit> = own.iter().map(|key| commit(key, version)).collect();
            if commits.is_empty() {
                continue;
            }
            end = journal.append(claim.clone(), end, batch(commits)).await.expect("an append");
        }
        journal.release(claim, end).await.expect("a release");
    }
    ENTITIES * each
}

fn commit(key: &EntityKey, version: u64) -> Commit {
    let units = NonZeroU32::new(1 + version as u32 % 9).expect("positive");
    let events = vec![AnyEvent::Stock(StockEvent::Received { units, reference: Some(format!("{key} {version}")) })];
    Commit {
        key: key.clone(),
        version,
        command_id: CommandId(Uuid::new_v4()),
        fingerprint: NonZeroU64::new(version),
        by: "user:1".into(),
        at: Timestamp(1_795_000_000_000 + version as i64),
        events_json: Commit::encode(&events).expect("events encode"),
        events,
    }
}

/// All that a journal says of each entity, in its order.
pub async fn commits(journal: &impl Journal) -> BTreeMap<EntityKey, Vec<Commit>> {
    let mut found: BTreeMap<EntityKey, Vec<Commit>> = BTreeMap::new();
    for shard in (0..journal.shards()).map(Shard) {
        let records = all(journal, shard).await;
        for commit in records.iter().filter_map(|record| batch_of(record)).flat_map(|batch| &batch.commits) {
            found.entry(commit.key.clone()).or_default().push(commit.clone());
        }
    }
    found
}

/// Waits until the shop's streams hold more than so many messages, claims included.
pub async fn grown(client: &async_nats::Client, beyond: u64) -> u64 {
    let deadline = Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let mut total = 0;
        for n in 0..16 {
            let subject = format!("$JS.API.STREAM.INFO.souk_ev_{n:02}");
            let Ok(answer) = client.request(subject, "".into()).await else { continue };
            let info: serde_json::Value = serde_json::from_slice(&answer.payload).expect("json");
            total += info["state"]["messages"].as_u64().unwrap_or(0);
        }
        if total > beyond || Instant::now() > deadline {
            return total;
        }
        sleep(std::time::Duration::from_millis(2)).await;
    }
}
