//! Servers killed (SIGKILL) and started again, each in its turn, under a stream of appends and an open reader.

use std::sync::Arc;

use futures::StreamExt;
use souk::actors::ports::journal::{Journal, Record};
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

/// With three servers two go on while one is away; the only one of a set takes everything with it until it is back.
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
