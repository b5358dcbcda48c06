//! G6: one bad entity hurts only itself.

use std::time::Duration;

use souk::actors::gateway::AskError;
use tokio::time::Instant;

use crate::stage::{Stage, id, receive, skus_of};

#[tokio::test(start_paused = true)]
async fn a_command_that_kills_three_times_is_quarantined_and_its_entity_serves_on() {
    let stage = Stage::new();
    let life = stage.start().await;
    receive(&life.gateway, "A", 1, 5).await.unwrap();
    stage.poison.add(id(66));
    let started = Instant::now();
    assert_eq!(receive(&life.gateway, "A", 66, 5).await, Err(AskError::Quarantined));
    assert_eq!(stage.poison.kills(id(66)), 3);
    // Back-off: 200, 400 and 800 ms after the first, second and third crash; the last is the restart's.
    assert!(started.elapsed() >= Duration::from_millis(600), "{:?}", started.elapsed());
    assert_eq!(receive(&life.gateway, "A", 2, 7).await.unwrap().view.received, 12);
    assert_eq!(receive(&life.gateway, "A", 66, 5).await, Err(AskError::Quarantined));
    assert_eq!(stage.poison.kills(id(66)), 3, "a quarantined command reaches nobody");
}

#[tokio::test(start_paused = true)]
async fn others_of_the_shard_go_on_meanwhile() {
    let stage = Stage::new();
    let life = stage.start().await;
    let skus = skus_of(0, 6);
    stage.poison.add(id(66));
    let bad = receive(&life.gateway, &skus[0], 66, 1);
    let others = async {
        let started = Instant::now();
        for n in 0..50 {
            for (sku, name) in skus[1..].iter().zip(1..) {
                receive(&life.gateway, sku, 1_000 * name + n, 1).await.unwrap();
            }
        }
        started.elapsed()
    };
    let (bad, took) = tokio::join!(bad, others);
    assert_eq!(bad, Err(AskError::Quarantined));
    assert!(took < Duration::from_millis(100), "others waited {took:?} for a crashed entity");
    assert_eq!(life.gateway.status().shards[0].epoch, 1, "its shard was not restarted");
}

#[tokio::test(start_paused = true)]
async fn what_waited_behind_the_bad_command_happens_once() {
    let stage = Stage::new();
    let life = stage.start().await;
    stage.poison.add(id(66));
    stage.gate.close();
    let before = receive(&life.gateway, "A", 1, 5);
    let bad = receive(&life.gateway, "A", 66, 5);
    let after = futures::future::join_all((100..120).map(|n| receive(&life.gateway, "A", n, 1)));
    let opened = async {
        stage.gate.reached().await;
        stage.gate.open();
    };
    let (before, bad, after, ()) = tokio::join!(before, bad, after, opened);
    assert_eq!((before.unwrap().version, bad), (1, Err(AskError::Quarantined)));
    assert!(after.iter().all(Result::is_ok), "{after:?}");
    let newest = life.gateway.read::<souk::domain::stock::Stock>("A", crate::stage::WITHIN).await.unwrap();
    assert_eq!((newest.version, newest.view.received), (21, 25));
}
