//! A final refusal by the servers is returned at once, in its own type, with advice.
//!
//! The request time-out is half a minute here: a reply within that time is no time-out.

use std::{future::Future, time::Duration};

use futures::StreamExt;
use serde_json::{Value, json};
use souk::{
    actors::ports::journal::{AppendError, Journal, JournalError},
    persistence::jetstream::JetStreamOptions,
};
use tokio::time::timeout;

use super::{make::*, nats::NatsServers, rig::Shop};

const REQUEST: Duration = Duration::from_secs(60);
const SOON: Duration = Duration::from_secs(20);

async fn soon<T>(answer: impl Future<Output = T>) -> T {
    timeout(SOON, answer).await.expect("an answer before a request's time is over")
}

async fn patient(servers: &NatsServers) -> Shop {
    let mut shop = Shop::on(servers).await;
    shop.options = JetStreamOptions { request_timeout: REQUEST, ..shop.options };
    shop
}

async fn limited(shop: &Shop, setting: &str, value: Value) {
    let stream = shop.stream(S);
    let mut config = shop.info(&stream).await["config"].take();
    config[setting] = value;
    let changed = shop.api(&format!("STREAM.UPDATE.{stream}"), config).await;
    assert!(changed["error"].is_null(), "{changed}");
}

pub async fn a_stream_that_is_full_says_so_and_goes_on(servers: &NatsServers) {
    let shop = patient(servers).await;
    let journal = shop.open(&servers.urls()).await;
    let claim = claim(&journal, "a").await;
    let end = journal.append(claim.clone(), claim.seq, one(1)).await.expect("an append");
    limited(&shop, "max_bytes", json!(8_000)).await;
    let large = sized(20_000);
    let full = soon(journal.append(claim.clone(), end, large.clone())).await;
    let Err(AppendError::Full(why)) = full else { panic!("{full:?}") };
    assert!(why.contains("max_file_store"), "{why}");
    assert_eq!(journal.end(S).await.expect("an end"), end);
    limited(&shop, "max_bytes", json!(-1)).await;
    journal.append(claim, end, large).await.expect("there is room, and the claim still stands");
}

/// The servers' own bound, as a full disk would be one.
pub async fn servers_without_storage_say_full(servers: &NatsServers) {
    let shop = patient(servers).await;
    let journal = shop.open(&servers.urls()).await;
    let claim = claim(&journal, "a").await;
    let mut end = claim.seq;
    let full = loop {
        match soon(journal.append(claim.clone(), end, sized(200_000))).await {
            Ok(seq) => end = seq,
            Err(error) => break error,
        }
        assert!(end < 30, "{end} records of 200 kB in 3 MB");
    };
    let AppendError::Full(why) = full else { panic!("after {end} records: {full:?}") };
    assert!(end > 5 && why.contains("max_file_store"), "after {end} records: {why}");
    assert_contiguous(&all(&journal, S).await, 1);
    assert_eq!(journal.end(S).await.expect("an end"), end, "what was refused is not there");
}

pub async fn a_record_that_is_too_large_is_refused(servers: &NatsServers) {
    let shop = patient(servers).await;
    let journal = shop.open(&servers.urls()).await;
    let claim = claim(&journal, "a").await;
    limited(&shop, "max_msg_size", json!(2_000)).await;
    let refused = soon(journal.append(claim.clone(), claim.seq, sized(20_000))).await;
    let Err(AppendError::Refused(why)) = refused else { panic!("{refused:?}") };
    assert!(why.contains("max_msg_size"), "{why}");
    journal.append(claim.clone(), claim.seq, one(1)).await.expect("a smaller one fits");
}

pub async fn a_deleted_stream_is_named_at_once(servers: &NatsServers) {
    let shop = patient(servers).await;
    let journal = shop.open(&servers.urls()).await;
    let claim = claim(&journal, "a").await;
    let mut end = claim.seq;
    for n in 0..40 {
        end = journal.append(claim.clone(), end, one(n)).await.expect("an append");
    }
    let stream = shop.stream(S);
    let gone = shop.api(&format!("STREAM.DELETE.{stream}"), Value::Null).await;
    assert_eq!(gone["success"], true, "{gone}");
    let batch = one(1);
    let named = |why: &str| assert!(why.contains(&stream) && why.contains("restore"), "{why}");
    match soon(journal.append(claim.clone(), end, batch.clone())).await {
        Err(AppendError::Refused(why)) => named(&why),
        other => panic!("{other:?}"),
    }
    match soon(journal.resolve(claim.clone(), end, batch.id)).await {
        Err(JournalError::Refused(why)) => named(&why),
        other => panic!("{other:?}"),
    }
    match soon(journal.claim(S, node("b"))).await {
        Err(JournalError::Refused(why)) => named(&why),
        other => panic!("{other:?}"),
    }
    match soon(journal.read_range(S, 1, end).next()).await {
        Some(Err(JournalError::Refused(why))) => named(&why),
        other => panic!("{other:?}"),
    }
}
