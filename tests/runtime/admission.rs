//! G7: at the admission bound the reply is `Busy` at once; accepted commands finish.

use std::time::Duration;

use futures::future::join_all;
use souk::{
    actors::gateway::AskError,
    domain::stock::{Stock, StockCommand},
};
use tokio::time::{Instant, timeout};

use crate::stage::{Stage, WITHIN, ask, call, eventually, order, receive, skus_of, units};

const MAX: usize = 10;

#[tokio::test(start_paused = true)]
async fn beyond_the_shards_permits_it_is_busy_at_once() {
    let mut stage = Stage::new();
    stage.settings.actors.shard_inflight_max = MAX;
    let life = stage.start().await;
    let skus = skus_of(0, MAX);
    stage.gate.close();
    let accepted: Vec<_> = (0..MAX)
        .map(|n| {
            let (gateway, sku) = (life.gateway.clone(), skus[n].clone());
            tokio::spawn(async move { receive(&gateway, &sku, n as u128 + 1, 1).await })
        })
        .collect();
    stage.gate.reached().await;
    let started = Instant::now();
    for n in 0..1_000 {
        let answer = receive(&life.gateway, &skus[n % MAX], 1_000 + n as u128, 1).await;
        assert!(matches!(answer, Err(AskError::Busy { retry_after_ms: 1.. })), "{answer:?}");
    }
    assert_eq!(started.elapsed(), Duration::ZERO, "busy is said at once");
    let elsewhere = skus_of(1, 1).remove(0);
    let other = timeout(Duration::from_secs(1), life.gateway.read::<Stock>(&elsewhere, WITHIN)).await;
    assert!(other.is_ok(), "another shard's door is another");
    stage.gate.open();
    for answer in join_all(accepted).await {
        assert_eq!(answer.unwrap().unwrap().view.received, 1);
    }
    assert_eq!(receive(&life.gateway, &skus[0], 5_000, 1).await.unwrap().version, 2, "refused ones left nothing");
    assert_eq!(stage.gate.batches.lock().unwrap().iter().sum::<usize>(), MAX + 1);
}

#[tokio::test(start_paused = true)]
async fn beyond_an_entitys_permits_only_that_entity_is_busy() {
    let mut stage = Stage::new();
    stage.settings.actors.entity_inflight_max = 4;
    let life = stage.start().await;
    let skus = skus_of(0, 2);
    stage.gate.close();
    let spawn = |sku: &str, n: u128| {
        let (gateway, sku) = (life.gateway.clone(), sku.to_owned());
        tokio::spawn(async move { receive(&gateway, &sku, n, 1).await })
    };
    let accepted: Vec<_> = (1..=4).map(|n| spawn(&skus[0], n)).collect();
    stage.gate.reached().await;
    assert!(matches!(receive(&life.gateway, &skus[0], 5, 1).await, Err(AskError::Busy { .. })));
    let other = spawn(&skus[1], 6);
    stage.gate.open();
    for answer in join_all(accepted.into_iter().chain([other])).await {
        answer.unwrap().unwrap();
    }
    assert_eq!(receive(&life.gateway, &skus[0], 5, 1).await.unwrap().version, 5);
}

/// The shop's own steps (here an alarm's) have permits of their own.
#[tokio::test(start_paused = true)]
async fn a_full_door_does_not_keep_the_shops_own_steps_out() {
    let mut stage = Stage::new();
    stage.settings.actors.shard_inflight_max = MAX;
    let life = stage.start().await;
    let skus = skus_of(0, MAX + 1);
    let held = &skus[MAX];
    receive(&life.gateway, held, 1, 5).await.unwrap();
    let until = stage.now().plus_ms(20_000);
    ask(&life.gateway, held, StockCommand::Hold { order: order(1), units: units(2), until, attempt: 0 }, call(2))
        .await
        .unwrap();
    stage.gate.close();
    let full: Vec<_> = (0..MAX)
        .map(|n| {
            let (gateway, sku) = (life.gateway.clone(), skus[n].clone());
            let call = souk::actors::gateway::Call { within: Duration::from_secs(300), ..call(100 + n as u128) };
            tokio::spawn(async move { ask(&gateway, &sku, crate::stage::receipt(1), call).await })
        })
        .collect();
    stage.gate.reached().await;
    eventually("the hold is over", || stage.now() > until.plus_ms(2_000)).await;
    assert!(matches!(receive(&life.gateway, held, 3, 1).await, Err(AskError::Busy { .. })), "the door is full");
    stage.gate.open();
    for answer in join_all(full).await {
        answer.unwrap().unwrap();
    }
    eventually("the alarm came through", || {
        let seen = life.gateway.read_local::<Stock>(held).unwrap().unwrap();
        (seen.view.held, seen.view.available) == (0, 5)
    })
    .await;
}
