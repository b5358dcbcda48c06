//! Projections come, change their version and go while a shop runs: each is built alone, beside the others, and at any
//! moment the process may end. What a kill -9 does to it on disk is `tests/projections.rs`.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use souk::{
    actors::{
        gateway::Gateway,
        ports::{Row, RowChange, Space, StateStore, StoredEntity, TailWrite, journal::Shard},
        projection::{Projection, ProjectionLine, Projections, ReadError},
    },
    config::State,
    domain::{
        cart::{Cart, CartCommand, Item},
        ids::UserId,
        key::EntityKey,
        kinds::Kind,
        stock::StockCommand,
    },
    persistence::state_store::{MemoryStateStore, SledStateStore},
    shop::rows::{ORDERS_ALL, STOCK_LOW},
    testing,
};
use tempfile::TempDir;

use crate::{
    projected::Demand,
    stage::{Life, Stage, WITHIN, ask, call, eventually, line, receive},
};

/// Enough for some dozens of steps.
const SKUS: u128 = 2_000;

fn is_building(gateway: &Gateway) -> bool {
    matches!(gateway.rows(Demand::TABLES[0], b"", None, 1), Err(ReadError::Building { projection: "demand" }))
}

/// In different numbers, so that sums differ, too.
async fn goods(life: &Life, numbers: impl Iterator<Item = u128>) {
    let receipts =
        numbers.map(async |n| receive(&life.gateway, &format!("SKU{}", n % SKUS), n + 1, n as u32 % 7 + 1).await);
    assert!(join_all(receipts).await.iter().all(Result::is_ok));
}

async fn cart(life: &Life, n: u128, lines: &[(u128, u32)]) {
    let item =
        |sku: u128| Item { sku: testing::sku(&format!("SKU{sku}")), name: "Mug".into(), unit_price: testing::eur(100) };
    let lines = lines.iter().map(|(sku, quantity)| (item(*sku), *quantity)).collect();
    let command = CartCommand::SetLines { owner: UserId(uuid::Uuid::from_u128(n)), lines, add: false };
    life.gateway.ask::<Cart>(&format!("CART{n}"), command, call(1_000_000 + n)).await.unwrap();
}

/// Nothing is under way, all is stored, and it is what the states say.
async fn assert_right(life: &Life, stage: &Stage, projections: &[&Demand]) {
    assert!(life.gateway.await_projection(WITHIN).await);
    // A large state may be put off; a second look asks for nothing that is not there.
    for projection in projections {
        let wrong = projection.wrong(&*stage.store, &life.gateway);
        assert!(wrong.is_empty(), "{} {}: {wrong:#?}", projection.name(), projection.version());
    }
}

fn both() -> Vec<(Option<TempDir>, Arc<dyn StateStore>)> {
    let dir = TempDir::new().unwrap();
    let on_disk = SledStateStore::open(dir.path(), &State::default()).unwrap();
    vec![(None, Arc::new(MemoryStateStore::default())), (Some(dir), Arc::new(on_disk))]
}

fn stage(store: Arc<dyn StateStore>, demand: Option<u32>) -> Stage {
    let mut stage = Stage::new();
    (stage.store, stage.projections) = (store, Demand::beside_the_shops(demand));
    stage
}

#[tokio::test(start_paused = true)]
async fn rows_carry_values_and_sums_cross_shards_and_kinds() {
    for (_dir, store) in both() {
        let stage = stage(store, Some(1));
        let life = stage.start().await;
        assert!(!is_building(&life.gateway), "an empty store has everything");
        goods(&life, 0..20).await;
        cart(&life, 1, &[(3, 2), (4, 1)]).await;
        cart(&life, 2, &[(3, 5)]).await;
        assert!(life.gateway.await_projection(WITHIN).await);
        let [rows, sums] = Demand::TABLES;
        assert_eq!(life.gateway.row(rows, b"SKU3").unwrap(), Some(4_u64.to_be_bytes().to_vec()));
        assert_eq!(life.gateway.sum(sums, b"SKU3").unwrap(), [1, 4, 7]);
        let received: i64 = (0..20).map(|n| n % 7 + 1).sum();
        assert_eq!(life.gateway.sum(sums, b"all").unwrap(), [20, received, 8]);
        // A change of two of them, and a line that goes.
        cart(&life, 3, &[(3, 1)]).await;
        goods(&life, 20 + 3..20 + 4).await;
        let remove = CartCommand::RemoveLine { sku: testing::sku("SKU3") };
        life.gateway.ask::<Cart>("CART2", remove, call(77_777)).await.unwrap();
        assert!(life.gateway.await_projection(WITHIN).await);
        assert_eq!(life.gateway.sum(sums, b"SKU3").unwrap(), [1, 4, 3]);
        assert_eq!(life.gateway.sum(sums, b"SKU23").unwrap(), [1, 3]);
        assert_right(&life, &stage, &[&Demand::of(1), &Demand::steady()]).await;
        let unknown = life.gateway.rows("nowhere", b"", None, 1);
        assert!(matches!(unknown, Err(ReadError::UnknownTable(_))), "{unknown:?}");
        life.runtime.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_new_is_built_while_commands_go_on_and_the_others_serve() {
    for (_dir, store) in both() {
        let mut stage = stage(store, None);
        let life = stage.start().await;
        goods(&life, 0..SKUS).await;
        assert!(life.gateway.await_projection(WITHIN).await);
        let steady = line(&life.gateway, "steady");
        life.runtime.drain(WITHIN).await;

        stage.projections = Demand::beside_the_shops(Some(1));
        let life = stage.start_now().await;
        assert!(is_building(&life.gateway));
        assert!(life.gateway.sum(Demand::TABLES[1], b"all").is_err());
        assert!(life.gateway.rows(STOCK_LOW, b"", None, 1).is_ok(), "the others serve");
        // New and old SKUs on both sides of the cursor; carts, whose kind is scanned first.
        for n in 0.. {
            if !is_building(&life.gateway) {
                assert!(n > 10, "commands went on during the build");
                break;
            }
            goods(&life, (0..30).map(|i| SKUS + n * 30 + i * 67)).await;
            let new = format!("AA{n}");
            ask(&life.gateway, &new, crate::stage::receipt(9), call(2_000_000 + n)).await.unwrap();
            cart(&life, n, &[(n, 1 + n as u32)]).await;
            tokio::time::advance(Duration::from_millis(1)).await;
            assert!(life.gateway.await_projection(WITHIN).await);
        }
        assert_right(&life, &stage, &[&Demand::of(1), &Demand::steady()]).await;
        assert_eq!(line(&life.gateway, "steady"), steady, "it was left alone");
        life.runtime.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_build_that_is_cut_off_goes_on_where_it_was() {
    for (_dir, store) in both() {
        let mut stage = stage(store, None);
        // Small, so that entities leave the tail's memory and come back to it during a build.
        stage.settings.state.cached_entities_max = 50 * usize::from(crate::stage::SHARDS);
        let life = stage.start().await;
        goods(&life, 0..SKUS).await;
        life.runtime.drain(WITHIN).await;
        stage.projections = Demand::beside_the_shops(Some(1));
        let (mut read, mut lives) = (0, 0);
        loop {
            let life = stage.start_now().await;
            goods(&life, (0..20).map(|i| SKUS + lives * 20 + i * 97)).await;
            if lives % 2 == 1 {
                assert!(life.gateway.await_projection(WITHIN).await);
            }
            let enough = || line(&life.gateway, "demand").entities >= 200 || !is_building(&life.gateway);
            eventually("some steps", enough).await;
            let (gateway, built) = (life.gateway.clone(), !is_building(&life.gateway));
            if built {
                assert_right(&life, &stage, &[&Demand::of(1), &Demand::steady()]).await;
            }
            life.runtime.stop().await;
            read += line(&gateway, "demand").entities;
            if built {
                break;
            }
            lives += 1;
        }
        assert!(lives >= 4, "{lives}");
        assert_eq!(read, SKUS as u64, "each entity was read once in all lives");
    }
}

#[tokio::test(start_paused = true)]
async fn another_version_replaces_the_old_one_alone_and_one_that_is_gone_leaves_nothing() {
    for (_dir, store) in both() {
        let mut stage = stage(store, Some(1));
        let life = stage.start().await;
        goods(&life, 0..SKUS).await;
        cart(&life, 1, &[(3, 2)]).await;
        assert_right(&life, &stage, &[&Demand::of(1)]).await;
        let (first, steady) = (line(&life.gateway, "demand"), line(&life.gateway, "steady"));
        life.runtime.drain(WITHIN).await;
        let left = |stage: &Stage, line: &ProjectionLine| {
            let space = Space(line.space.unwrap());
            let rows = |table: &str| stage.store.rows(space, table, b"", None, usize::MAX).unwrap().len();
            Demand::TABLES.map(rows).iter().sum::<usize>()
        };

        stage.projections = Demand::beside_the_shops(Some(2));
        let life = stage.start_now().await;
        assert!(is_building(&life.gateway) && left(&stage, &first) > 0, "beside the old one");
        assert!(life.gateway.await_built(WITHIN).await && !is_building(&life.gateway));
        assert_right(&life, &stage, &[&Demand::of(2), &Demand::steady()]).await;
        let second = line(&life.gateway, "demand");
        assert_ne!(first.space, second.space);
        eventually("the old rows are deleted", || left(&stage, &first) == 0).await;
        assert_right(&life, &stage, &[&Demand::of(2), &Demand::steady()]).await;
        life.runtime.stop().await;

        stage.projections = Demand::beside_the_shops(None);
        let life = stage.start_now().await;
        eventually("its rows are deleted", || left(&stage, &second) == 0).await;
        assert!(matches!(life.gateway.rows(Demand::TABLES[0], b"", None, 1), Err(ReadError::UnknownTable(_))));
        assert_eq!(line(&life.gateway, "steady"), steady, "it was left alone all the time");
        assert_right(&life, &stage, &[&Demand::steady()]).await;
        life.runtime.stop().await;

        // The first again, in a space that no other had.
        stage.projections = Demand::beside_the_shops(Some(1));
        let life = stage.start_now().await;
        eventually("it is built", || !is_building(&life.gateway)).await;
        assert_right(&life, &stage, &[&Demand::of(1)]).await;
        assert!(line(&life.gateway, "demand").space > second.space);
        life.runtime.stop().await;
    }
}

/// As the program before left it: states, and rows among the tail's own. It is not folded again.
#[tokio::test(start_paused = true)]
async fn a_store_from_before_the_registry_is_built_from_its_states() {
    for (_dir, store) in both() {
        let mut stage = stage(store, None);
        stage.projections = Projections::default();
        let life = stage.start().await;
        goods(&life, 0..10).await;
        life.runtime.drain(WITHIN).await;
        let old = [STOCK_LOW, ORDERS_ALL].map(|table| RowChange::put(Space::TAIL, Row::new(table, b"SKU1".to_vec())));
        stage.store.write_rows(old.into()).unwrap();
        // Of no log, so a fold of the journal would not make it.
        let extra = EntityKey::new(Kind::Cart, "EXTRA");
        let state =
            StoredEntity { version: 1, json: r#"{"state":{"owner":null,"lines":[],"touched":0,"settled":[]}}"#.into() };
        let write = TailWrite { states: vec![(extra.clone(), state)], ..TailWrite::default() };
        stage.store.write(Shard(extra.shard_of(crate::stage::SHARDS)), write).unwrap();

        stage.projections = Demand::beside_the_shops(Some(1));
        let life = stage.start_now().await;
        eventually("all are built", || life.gateway.projections().iter().all(|line| line.built)).await;
        let old = |table: &str| stage.store.rows(Space::TAIL, table, b"", None, 9).unwrap();
        eventually("old rows are deleted", || old(STOCK_LOW).is_empty() && old(ORDERS_ALL).is_empty()).await;
        assert!(stage.store.load(&extra).unwrap().is_some(), "the store was kept");
        assert_right(&life, &stage, &[&Demand::of(1), &Demand::steady()]).await;
        ask(&life.gateway, "SKU3", StockCommand::SetThreshold { units: 50 }, call(999)).await.unwrap();
        assert!(life.gateway.await_projection(Duration::from_secs(9)).await);
        assert_eq!(life.gateway.row_keys(STOCK_LOW, b"", None, 9).unwrap(), [b"SKU3"]);
        life.runtime.stop().await;
    }
}
