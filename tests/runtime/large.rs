//! A large projection keeps its own data and follows by itself: it may fail, be behind, be of another version or lose
//! everything, and nobody else notices.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use futures::{FutureExt, future::BoxFuture, future::join_all};
use souk::{
    actors::{
        ports::journal::{Seq, Shard},
        projection::{Entity, LargeError, LargeProjection, ProjectionLine, Projections},
    },
    domain::{
        key::EntityKey,
        kinds::{AnyView, Kind},
    },
    persistence::state_store::MemoryStateStore,
};

use crate::stage::{Life, SHARDS, Stage, WITHIN, eventually, line, receive};

/// A search index of one field: units in the house by SKU. Outlives the runtime, as files do.
#[derive(Default)]
struct Index {
    version: u32,
    data: Mutex<Data>,
}

#[derive(Default)]
struct Data {
    units: BTreeMap<EntityKey, (u64, u64)>,
    marks: BTreeMap<Shard, Seq>,
    fault: Option<Fault>,
    resets: u32,
    /// Entities taken in.
    taken: usize,
    went_back: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Fault {
    Fails,
    Panics,
    /// Takes so many entities, and fails then.
    After(usize),
}

impl LargeProjection for Index {
    fn name(&self) -> &'static str {
        "search"
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::Stock]
    }

    fn watermark(&self, shard: Shard) -> Result<Option<Seq>, LargeError> {
        Ok(self.data.lock().unwrap().marks.get(&shard).copied())
    }

    fn upsert<'a>(
        &'a self,
        shard: Shard,
        entities: &'a [Entity],
        watermark: Option<Seq>,
    ) -> BoxFuture<'a, Result<(), LargeError>> {
        async move {
            let mut data = self.data.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            match data.fault {
                Some(Fault::Panics) => panic!("the index is broken"),
                Some(Fault::After(taken)) if data.taken < taken => {}
                Some(Fault::Fails | Fault::After(_)) => return Err(LargeError("the index is broken".into())),
                None => {}
            }
            for Entity { key, version, state } in entities {
                let AnyView::Stock(stock) = state.view() else { panic!("{key} is of another kind") };
                let before = data.units.insert(key.clone(), (*version, stock.on_hand));
                data.went_back |= before.is_some_and(|(before, _)| before > *version);
            }
            data.taken += entities.len();
            data.marks.extend(watermark.map(|seq| (shard, seq)));
            Ok(())
        }
        .boxed()
    }

    fn reset(&self) -> BoxFuture<'_, Result<(), LargeError>> {
        let mut data = self.data.lock().unwrap();
        (data.resets, data.units, data.marks) = (data.resets + 1, BTreeMap::new(), BTreeMap::new());
        futures::future::ready(Ok(())).boxed()
    }
}

impl Index {
    /// The same data under a program of another version.
    fn upgraded(self: Arc<Self>) -> Arc<Self> {
        let data = std::mem::take(&mut *self.data.lock().unwrap());
        Arc::new(Self { version: self.version + 1, data: Mutex::new(data) })
    }

    fn fault(&self, fault: Option<Fault>) {
        self.data.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).fault = fault;
        self.data.clear_poison();
    }

    fn taken(&self) -> usize {
        self.data.lock().unwrap().taken
    }

    /// It shows every SKU in its newest version.
    fn equals(&self, life: &Life, skus: u128) -> bool {
        let data = self.data.lock().unwrap();
        let newest = |sku: u128| {
            let key = EntityKey::new(Kind::Stock, format!("SKU{sku}"));
            let found = life.gateway.read_local_any(&key).unwrap();
            matches!((found, data.units.get(&key)), (Some((at, AnyView::Stock(stock))), Some(shown)) if *shown == (at, stock.on_hand))
        };
        !data.went_back && data.units.len() as u128 == skus && (0..skus).all(newest)
    }
}

fn stage(index: &Arc<Index>) -> Stage {
    let mut stage = Stage::new();
    stage.projections = projections(index);
    stage
}

fn projections(index: &Arc<Index>) -> Projections {
    Projections::from(souk::shop::projections(&Default::default())).with_large(index.clone())
}

async fn goods(life: &Life, from: u128, count: u128, skus: u128) {
    let receipts =
        (from..from + count).map(async |n| receive(&life.gateway, &format!("SKU{}", n % skus), n + 1, 1).await);
    assert!(join_all(receipts).await.iter().all(Result::is_ok));
}

fn search(life: &Life) -> ProjectionLine {
    line(&life.gateway, "search")
}

#[tokio::test(start_paused = true)]
async fn it_follows_and_goes_on_from_its_own_watermark() {
    let index = Arc::new(Index::default());
    let stage = stage(&index);
    let life = stage.start().await;
    goods(&life, 0, 600, 300).await;
    eventually("it has everything", || index.equals(&life, 300)).await;
    assert!(search(&life).built);
    // Killed: what the tail had in memory is folded again, what the index has is not taken in again.
    life.runtime.stop().await;
    let taken = index.taken();
    let life = stage.start().await;
    goods(&life, 600, 10, 300).await;
    eventually("it has what came", || index.equals(&life, 300)).await;
    assert!(index.taken() <= taken + 10, "{taken}, then {}", index.taken());
    assert_eq!(index.data.lock().unwrap().resets, 1, "only at the very first start");
    life.runtime.stop().await;
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_or_panics_is_tried_again_and_holds_up_nobody() {
    for fault in [Fault::Fails, Fault::Panics] {
        let index = Arc::new(Index::default());
        let life = stage(&index).start().await;
        goods(&life, 0, 10, 10).await;
        index.fault(Some(fault));
        goods(&life, 10, 50, 20).await;
        eventually("it says so", || search(&life).trouble.is_some()).await;
        assert!(life.gateway.await_projection(WITHIN).await, "the tails go on");
        index.fault(None);
        eventually("it has everything", || index.equals(&life, 20)).await;
        eventually("it is well again", || search(&life).trouble.is_none()).await;
        life.runtime.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn another_version_or_a_lost_store_makes_it_anew_from_the_states() {
    let mut index = Arc::new(Index::default());
    let mut stage = stage(&index);
    let life = stage.start().await;
    goods(&life, 0, 2_000, 1_000).await;
    eventually("it has everything", || index.equals(&life, 1_000)).await;
    life.runtime.drain(WITHIN).await;
    for lost in [false, true] {
        if lost {
            stage.store = Arc::new(MemoryStateStore::default());
        } else {
            index = index.upgraded();
            stage.projections = projections(&index);
        }
        let taken = index.taken();
        // The scan breaks off twice, once with the process.
        index.fault(Some(Fault::After(taken + 300)));
        let life = stage.start().await;
        eventually("it is stuck", || search(&life).trouble.is_some()).await;
        assert!(!search(&life).built);
        life.runtime.stop().await;
        index.fault(Some(Fault::After(taken + 700)));
        let life = stage.start().await;
        goods(&life, 2_000, 40, 1_000).await;
        eventually("it is stuck again", || search(&life).trouble.is_some()).await;
        index.fault(None);
        eventually("it has everything", || index.equals(&life, 1_000)).await;
        assert_eq!(index.data.lock().unwrap().resets, 2 + u32::from(lost), "once each");
        let marked = || (0..SHARDS).all(|shard| index.data.lock().unwrap().marks.contains_key(&Shard(shard)));
        assert!(marked() && search(&life).built);
        life.runtime.stop().await;
    }
}
