//! What a long history costs: the first answer of a cold entity with 1,000 commits behind it, against folding those
//! 1,000 from their JSON, which an engine without a state store would do each time it wakes one.
//!
//! And the worst case: the state store is lost, and a start folds the whole journal. Each is measured on fresh
//! processes' worth of state: the engine is started anew, so nothing is awake and no cache is warm.

mod common;

use std::{
    env, fs,
    hint::black_box,
    num::NonZeroU32,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use common::{load, report, shop};
use futures::{StreamExt, TryStreamExt, stream};
use hdrhistogram::Histogram;
use souk::{
    actors::ports::journal::Commit,
    app::Engine,
    config::Config,
    domain::{
        entity::Entity,
        ids::OrderId,
        key::EntityKey,
        model::Kind,
        stock::{Stock, StockCommand, StockEvent},
    },
};
use tokio::runtime::Runtime;
use uuid::Uuid;

const EVENTS: u64 = 1_000;
const STARTS: usize = 3;

fn entities() -> u64 {
    match (env::args().any(|arg| arg == "--test"), load::seconds() < 2.0) {
        (true, _) => 2,
        (false, true) => 10,
        (false, false) => 100,
    }
}

fn main() -> Result<()> {
    let (runtime, count) = (Runtime::new()?, entities());
    let dir = tempfile::Builder::new().prefix("activation-").tempdir_in(common::disk()?)?;
    let (engine, _) = start(&runtime, dir.path())?;
    runtime.block_on(fill(&engine, count))?;
    let events = runtime.block_on(history(&engine))?;
    runtime.block_on(engine.drain(shop::WITHIN));

    let (mut waking, mut starting) = (Histogram::<u64>::new(3)?, Duration::MAX);
    for _ in 0..STARTS {
        let (engine, time) = start(&runtime, dir.path())?;
        starting = starting.min(time);
        runtime.block_on(wake(&engine, count, &mut waking))?;
        runtime.block_on(engine.drain(shop::WITHIN));
    }
    let mut folding = Histogram::<u64>::new(3)?;
    let until = Instant::now() + Duration::from_secs_f64(load::seconds() / 4.0);
    while folding.len() < 3 || Instant::now() < until {
        let began = Instant::now();
        black_box(fold(&events)?);
        folding.saturating_record(began.elapsed().as_nanos() as u64 / 1_000);
    }
    fs::remove_dir_all(dir.path().join("data/state"))?;
    let (engine, rebuilding) = start(&runtime, dir.path())?;
    let records: u64 = engine.gateway.status().shards.iter().map(|shard| shard.folded).sum();
    runtime.block_on(engine.drain(shop::WITHIN));

    let of = |times: &Histogram<u64>, part| report::time(times.value_at_quantile(part));
    println!("\nactivation: the first answer of a cold SKU with {EVENTS} commits behind it, {} times", waking.len());
    println!("  awake and answered: p50 {}, p99 {}", of(&waking, 0.5), of(&waking, 0.99));
    println!("  folding {EVENTS} commits from JSON: p50 {}, p99 {}", of(&folding, 0.5), of(&folding, 0.99));
    let ratio = waking.value_at_quantile(0.5) as f64 / folding.value_at_quantile(0.5).max(1) as f64;
    println!("  ratio {ratio:.2}");
    let commits = count * EVENTS;
    println!("  a start on {commits} commits: {:.0} ms", starting.as_secs_f64() * 1e3);
    println!(
        "  the same without its state store: {:.0} ms, {:.0} commits/s ({records} records) folded and stored",
        rebuilding.as_secs_f64() * 1e3,
        commits as f64 / rebuilding.as_secs_f64()
    );
    Ok(())
}

fn start(runtime: &Runtime, dir: &Path) -> Result<(Engine, Duration)> {
    let mut config = Config::default();
    config.data.dir = dir.join("data");
    let began = Instant::now();
    let engine = runtime.block_on(Engine::start(&config, Vec::new()))?;
    Ok((engine, began.elapsed()))
}

fn sku(n: u64) -> String {
    format!("OLD-{n:03}")
}

/// Half of the commits hold units and the others release them: a long history and a small state.
async fn fill(engine: &Engine, count: u64) -> Result<()> {
    let gateway = &engine.gateway;
    let live = |n: u64| async move {
        let sku = sku(n);
        let receive = StockCommand::Receive { units: NonZeroU32::MIN.saturating_add(10), reference: None };
        gateway.ask::<Stock>(&sku, receive, shop::call(gateway, "user:bench".into())).await?;
        for event in 1..EVENTS {
            let order = OrderId(Uuid::from_u64_pair(n, event.div_ceil(2)));
            let command = match event % 2 {
                1 => StockCommand::Hold { order, units: NonZeroU32::MIN, until: gateway.now().plus_ms(600_000) },
                _ => StockCommand::Release { order },
            };
            gateway.ask::<Stock>(&sku, command, shop::call(gateway, "user:bench".into())).await?;
        }
        anyhow::Ok(())
    };
    stream::iter((0..count).map(live)).buffer_unordered(100).try_collect().await
}

/// One SKU's events as the journal has them.
async fn history(engine: &Engine) -> Result<Vec<Arc<str>>> {
    ensure!(engine.gateway.caught_up(shop::WITHIN).await, "the views did not follow");
    let key = EntityKey::new(Kind::Stock, sku(0));
    let commits: Vec<Commit> = engine.gateway.history(&key, 1, EVENTS as usize).await?;
    ensure!(commits.len() as u64 == EVENTS, "{} commits in the history, not {EVENTS}", commits.len());
    Ok(commits.into_iter().map(|commit| commit.events_json).collect())
}

async fn wake(engine: &Engine, count: u64, times: &mut Histogram<u64>) -> Result<()> {
    for n in 0..count {
        let began = Instant::now();
        let answer = engine.gateway.read::<Stock>(&sku(n), shop::WITHIN).await?;
        times.saturating_record(began.elapsed().as_micros() as u64);
        ensure!(answer.version == EVENTS, "version {}, not {EVENTS}", answer.version);
    }
    Ok(())
}

fn fold(events: &[Arc<str>]) -> Result<Stock> {
    let mut stock = Stock::default();
    for json in events {
        for event in serde_json::from_str::<Vec<StockEvent>>(json)? {
            stock.apply(black_box(&event));
        }
    }
    Ok(stock)
}
