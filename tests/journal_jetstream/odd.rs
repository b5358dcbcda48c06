//! Copies of one record that differ, by who is asked: consumers read any of them, single messages come from the leader.

use base64::{Engine, engine::general_purpose::STANDARD};
use futures::StreamExt;
use souk::actors::ports::journal::{Journal, JournalError, Seq};

use super::{
    chain::stored,
    make::*,
    nats::NatsServers,
    odd_copies::{Way, replace},
    rig::Shop,
};

const ALL: usize = usize::MAX;
/// Far enough from the end that a range is read by a consumer.
const ODD: Seq = 20;
const END: Seq = 60;

/// How often a consumer, and how often the leader, shows the odd copy; and whether the log can be read.
const CASES: [(usize, usize, bool); 5] = [
    // The odd one was read, the leader's is whole.
    (1, 0, true),
    // The leader's is odd, too: of the two others that agree one is found.
    (1, 1, true),
    (3, ALL, true),
    // No copy is whole.
    (ALL, ALL, false),
    // Only the leader's is odd: nobody asks for it.
    (0, ALL, true),
];

pub async fn an_odd_copy_is_replaced_by_one_that_was_written_on(servers: &NatsServers) {
    let shop = Shop::on(servers).await;
    let journal = shop.open(&servers.urls()).await;
    let claimed = claim(&journal, "a").await;
    let mut end = claimed.seq;
    while end < END {
        end = journal.append(claimed.clone(), end, one(end)).await.expect("an append");
    }
    let whole = all(&journal, S).await;
    let (_, bytes) = stored(&shop, ODD).await;
    let mut odd = bytes.clone();
    *odd.last_mut().expect("bytes") ^= 1;
    for (consumers, leaders, readable) in CASES {
        let (mut of_consumers, mut of_leader) = (consumers, leaders);
        let texts = (STANDARD.encode(&bytes), STANDARD.encode(&odd));
        let (bytes, odd) = (bytes.clone(), odd.clone());
        let way = Way::to(servers.port(0), move |payload| {
            of_consumers -= usize::from(of_consumers > 0 && replace(payload, &bytes, &odd));
            of_leader -= usize::from(of_leader > 0 && replace(payload, texts.0.as_bytes(), texts.1.as_bytes()));
        })
        .await;
        let reader = shop.open(&way.url).await;
        for records in [reader.read_range(S, 1, END), reader.read(S, 1)] {
            let mut read: Vec<_> = records.take(END as usize).collect().await;
            let last = read.pop().expect("records");
            match (readable, last) {
                (true, last) => {
                    let read: Vec<_> = read.into_iter().chain([last]).map(|record| record.expect("whole")).collect();
                    assert_eq!(read, whole, "{consumers} odd copies, {leaders} of the leader");
                }
                (false, Err(JournalError::Corrupt { seq: ODD, problem, .. })) => {
                    assert!(problem.contains("than the leader has") && problem.contains("step-down"), "{problem}");
                    assert_eq!(read.len() as u64, ODD - 1, "and nothing odd was handed out");
                }
                (false, last) => panic!("{last:?}"),
            }
        }
    }
}
