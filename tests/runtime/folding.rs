//! After the commit: history, read-your-writes, rebuilding, alarms across restarts, the orderly end.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use souk::{
    actors::{gateway::AskError, ports::journal::Shard},
    domain::{
        ids::UserId,
        key::EntityKey,
        kinds::Kind,
        order::CheckoutSnapshot,
        stock::{Stock, StockCommand},
    },
    persistence::state_store::MemoryStateStore,
    shop::rows::STOCK_LOW,
    testing::an_order,
};

use crate::stage::{SHARDS, Stage, WITHIN, ask, call, eventually, order, receipt, receive, units};

/// An order of one line, without a cart.
pub fn placement(stage: &Stage, sku: &str, quantity: u32) -> CheckoutSnapshot {
    let order = an_order().id(order(77)).user(UserId(uuid::Uuid::from_u128(5)));
    order.line(sku, quantity, 1_990).pay_by(stage.now().plus_ms(600_000)).snapshot()
}

fn hold(stage: &Stage, n: u128, quantity: u32, ms: i64) -> StockCommand {
    StockCommand::Hold { order: order(n), units: units(quantity), until: stage.now().plus_ms(ms), attempt: 0 }
}

fn low(life: &crate::stage::Life) -> Vec<String> {
    let rows = life.gateway.row_keys(STOCK_LOW, b"", None, 100).unwrap();
    rows.into_iter().map(|row| String::from_utf8(row).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_hold_that_ends_while_nobody_runs_is_released_by_the_next_start() {
    let stage = Stage::new();
    let life = stage.start().await;
    receive(&life.gateway, "A", 1, 5).await.unwrap();
    ask(&life.gateway, "A", hold(&stage, 1, 5, 10_000), call(2)).await.unwrap();
    // Killed at once: the alarm stands nowhere but in the log.
    life.runtime.stop().await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let life = stage.start().await;
    eventually("the hold is released", || life.gateway.read_local::<Stock>("A").unwrap().unwrap().view.available == 5)
        .await;
    assert_eq!(stage.log_of("A").last().unwrap().by.as_ref(), "alarm");
}

#[tokio::test(start_paused = true)]
async fn a_late_alarm_means_nothing_else() {
    let mut stage = Stage::new();
    stage.settings.actors.alarm_poll_ms = 3_600_000;
    let life = stage.start().await;
    receive(&life.gateway, "A", 1, 5).await.unwrap();
    ask(&life.gateway, "A", hold(&stage, 1, 5, 10_000), call(2)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(20)).await;
    let late = ask(&life.gateway, "A", StockCommand::Commit { order: order(1), attempt: 0 }, call(3)).await;
    assert!(matches!(late, Err(AskError::Refused(_))), "a hold whose time is over cannot be committed: {late:?}");
    let next = ask(&life.gateway, "A", hold(&stage, 2, 5, 10_000), call(4)).await.unwrap();
    assert_eq!((next.view.held, next.view.available), (5, 0), "its units are free for the next");
}

#[tokio::test(start_paused = true)]
async fn history_pages_and_every_past_view_is_there() {
    let stage = Stage::new();
    let life = stage.start().await;
    // Some in one batch, some alone; some written to the store, some only in memory.
    stage.gate.close();
    let first = join_all((1..=30).map(|n| receive(&life.gateway, "A", n, n as u32)));
    let opened = async {
        stage.gate.reached().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        stage.gate.open();
    };
    tokio::join!(first, opened);
    assert!(life.gateway.await_projection(WITHIN).await);
    for n in 31..=45 {
        receive(&life.gateway, "A", n, n as u32).await.unwrap();
    }
    let key = EntityKey::new(Kind::Stock, "A");
    for limit in [1, 7, 100] {
        let (mut all, mut next) = (Vec::new(), 1);
        loop {
            let page = life.gateway.history(&key, next, limit).await.unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            next = last.version + 1;
            all.extend(page);
        }
        assert_eq!(all, stage.log_of("A"), "in pages of {limit}");
    }
    // The reply to a retry is the view at its version.
    let mut received = 0;
    for commit in stage.log_of("A") {
        let n = commit.command_id.0.as_u128();
        received += n as u64;
        let again = receive(&life.gateway, "A", n, n as u32).await.unwrap();
        assert_eq!((again.version, again.view.received), (commit.version, received));
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_that_looks_shorter_makes_no_other_history() {
    let stage = Stage::new();
    let life = stage.start().await;
    for n in 1..=9 {
        receive(&life.gateway, "A", n, n as u32).await.unwrap();
    }
    assert!(life.gateway.await_projection(WITHIN).await);
    let key = EntityKey::new(Kind::Stock, "A");
    stage.gate.short.send_replace(true);
    let page = life.gateway.history(&key, 1, 100).await;
    assert!(page.is_err(), "not all of it: {}", page.unwrap().len());
    // The reply to a retry is the view at its version, or none.
    let again = receive(&life.gateway, "A", 5, 5).await;
    assert!(matches!(again, Err(AskError::TimedOut)), "{again:?}");
    stage.gate.short.send_replace(false);
    let again = receive(&life.gateway, "A", 5, 5).await.unwrap();
    assert_eq!((again.version, again.view.received), (5, 15));
}

#[tokio::test(start_paused = true)]
async fn caught_up_models_contain_what_was_acknowledged() {
    let stage = Stage::new();
    let life = stage.start().await;
    for n in 0..20 {
        let sku = format!("SKU{n:02}");
        receive(&life.gateway, &sku, 1_000 + n, 3).await.unwrap();
        ask(&life.gateway, &sku, StockCommand::SetThreshold { units: 5 }, call(2_000 + n)).await.unwrap();
        assert!(life.gateway.await_projection(WITHIN).await);
        assert!(low(&life).contains(&sku), "{sku} is low");
        receive(&life.gateway, &sku, 3_000 + n, 9).await.unwrap();
        assert!(life.gateway.await_projection(WITHIN).await);
        assert!(low(&life).is_empty(), "{sku} is no longer low");
    }
}

/// Large states are written less often; their index rows are not.
#[tokio::test(start_paused = true)]
async fn caught_up_holds_for_large_entities_too() {
    let mut stage = Stage::new();
    stage.settings.state.flush_interval_ms = 5_000;
    let life = stage.start().await;
    receive(&life.gateway, "A", 1, 10_000).await.unwrap();
    let holds = (10..1_200).map(|n| ask(&life.gateway, "A", hold(&stage, n, 1, 3_000_000), call(n)));
    assert!(join_all(holds).await.iter().all(Result::is_ok));
    assert!(life.gateway.await_projection(WITHIN).await);
    // The state is on disk now, and large; the later changes are small beside it.
    ask(&life.gateway, "A", StockCommand::SetThreshold { units: 20_000 }, call(5_000)).await.unwrap();
    assert!(life.gateway.await_projection(WITHIN).await);
    assert_eq!(low(&life), ["A"]);
    // A hold that ends first: its alarm is a row as well.
    ask(&life.gateway, "A", hold(&stage, 9_000, 1, 1_000), call(5_001)).await.unwrap();
    let held = life.gateway.read_local::<Stock>("A").unwrap().unwrap().view.held;
    tokio::time::sleep(Duration::from_secs(7)).await;
    let now = life.gateway.read_local::<Stock>("A").unwrap().unwrap().view.held;
    assert_eq!(now, held - 1, "an alarm is late by the write-behind and the poll, and no more");
}

#[tokio::test(start_paused = true)]
async fn a_rebuilt_store_equals_the_one_that_was_kept() {
    let mut stage = Stage::new();
    let life = stage.start().await;
    for n in 0..60 {
        let sku = format!("SKU{:02}", n % 20);
        receive(&life.gateway, &sku, n + 1, n as u32 + 1).await.unwrap();
        let threshold = StockCommand::SetThreshold { units: n as u32 % 9 };
        ask(&life.gateway, &sku, threshold, call(1_000 + n)).await.unwrap();
    }
    assert!(life.gateway.await_projection(WITHIN).await);
    let seen = |life: &crate::stage::Life| {
        let keys = life.gateway.keys(Kind::Stock, None, 100).unwrap();
        let views: Vec<_> = keys.iter().map(|key| life.gateway.read_local_any(key).unwrap()).collect();
        (keys, views, low(life))
    };
    let before = seen(&life);
    assert_eq!(before.0.len(), 20);
    life.runtime.stop().await;
    stage.store = Arc::new(MemoryStateStore::default());
    let life = stage.start().await;
    assert!(life.gateway.await_projection(WITHIN).await);
    assert_eq!(seen(&life), before);
    assert_eq!(receive(&life.gateway, "SKU00", 1, 1).await.unwrap().version, 1, "command ids are rebuilt, too");
}

#[tokio::test(start_paused = true)]
async fn a_drain_finishes_what_was_accepted_and_leaves_nothing_to_fold() {
    let stage = Stage::new();
    let life = stage.start().await;
    stage.gate.close();
    let asked: Vec<_> = (0..40)
        .map(|n| {
            let gateway = life.gateway.clone();
            let sku = format!("SKU{}", n % 8);
            tokio::spawn(async move { ask(&gateway, &sku, receipt(1), call(n + 1)).await })
        })
        .collect();
    stage.gate.reached().await;
    let gateway = life.gateway.clone();
    let drained = tokio::spawn(life.runtime.drain(Duration::from_secs(20)));
    eventually("the node says that it stops", || gateway.status().draining).await;
    let late = receive(&gateway, "SKU0", 999, 1).await;
    assert!(matches!(late, Err(AskError::Unavailable { retry_after_ms: 1.., .. })), "{late:?}");
    stage.gate.open();
    for answer in asked {
        answer.await.unwrap().expect("accepted before the drain");
    }
    drained.await.unwrap();
    for shard in 0..SHARDS {
        let end = stage.storage.records(Shard(shard)).len() as u64;
        let folded = stage.store.watermark(Shard(shard)).unwrap();
        assert!(folded + 1 >= end, "shard {shard}: {folded} of {end} records are folded; the last is the release");
        let last = stage.storage.records(Shard(shard)).last().cloned().unwrap();
        assert_eq!(last.entry, souk::actors::ports::journal::Entry::Released);
    }
}
