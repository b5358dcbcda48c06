//! The state store's disk is full: reads go on from memory, nothing is written, and what waited is written later.

use std::{sync::Arc, time::Duration};

use souk::{
    actors::ports::{Room, StateStore, journal::Shard},
    domain::{key::EntityKey, kinds::Kind, stock::Stock},
    persistence::state_store::MemoryStateStore,
};

use crate::stage::{SHARDS, Stage, eventually, receive};

fn shard() -> Shard {
    Shard(EntityKey::new(Kind::Stock, "A").shard_of(SHARDS))
}

#[tokio::test(start_paused = true)]
async fn states_wait_in_memory_until_there_is_room() {
    let (mut stage, store) = (Stage::new(), MemoryStateStore::default());
    stage.store = Arc::new(store.clone());
    let life = stage.start().await;
    receive(&life.gateway, "A", 1, 5).await.unwrap();
    eventually("the first is written", || store.watermark(shard()).unwrap() >= 2).await;
    store.say_room(Room::NotNow("no room".into()));
    let before = store.watermark(shard()).unwrap();
    for n in 2..=40 {
        receive(&life.gateway, "A", n, 5).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(store.watermark(shard()).unwrap(), before, "nothing was written");
    let view = life.gateway.read_local::<Stock>("A").unwrap().unwrap().view;
    assert_eq!(view.available, 200, "and everything is read");
    store.say_room(Room::Enough);
    let end = stage.storage.records(shard()).len() as u64;
    eventually("what waited is written", || store.watermark(shard()).unwrap() == end).await;
    life.runtime.stop().await;
    // The next life begins with what was written, and folds nothing again.
    let life = stage.start().await;
    assert_eq!(life.gateway.read_local::<Stock>("A").unwrap().unwrap().view.available, 200);
}

#[tokio::test(start_paused = true)]
async fn an_end_without_room_loses_nothing_but_time() {
    let (mut stage, store) = (Stage::new(), MemoryStateStore::default());
    stage.store = Arc::new(store.clone());
    let life = stage.start().await;
    store.say_room(Room::NeverAgain("a write met a full disk".into()));
    receive(&life.gateway, "A", 1, 5).await.unwrap();
    life.runtime.drain(Duration::from_secs(5)).await;
    assert_eq!(store.watermark(shard()).unwrap(), 0);
    store.say_room(Room::Enough);
    let life = stage.start().await;
    assert_eq!(life.gateway.read_local::<Stock>("A").unwrap().unwrap().view.available, 5);
}
