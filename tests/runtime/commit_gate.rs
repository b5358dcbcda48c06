//! The commit gate: nothing leaves before the append that it depends on is durable; a reply that depends on nothing
//! uncommitted does not wait.

use std::{sync::Arc, time::Duration};

use souk::{
    actors::gateway::AskError,
    domain::{
        kinds::Kind,
        stock::{Stock, StockCommand, StockRejection},
    },
};
use tokio::time::timeout;

use crate::stage::{Stage, WITHIN, ask, call, order, receive, skus_of, units};

/// Longer than any step takes on an idle runtime.
const A_WHILE: Duration = Duration::from_secs(3);

#[tokio::test(start_paused = true)]
async fn replies_refusals_and_reads_wait_for_what_they_rest_on() {
    let stage = Stage::new();
    let life = stage.start().await;
    let skus = skus_of(0, 2);
    let (sku, other) = (skus[0].clone(), skus[1].clone());
    receive(&life.gateway, &sku, 1, 5).await.unwrap();
    receive(&life.gateway, &other, 2, 1).await.unwrap();
    let told = stage.told.0.lock().unwrap().len();
    let until = stage.now().plus_ms(600_000);
    stage.gate.close();

    let spawn = |command: StockCommand, n: u128| {
        let (gateway, sku) = (life.gateway.clone(), sku.clone());
        tokio::spawn(async move { ask(&gateway, &sku, command, call(n)).await })
    };
    let mut reply = spawn(StockCommand::Hold { order: order(1), units: units(5), until, attempt: 0 }, 10);
    stage.gate.reached().await;
    // Out of stock only because of a hold that is not durable.
    let mut refusal = spawn(StockCommand::Hold { order: order(2), units: units(1), until, attempt: 0 }, 11);
    let mut nothing_new = spawn(StockCommand::Hold { order: order(1), units: units(5), until, attempt: 0 }, 12);
    let (gateway, name) = (life.gateway.clone(), sku.clone());
    let mut read = tokio::spawn(async move { gateway.read::<Stock>(&name, WITHIN).await });

    let untouched = timeout(A_WHILE, life.gateway.read::<Stock>(&other, WITHIN)).await;
    assert_eq!(untouched.expect("a read of another entity does not wait").unwrap().view.available, 1);
    for waiting in [&mut reply, &mut refusal, &mut nothing_new, &mut read] {
        assert!(timeout(A_WHILE, waiting).await.is_err(), "it left before the append");
    }
    let folded = life.gateway.read_local::<Stock>(&sku).unwrap().unwrap();
    assert_eq!((folded.version, folded.view.held), (1, 0), "views show what is committed");
    assert_eq!(stage.told.0.lock().unwrap().len(), told, "no frame");

    stage.gate.open();
    assert_eq!(reply.await.unwrap().unwrap().view.held, 5);
    let out = StockRejection::OutOfStock { requested: units(1), available: 0 };
    assert_eq!(refusal.await.unwrap(), Err(AskError::Refused(out)));
    assert_eq!(nothing_new.await.unwrap().unwrap().version, 2);
    assert_eq!(read.await.unwrap().unwrap().version, 2);
}

#[tokio::test(start_paused = true)]
async fn what_gathers_during_an_append_is_one_batch() {
    let stage = Stage::new();
    let life = stage.start().await;
    let skus = skus_of(0, 3);
    stage.gate.close();
    let first = receive(&life.gateway, &skus[0], 1, 1);
    let more = async {
        stage.gate.reached().await;
        let asks = (2..62).map(|n| receive(&life.gateway, &skus[n as usize % 3], n, 1));
        let all = futures::future::join_all(asks);
        let opened = async {
            tokio::task::yield_now().await;
            // Every task that can run has run when paused time moves on.
            tokio::time::sleep(Duration::from_millis(1)).await;
            stage.gate.open();
        };
        tokio::join!(all, opened).0
    };
    let (first, more) = tokio::join!(first, more);
    assert!(first.is_ok() && more.iter().all(Result::is_ok));
    assert_eq!(*stage.gate.batches.lock().unwrap(), [1, 60]);
}

/// An order's holds are pending effects: none is requested before the order itself is durable.
#[tokio::test(start_paused = true)]
async fn effects_wait_for_the_append() {
    use souk::domain::order::{Order, OrderCommand};
    let stage = Stage::new();
    let life = stage.start().await;
    receive(&life.gateway, "A", 1, 5).await.unwrap();
    stage.gate.close();
    let placing = OrderCommand::Place(Arc::new(crate::folding::placement(&stage, "A", 2)));
    let gateway = life.gateway.clone();
    let placed = tokio::spawn(async move { gateway.ask::<Order>(&order(77).to_string(), placing, call(2)).await });
    stage.gate.reached().await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(life.gateway.status().steps_under_way, 0);
    assert_eq!(stage.log_of("A").len(), 1);
    stage.gate.open();
    placed.await.unwrap().unwrap();
    let held = life.gateway.wait::<Stock>("A", WITHIN, |view| view.held == 2).await.unwrap();
    assert_eq!(held.view.held, 2);
    assert!(life.gateway.keys(Kind::Stock, None, 10).is_ok());
}
