//! Activation without duplicates, passivation without a lost message.

use std::time::Duration;

use futures::future::join_all;
use souk::domain::stock::Stock;
use tokio::time::sleep;

use crate::stage::{SHARDS, Stage, WITHIN, eventually, receive};

#[tokio::test(start_paused = true)]
async fn concurrent_first_commands_meet_one_entity() {
    let stage = Stage::new();
    let life = stage.start().await;
    let answers = join_all((1..=500).map(|n| receive(&life.gateway, "A", n, 1))).await;
    let mut versions: Vec<u64> = answers.into_iter().map(|answer| answer.unwrap().version).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=500).collect::<Vec<_>>());
    assert_eq!(life.gateway.status().residents, 1);
}

#[tokio::test(start_paused = true)]
async fn passivation_under_load_loses_nothing() {
    const ENTITIES: u128 = 50;
    const EACH: u128 = 100;
    let mut stage = Stage::new();
    (stage.settings.actors.resident_max, stage.settings.actors.idle_timeout_ms) = (2, 40);
    let life = stage.start().await;
    let commands = (0..ENTITIES * EACH).map(|n| {
        let gateway = life.gateway.clone();
        async move {
            // Spread over some sweeps, so that every command may meet an entity that is leaving.
            sleep(Duration::from_millis((n * 7 % 500) as u64)).await;
            receive(&gateway, &format!("SKU{}", n % ENTITIES), n + 1, 1).await.unwrap();
        }
    });
    join_all(commands).await;
    for n in 0..ENTITIES {
        let newest = life.gateway.read::<Stock>(&format!("SKU{n}"), WITHIN).await.unwrap();
        assert_eq!((newest.version, newest.view.received), (EACH as u64, EACH as u64), "SKU{n}");
    }
    eventually("the idle ones are gone", || life.gateway.status().residents == 0).await;
    assert_eq!(life.gateway.status().shards.len(), usize::from(SHARDS));
}

#[tokio::test(start_paused = true)]
async fn newcomers_do_not_wait_for_a_sweep_to_make_room() {
    const MAX: usize = 10;
    let mut stage = Stage::new();
    // Long: whoever goes goes because of the bound.
    (stage.settings.actors.resident_max, stage.settings.actors.idle_timeout_ms) = (MAX, 86_400_000);
    let life = stage.start().await;
    let (mut most, began) = (0, tokio::time::Instant::now());
    for n in 0..300 {
        receive(&life.gateway, &format!("SKU{n}"), n + 1, 1).await.unwrap();
        most = most.max(life.gateway.status().residents);
    }
    assert!(began.elapsed() < Duration::from_secs(1), "a sweep was due, and this test says nothing");
    // A passivating entity counts until its end.
    assert!(most <= MAX + usize::from(SHARDS), "{most} were resident");
    for n in 0..300 {
        assert_eq!(life.gateway.read::<Stock>(&format!("SKU{n}"), WITHIN).await.unwrap().version, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn reads_of_what_does_not_exist_wake_nobody() {
    let stage = Stage::new();
    let life = stage.start().await;
    receive(&life.gateway, "KEPT", 1, 1).await.unwrap();
    let reads = join_all((0..1_000).map(|n| {
        let gateway = life.gateway.clone();
        async move { gateway.read::<Stock>(&format!("NONE{n}"), WITHIN).await.unwrap().version }
    }));
    assert!(reads.await.into_iter().all(|version| version == 0));
    assert_eq!(life.gateway.status().residents, 1, "the one that exists");
    assert_eq!(life.gateway.read::<Stock>("KEPT", WITHIN).await.unwrap().version, 1);
}

/// A read that was sent after an acknowledged first change never denies it, however far the tail is behind.
#[tokio::test(start_paused = true)]
async fn an_entity_that_was_just_made_is_not_denied() {
    let mut stage = Stage::new();
    (stage.settings.actors.resident_max, stage.settings.actors.idle_timeout_ms) = (1, 10);
    let life = stage.start().await;
    for n in 0..300 {
        let sku = format!("SKU{n}");
        receive(&life.gateway, &sku, n + 1, 1).await.unwrap();
        // The next ones push it out, and its state is looked for.
        receive(&life.gateway, &format!("OTHER{n}"), 1_000 + n, 1).await.unwrap();
        assert_eq!(life.gateway.read::<Stock>(&sku, WITHIN).await.unwrap().version, 1, "{sku}");
    }
}
