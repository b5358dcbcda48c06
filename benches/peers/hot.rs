//! Demand for one SKU: holds a second at 64 connections, Souk over HTTP, Redis by a script, PostgreSQL by a row lock,
//! one after the other. A SKU is retired after 200,000 holds, a flash sale's worth, on every side.
//!
//! Aim: Souk over HTTP is not slower than Redis with `appendfsync always`, the one setting with the same durability.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use anyhow::{Context, Result, ensure};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::{
    drive::{Driven, drive},
    plan::{Peer, Plan},
    program::cpu_of_tree,
    redis::{self, Durability, Redis},
    rows::{Row, Rows, SOUK},
    shop::{Souk, Stocked},
};
use crate::common::{http::Connection, load::Client, postgres::Postgres, report::verdict};

const CONNECTIONS: usize = 64;
const WORK: &str = "hot SKU, 64 connections";
const ALWAYS: &str = "redis, appendfsync always";
const DURABILITIES: [(Durability, &str); 3] = [
    (Durability::Always, ALWAYS),
    (Durability::EverySecond, "redis, appendfsync everysec"),
    (Durability::None, "redis, no AOF"),
];
const HOLDS_PER_SKU: u64 = 200_000;
/// More than any run retires.
const SKUS: usize = 100;
const UNITS: u64 = 1_000_000;

pub fn compare(plan: &Plan, runtime: &Runtime, rows: &mut Rows) -> Result<()> {
    if !plan.wants(Peer::Redis) && !plan.wants(Peer::Postgresql) {
        return Ok(());
    }
    println!("{WORK}: holds");
    let souk = Souk::start(runtime, Stocked::Plenty)?;
    let skus: Vec<Arc<str>> = souk.shelf.skus.iter().take(SKUS).map(|sku| sku.as_str().into()).collect();
    let skus: Arc<[Arc<str>]> = skus.into();
    runtime.block_on(ours(plan, &souk, &skus, rows))?;
    drop(souk);
    if plan.wants(Peer::Redis) {
        match redis::version() {
            Ok(version) => {
                rows.version(version);
                for (durability, side) in DURABILITIES {
                    match runtime.block_on(theirs(plan, &skus, durability, side)) {
                        Ok(row) => rows.push(row),
                        Err(why) => rows.fail(side, &why),
                    }
                }
                aim(rows);
            }
            Err(why) => rows.skip("redis", why),
        }
    }
    if plan.wants(Peer::Postgresql) {
        match Postgres::start(runtime) {
            Some(postgres) => {
                rows.version(postgres.version.clone());
                match row_lock(plan, runtime, &postgres, &skus) {
                    Ok(row) => rows.push(row),
                    Err(why) => rows.fail("postgresql", &why),
                }
            }
            None => rows.skip("postgresql", "no PostgreSQL 15 that starts"),
        }
    }
    Ok(())
}

async fn ours(plan: &Plan, souk: &Souk, skus: &Arc<[Arc<str>]>, rows: &mut Rows) -> Result<()> {
    let before = souk.held(skus).await?;
    let pick = picker(skus);
    let mut holders = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let connection = Connection::open(souk.address(), Some(&souk.shelf.token)).await?;
        holders.push(Holder { connection, pick: pick() });
    }
    let driven = drive(holders, plan.seconds, || souk.cpu()).await?;
    all_held(&driven, souk.held(skus).await? - before)?;
    rows.push(Row::driven(WORK, SOUK, "holds", &driven));
    Ok(())
}

async fn theirs(plan: &Plan, skus: &Arc<[Arc<str>]>, durability: Durability, side: &str) -> Result<Row> {
    let redis = Redis::start(durability).await?;
    redis.stock(skus, UNITS).await?;
    let holders = redis.holders(CONNECTIONS, picker(skus)).await?;
    let driven = drive(holders, plan.seconds, || cpu_of_tree(redis.program.id())).await?;
    let (units, ids) = redis.held(skus).await?;
    ensure!(units == ids, "{units} units are held under {ids} ids");
    all_held(&driven, units)?;
    Ok(Row::driven(WORK, side, "holds", &driven))
}

fn row_lock(plan: &Plan, runtime: &Runtime, postgres: &Postgres, skus: &Arc<[Arc<str>]>) -> Result<Row> {
    runtime.block_on(postgres.stock(skus, i64::try_from(UNITS)?))?;
    let pick = picker(skus);
    let holders = postgres.holders(runtime, CONNECTIONS, |_| pick())?;
    let driven = runtime.block_on(drive(holders, plan.seconds, || cpu_of_tree(postgres.id())))?;
    let held: i64 = runtime.block_on(async {
        let row = postgres.connect().await?.query_one("SELECT sum(held)::bigint FROM stock", &[]).await?;
        anyhow::Ok(row.get(0))
    })?;
    all_held(&driven, u64::try_from(held)?)?;
    Ok(Row::driven(WORK, "postgresql, row lock", "holds", &driven))
}

fn aim(rows: &Rows) {
    let rate = |side: &str| rows.rows.iter().find(|row| row.work == WORK && row.side == side)?.rate;
    if let Some((ours, theirs)) = rate(SOUK).zip(rate(ALWAYS)) {
        let ratio = ours / theirs;
        println!("  souk / redis with appendfsync always: {ratio:.2} (at least 1: {})", verdict(ratio >= 1.0));
    }
}

/// A figure counts only when every acknowledged hold exists.
fn all_held(driven: &Driven, held: u64) -> Result<()> {
    let told = driven.acknowledged;
    ensure!(held == told, "{told} holds were acknowledged, {held} are there");
    Ok(())
}

/// Pickers that agree: the next SKU after 200,000 holds.
fn picker(skus: &Arc<[Arc<str>]>) -> impl Fn() -> Box<dyn FnMut() -> Arc<str> + Send> + use<> {
    let (skus, taken) = (skus.clone(), Arc::new(AtomicU64::new(0)));
    move || {
        let (skus, taken) = (skus.clone(), taken.clone());
        Box::new(move || {
            let turn = taken.fetch_add(1, Ordering::Relaxed) / HOLDS_PER_SKU;
            skus[turn as usize % skus.len()].clone()
        })
    }
}

struct Holder {
    connection: Connection,
    pick: Box<dyn FnMut() -> Arc<str> + Send>,
}

impl Client for Holder {
    async fn once(&mut self) -> Result<()> {
        let (sku, key) = ((self.pick)(), Uuid::now_v7().to_string());
        let path = format!("/api/stock/{sku}/holds");
        let body = r#"{"quantity":1,"ttl_seconds":3600}"#;
        self.connection.post(&path, Some(&key), body, 201).await.with_context(|| format!("a hold on {sku}"))
    }
}
