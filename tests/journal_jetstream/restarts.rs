//! Servers killed (SIGKILL) and started again, each in its turn, under a stream of appends and an open reader.

use std::sync::Arc;

use futures::StreamExt;
use serde_json::Value;
use souk::actors::ports::journal::{Journal, JournalError, Record};
use tokio::time::timeout;

use super::{
    make::*,
    nats::{NatsServers, PATIENCE},
    rig::Shop,
    writer::{Writer, claimed},
};

/// Appends between two strikes, at least.
const BETWEEN: usize = 200;
const LAST: &str = "THE-LAST";

/// Records that a reader has read are lost: the reader must not continue with the records in their place.
pub async fn a_reader_of_a_log_that_lost_records_ends(servers: &NatsServers) {
    let shop = Shop::on(servers).await;
    let journal = shop.open(&servers.urls()).await;
    let claim = claim(&journal, "a").await;
    let mut end = claim.seq;
    for n in 0..9 {
        end = journal.append(claim.clone(), end, one(n)).await.expect("an append");
    }
    let mut open = journal.read(S, 1);
    for _ in 0..end {
        open.next().await.expect("a record").expect("a readable record");
    }
    let stream = shop.stream(S);
    let config = shop.info(&stream).await["config"].take();
    shop.api(&format!("STREAM.DELETE.{stream}"), Value::Null).await;
    let made = shop.api(&format!("STREAM.CREATE.{stream}"), config).await;
    assert!(made["error"].is_null(), "{made}");
    let other = shop.open(&servers.urls()).await;
    claimed(&other, "b").await;
    let next = timeout(2 * PATIENCE, open.next()).await.expect("it is noticed");
    let Some(Err(JournalError::Corrupt { seq: 2, problem, .. })) = next else { panic!("{next:?}") };
    assert!(problem.contains("read up to 10, and the log ends at 1"), "{problem}");
    assert!(open.next().await.is_none());
}

/// With three servers two continue while one is down; a single server stops everything until it is back.
pub async fn servers_killed_one_at_a_time_lose_and_repeat_nothing(servers: &mut NatsServers) {
    let shop = Shop::on(servers).await;
    let journal = shop.open(&servers.urls()).await;
    let mut open = journal.read(S, 1);
    // Open all the time, with a connection of its own; ends with the last record.
    let reader = tokio::spawn(async move {
        let mut records: Vec<Arc<Record>> = Vec::new();
        while let Some(record) = open.next().await {
            let record = record.expect("a readable record");
            let last =
                batch_of(&record).is_some_and(|batch| batch.commits.iter().any(|commit| &*commit.key.id == LAST));
            records.push(record);
            if last {
                break;
            }
        }
        records
    });
    let mut writer = Writer::start(shop.open(&servers.urls()).await);
    writer.more(BETWEEN).await;
    for n in 0..servers.len() {
        servers.kill(n);
        if servers.len() > 1 {
            writer.more(BETWEEN).await;
        }
        servers.restart(n).await;
        shop.current(S).await;
        writer.more(BETWEEN).await;
    }
    let told = writer.stop().await;
    assert!(told.stored.len() >= BETWEEN * (servers.len() + 1), "{} appends", told.stored.len());

    let fresh = shop.open(&servers.urls()).await;
    let (claim, end) = claimed(&fresh, "w").await;
    let end = fresh.append(claim, end, batch([commit(LAST, 1, 1)])).await.expect("an append");
    let records = timeout(PATIENCE, reader).await.expect("in time").expect("a reader");
    assert_contiguous(&records, 1);
    assert_eq!(records.len() as u64, end, "each once, none left out");
    for (seq, id) in &told.stored {
        let stands = batch_of(&records[*seq as usize - 1]).map(|batch| batch.id);
        assert_eq!(stands, Some(*id), "record {seq} was acknowledged");
    }
    let mut ids: Vec<_> = records.iter().filter_map(|record| batch_of(record)).map(|batch| batch.id.0).collect();
    let batches = ids.len();
    for id in &told.never {
        assert!(!ids.contains(&id.0), "settled as not stored, and it is in the log");
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), batches, "no batch stands twice");
    assert_eq!(all(&fresh, S).await, records, "who begins to read now reads the same");
    eprintln!("{} records, {} acknowledged, {} answers lost", records.len(), told.stored.len(), told.ambiguous);
}
