//! Appends that fail, in every way: no command is acknowledged that is not in the log, and the shard serves again by
//! itself.

use std::time::Duration;

use souk::{
    actors::{gateway::AskError, ports::journal::NodeId},
    domain::stock::Stock,
    persistence::memory_journal::Outcome,
};
use tokio::time::{Instant, timeout};

use crate::stage::{Stage, WITHIN, eventually, receive, skus_of};

#[tokio::test(start_paused = true)]
async fn a_failed_or_ambiguous_append_is_tried_again_behind_the_callers_back() {
    for outcome in [Outcome::Io, Outcome::AmbiguousNotStored, Outcome::AmbiguousStored] {
        let stage = Stage::new();
        let life = stage.start().await;
        receive(&life.gateway, "A", 1, 5).await.unwrap();
        stage.gate.next([outcome]);
        let asks = (2..12).map(|n| receive(&life.gateway, "A", n, 1));
        for answer in futures::future::join_all(asks).await {
            assert!(answer.is_ok(), "{outcome:?}: {answer:?}");
        }
        let newest = life.gateway.read::<Stock>("A", WITHIN).await.unwrap();
        assert_eq!((newest.version, newest.view.received), (11, 15), "{outcome:?}");
        assert_eq!(stage.log_of("A").len(), 11, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_journal_is_said_and_reads_go_on_until_there_is_room() {
    let stage = Stage::new();
    let life = stage.start().await;
    let sku = skus_of(0, 1).remove(0);
    receive(&life.gateway, &sku, 1, 5).await.unwrap();
    stage.gate.full.send_replace(true);
    for n in 2..6 {
        let started = Instant::now();
        let answer = receive(&life.gateway, &sku, n, 1).await;
        let Err(AskError::Unavailable { retry_after_ms, reason }) = answer else { panic!("{answer:?}") };
        assert!(retry_after_ms > 0 && reason.contains("the plan says so"), "{reason}");
        assert!(started.elapsed() < Duration::from_secs(1), "a full disk was said after {:?}", started.elapsed());
        let read = life.gateway.read::<Stock>(&sku, WITHIN).await.unwrap();
        assert_eq!((read.version, read.view.received), (1, 5));
    }
    assert!(life.gateway.ready().is_err());
    stage.gate.full.send_replace(false);
    eventually("it serves again", || life.gateway.ready().is_ok()).await;
    assert_eq!(receive(&life.gateway, &sku, 2, 1).await.unwrap().view.received, 6);
}

#[tokio::test(start_paused = true)]
async fn what_the_journal_refuses_for_good_is_said_at_once() {
    let stage = Stage::new();
    let life = stage.start().await;
    let sku = skus_of(0, 1).remove(0);
    receive(&life.gateway, &sku, 1, 5).await.unwrap();
    stage.gate.next([Outcome::Refused]);
    let started = Instant::now();
    let answer = receive(&life.gateway, &sku, 2, 1).await;
    let Err(AskError::Unavailable { reason, .. }) = answer else { panic!("{answer:?}") };
    assert!(reason.contains("the plan says so"), "{reason}");
    assert!(started.elapsed() < Duration::from_secs(1), "said after {:?}", started.elapsed());
    eventually("it serves again", || life.gateway.ready().is_ok()).await;
    assert_eq!(receive(&life.gateway, &sku, 2, 1).await.unwrap().view.received, 6, "once, when it is taken");
}

#[tokio::test(start_paused = true)]
async fn a_fenced_owners_replies_never_get_out() {
    let stage = Stage::new();
    let first = stage.start().await;
    let sku = skus_of(0, 1).remove(0);
    receive(&first.gateway, &sku, 1, 5).await.unwrap();
    stage.gate.close();
    let (gateway, name) = (first.gateway.clone(), sku.clone());
    let mut uncommitted = tokio::spawn(async move { receive(&gateway, &name, 2, 7).await });
    stage.gate.reached().await;
    // Another node, with a gate and a store of its own, on the same log.
    let mut other = Stage::new();
    other.storage = stage.storage.clone();
    other.settings.node = NodeId("other".into());
    let second = other.start().await;
    eventually("the second owns the shard", || second.gateway.ready().is_ok()).await;
    assert_eq!(receive(&second.gateway, &sku, 3, 1).await.unwrap().view.received, 6, "7 was never committed");
    assert!(timeout(Duration::from_secs(1), &mut uncommitted).await.is_err());
    second.runtime.drain(Duration::from_secs(5)).await;
    stage.gate.open();
    // The first is fenced, claims again, reads the committed state, and decides again.
    let answer = uncommitted.await.unwrap().unwrap();
    assert_eq!((answer.version, answer.view.received), (3, 13));
    let ids: Vec<_> = stage.log_of(&sku).into_iter().map(|commit| (commit.version, commit.command_id)).collect();
    assert_eq!(ids, [(1, crate::stage::id(1)), (2, crate::stage::id(3)), (3, crate::stage::id(2))]);
}

#[tokio::test(start_paused = true)]
async fn a_callers_deadline_ends_its_wait_and_the_command_may_yet_happen_once() {
    let stage = Stage::new();
    // The first try meets a shard that is starting; the final reply is the last try's.
    let life = stage.start_now().await;
    stage.gate.close();
    assert_eq!(receive(&life.gateway, "A", 1, 5).await, Err(AskError::TimedOut));
    stage.gate.open();
    assert_eq!(receive(&life.gateway, "A", 1, 5).await.unwrap().view.received, 5);
    assert_eq!(stage.log_of("A").len(), 1);
}
