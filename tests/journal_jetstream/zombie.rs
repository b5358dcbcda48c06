//! An append that the network kept back, and delivers after its fate was settled.

use std::time::Duration;

use souk::{
    actors::ports::journal::{AppendError, Batch, Claim, Journal, Resolution, Seq},
    persistence::jetstream::{JetStreamJournal, JetStreamOptions},
};
use tokio::time::{Instant, sleep};

use super::{
    make::*,
    nats::{NatsServers, PATIENCE},
    proxy::{Link, Proxy},
    rig::Shop,
    writer::{claimed, goes_on},
};

const ROUNDS: u64 = 4;

/// The writer's only connection goes through a link that holds back all bytes. Its caller abandons the append, another
/// connection resolves it, and only then the bytes are released.
pub async fn an_abandoned_append_stays_what_resolve_said(servers: &NatsServers) {
    let mut shop = Shop::on(servers).await;
    shop.options = JetStreamOptions { request_timeout: Duration::from_millis(500), ..shop.options };
    let proxy = Proxy::to(([127, 0, 0, 1], servers.port(0)).into()).await;
    let there = shop.open(&servers.urls()).await;
    let here = shop.open(&format!("nats://{}", proxy.address)).await;
    let mut passing = shop.listen(&servers.url(shop.leader(S).await)).await;
    for round in 0..ROUNDS {
        let (claim, _) = claimed(&here, "a").await;
        let end = here.append(claim.clone(), claim.seq, one(round)).await.expect("an append");
        let batch = one(1000 + round);
        proxy.set(Link::Silent);
        let kept = here.append(claim.clone(), end, batch.clone()).await;
        assert!(matches!(kept, Err(AppendError::Ambiguous(_))), "{kept:?}");
        let said = settled(&there, &claim, end, &batch).await;
        assert_eq!(said, Resolution::NotStored, "it cannot have passed the link");
        proxy.set(Link::Whole);
        passing.until(batch.id).await;
        // It came behind the barrier; so does everything else.
        goes_on(&there, "b").await;
        for journal in [&there, &here] {
            assert_eq!(settled(journal, &claim, end, &batch).await, said, "what was said stays true");
        }
        let records = all(&there, S).await;
        assert_contiguous(&records, 1);
        let stored = records.iter().filter_map(|record| batch_of(record)).any(|stored| stored.id == batch.id);
        assert!(!stored, "round {round}: an append that was settled as not stored is in the log");
    }
}

/// Retried until the servers reply.
pub async fn settled(journal: &JetStreamJournal, claim: &Claim, after: Seq, batch: &Batch) -> Resolution {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match journal.resolve(claim.clone(), after, batch.id).await {
            Ok(said) => return said,
            Err(error) => assert!(Instant::now() < deadline, "never settled: {error}"),
        }
        sleep(Duration::from_millis(50)).await;
    }
}
