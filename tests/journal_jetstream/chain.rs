//! Copies of a stream that differ, as a reader meets them: a message that was written on another one than was read.
//!
//! The odd messages are forged past the journal; servers that cause them are old and take minutes.

use async_nats::HeaderMap;
use futures::StreamExt;
use souk::{
    actors::ports::journal::{Claim, Entry, Journal, JournalError, Record, RecordName, Seq},
    persistence::envelope,
};

use super::{make::*, nats::NatsServers, rig::Shop};

/// A record under this claim at `after + 1` with the checksum of `before`; returns its bytes.
async fn forge(shop: &Shop, claim: &Claim, after: Seq, before: &[u8]) -> Vec<u8> {
    let entry = Entry::Batch((*one(after)).clone());
    let record = Record { shard: S, seq: after + 1, epoch: claim.epoch, node: claim.node.clone(), entry, name: None };
    let bytes = envelope::encode(&record).expect("it encodes");
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Sequence", after.to_string());
    headers.insert("Souk-Before", format!("{:08x}", crc32fast::hash(before)));
    let subject = format!("{}.ev.{:02}", shop.options.name, S.0);
    let answer = shop.direct.request_with_headers(subject, headers, bytes.clone().into()).await.expect("an answer");
    let answer: serde_json::Value = serde_json::from_slice(&answer.payload).expect("JSON");
    assert_eq!(answer["seq"], after + 1, "{answer}");
    bytes
}

pub async fn stored(shop: &Shop, seq: Seq) -> (Option<String>, Vec<u8>) {
    let stream = async_nats::jetstream::new(shop.direct.clone()).get_stream(shop.stream(S)).await.expect("a stream");
    let message = stream.get_raw_message(seq).await.expect("a message");
    (message.headers.get("Souk-Before").map(|sum| sum.as_str().to_owned()), message.payload.to_vec())
}

pub async fn every_record_names_the_one_before_it(servers: &NatsServers) {
    let shop = Shop::on(servers).await;
    let journal = shop.open(&servers.urls()).await;
    let first = claim(&journal, "a").await;
    let mut end = first.seq;
    for n in 0..3 {
        end = journal.append(first.clone(), end, one(n)).await.expect("an append");
    }
    // Never sent, so a barrier takes its place.
    journal.resolve(first.clone(), end, one(9).id).await.expect("a barrier");
    end = journal.append(first.clone(), end + 1, one(4)).await.expect("an append after the barrier");
    journal.release(first, end).await.expect("a release");
    // Another process, which knows only what it reads.
    let other = shop.open(&servers.urls()).await;
    let second = claim(&other, "b").await;
    let end = other.append(second.clone(), second.seq, one(5)).await.expect("an append");
    let mut before: Option<Vec<u8>> = None;
    for seq in 1..=end {
        let (named, payload) = stored(&shop, seq).await;
        assert_eq!(named, before.map(|bytes| format!("{:08x}", crc32fast::hash(&bytes))), "record {seq}");
        before = Some(payload);
    }
    assert_eq!(all(&other, S).await.len() as u64, end, "and is read");
}

pub async fn a_log_that_was_written_on_another_is_not_read(servers: &NatsServers) {
    let shop = Shop::on(servers).await;
    let journal = shop.open(&servers.urls()).await;
    let claimed = claim(&journal, "a").await;
    let end = journal.append(claimed.clone(), claimed.seq, one(1)).await.expect("an append");
    let (_, payload) = stored(&shop, end).await;
    // A reader that follows the log and has the newest record.
    let mut live = journal.read(S, 1);
    for seq in 1..=end {
        assert_eq!(live.next().await.expect("a record").expect("a good one").seq, seq);
    }
    let good = forge(&shop, &claimed, end, &payload).await;
    assert_eq!(live.next().await.expect("a record").expect("it knows the one before").seq, end + 1);
    let odd = forge(&shop, &claimed, end + 1, b"another record").await;
    forge(&shop, &claimed, end + 2, &odd).await;
    let differs = |found: Option<Result<_, JournalError>>, seq: Seq| match found {
        Some(Err(JournalError::Corrupt { seq: at, problem, .. })) if at == seq => {
            assert!(problem.contains("copies of the log differ"), "{problem}");
        }
        Some(other) => panic!("{:?}", other.map(|record: std::sync::Arc<Record>| record.seq)),
        None => panic!("it just ended"),
    };
    differs(live.next().await, end + 1);
    assert!(live.next().await.is_none(), "nothing behind it is to be trusted");
    // A later reader does not even get the abandoned record.
    let mut late = journal.read(S, 1);
    for seq in 1..=end {
        assert_eq!(late.next().await.expect("a record").expect("a good one").seq, seq);
    }
    differs(late.next().await, end + 1);
    drop(good);
}

/// A node's next start: it goes on behind what it took in before, from this copy or from another.
pub async fn a_reader_that_goes_on_compares_its_first_record(servers: &NatsServers) {
    let shop = Shop::on(servers).await;
    let journal = shop.open(&servers.urls()).await;
    let claimed = claim(&journal, "a").await;
    let end = journal.append(claimed.clone(), claimed.seq, one(1)).await.expect("an append");
    let next = journal.append(claimed.clone(), end, one(2)).await.expect("an append");
    let read = journal.read_range(S, end, end).next().await.expect("a record").expect("a good one");
    let there = journal.name(S, end).await.expect("an answer");
    let (_, payload) = stored(&shop, end).await;
    let name = Some(RecordName(crc32fast::hash(&payload)));
    assert_eq!((read.name, there), (name, name));
    for known in [name, None] {
        let record = journal.read_behind(S, end, known).next().await.expect("a record").expect("a good one");
        assert_eq!(record.seq, next);
    }
    let odd = Some(RecordName(crc32fast::hash(b"what this node was sent")));
    match journal.read_behind(S, end, odd).next().await {
        Some(Err(JournalError::Corrupt { seq, problem, .. })) if seq == end => {
            assert!(problem.contains("copies of the log differ"), "{problem}");
        }
        other => panic!("{other:?}"),
    }
}
