//! Frozen servers (SIGSTOP): messages that they hold are neither lost nor stored, and arrive when the servers wake up.

use std::time::Duration;

use futures::StreamExt;
use souk::{
    actors::ports::journal::{AppendError, Batch, Claim, Journal, Resolution, Seq},
    persistence::jetstream::JetStreamOptions,
};
use tokio::time::timeout;

use super::{
    make::*,
    nats::{NatsServers, PATIENCE},
    rig::Shop,
    writer::{claimed, goes_on},
    zombie::settled,
};

async fn impatient(servers: &NatsServers) -> Shop {
    let mut shop = Shop::on(servers).await;
    shop.options = JetStreamOptions { request_timeout: Duration::from_millis(500), ..shop.options };
    shop
}

/// The writer's own server, which does not lead the stream, stops with the append in its hands.
pub async fn what_a_frozen_server_held_comes_too_late(servers: &NatsServers) {
    let shop = impatient(servers).await;
    let there = shop.open(&servers.urls()).await;
    goes_on(&there, "b").await;
    let leader = shop.leader(S).await;
    let (way, other) = ((leader + 1) % 3, (leader + 2) % 3);
    let there = shop.open(&format!("{},{}", servers.url(leader), servers.url(other))).await;
    let here = shop.open(&servers.url(way)).await;
    let mut passing = shop.listen(&servers.url(leader)).await;
    let (claim, _) = claimed(&here, "a").await;
    let end = here.append(claim.clone(), claim.seq, one(1)).await.expect("an append");
    servers.freeze(way);
    let batch = one(2);
    let answer =
        timeout(PATIENCE, here.append(claim.clone(), end, batch.clone())).await.expect("an answer in its time");
    assert!(matches!(answer, Err(AppendError::Ambiguous(_))), "{answer:?}");
    let said = settled(&there, &claim, end, &batch).await;
    assert_eq!(said, Resolution::NotStored, "its server had not passed it on");
    servers.thaw(way);
    passing.until(batch.id).await;
    agrees(&shop, servers, &claim, end, &batch, said).await;
}

/// The stream's leader stops; the others elect another one.
pub async fn an_append_to_a_frozen_leader_is_settled_for_good(servers: &NatsServers) {
    let shop = impatient(servers).await;
    shop.open(&servers.urls()).await;
    let leader = shop.leader(S).await;
    let others = format!("{},{}", servers.url((leader + 1) % 3), servers.url((leader + 2) % 3));
    let here = shop.open(&others).await;
    let (claim, _) = claimed(&here, "a").await;
    let end = here.append(claim.clone(), claim.seq, one(1)).await.expect("an append");
    servers.freeze(leader);
    let batch = one(2);
    let answer =
        timeout(PATIENCE, here.append(claim.clone(), end, batch.clone())).await.expect("an answer in its time");
    assert!(matches!(answer, Err(AppendError::Ambiguous(_))), "{answer:?}");
    let said = settled(&here, &claim, end, &batch).await;
    // Its leader's place was taken meanwhile; the old one wakes up and still has the append.
    servers.thaw(leader);
    agrees(&shop, servers, &claim, end, &batch, said).await;
}

/// A reader of a range ends with the reason, where it would wait for ever.
pub async fn a_range_of_a_frozen_server_ends(servers: &NatsServers) {
    let mut shop = Shop::on(servers).await;
    shop.options = JetStreamOptions { request_timeout: Duration::from_millis(100), ..shop.options };
    let journal = shop.open(&servers.urls()).await;
    let (claim, mut end) = claimed(&journal, "a").await;
    while end < 40 {
        end = journal.append(claim.clone(), end, one(end)).await.expect("an append");
    }
    let mut records = journal.read_range(S, 1, end);
    assert!(records.next().await.is_some_and(|record| record.is_ok()));
    servers.freeze(0);
    let last = timeout(PATIENCE, records.fold(None, async |_, record| Some(record))).await.expect("it ends");
    servers.thaw(0);
    // What was under way already arrives; the rest is told.
    match last {
        Some(Err(error)) => assert!(error.to_string().contains("are the servers whole?"), "{error}"),
        Some(Ok(record)) => assert_eq!(record.seq, end),
        None => panic!("nothing came"),
    }
}

/// The log agrees, once all copies are current again and it has new records.
async fn agrees(shop: &Shop, servers: &NatsServers, claim: &Claim, after: Seq, batch: &Batch, said: Resolution) {
    shop.current(S).await;
    let journal = shop.open(&servers.urls()).await;
    goes_on(&journal, "c").await;
    shop.current(S).await;
    assert_eq!(settled(&journal, claim, after, batch).await, said, "what was said stays true");
    let records = all(&journal, S).await;
    assert_contiguous(&records, 1);
    let stored = records.iter().find(|record| batch_of(record).is_some_and(|stored| stored.id == batch.id));
    assert_eq!(stored.map_or(Resolution::NotStored, |record| Resolution::Stored(record.seq)), said);
}
