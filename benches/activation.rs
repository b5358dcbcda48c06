//! The cost of a long history: the first reply of a cold entity with 1,000 commits, against folding these commits from
//! JSON, which an engine without a state store would do at each activation.
//!
//! And the worst case: the state store is lost, and a start folds the whole journal. Each start is a
//! process of its own, so nothing is awake and none of our caches is warm; the system's page cache is.

mod common;

use std::{
    env, fs,
    hint::black_box,
    num::NonZeroU32,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use common::{load, process, report, shop};
use futures::{StreamExt, TryStreamExt, stream};
use souk::{
    actors::ports::journal::Commit,
    app::Engine,
    config::Config,
    domain::{
        entity::Entity,
        ids::OrderId,
        key::EntityKey,
        kinds::Kind,
        stock::{Stock, StockCommand, StockEvent},
    },
};
use tokio::runtime::Runtime;
use uuid::Uuid;

const EVENTS: u64 = 1_000;
const STARTS: usize = 3;
const FOLDS: usize = 200;

fn entities() -> u64 {
    match (env::args().any(|arg| arg == "--test"), load::seconds() < 2.0) {
        (true, _) => 2,
        (false, true) => 10,
        (false, false) => 100,
    }
}

fn main() -> Result<()> {
    let input = env::args().nth(1).unwrap_or_default();
    let of = || input.split_once(' ').and_then(|(n, dir)| Some((n.parse().ok()?, Path::new(dir)))).context("no input");
    let numbers = match process::role().as_deref() {
        None => return compare(entities()),
        Some("fill") => fill_and_fold(of()?.0, of()?.1)?,
        Some("wake") => wake(of()?.0, of()?.1)?,
        Some("rebuild") => rebuild(of()?.1)?,
        Some(other) => bail!("no such role: {other}"),
    };
    println!("{}", numbers.iter().map(f64::to_string).collect::<Vec<_>>().join(" "));
    Ok(())
}

fn compare(count: u64) -> Result<()> {
    let dir = tempfile::Builder::new().prefix("activation-").tempdir_in(common::disk()?)?;
    let input = format!("{count} {}", dir.path().display());
    let folding = process::again("fill", &input)?;
    let (mut waking, mut starting) = (Vec::new(), f64::MAX);
    for _ in 0..STARTS {
        let numbers = process::again("wake", &input)?;
        let (start, times) = numbers.split_first().context("no start")?;
        (starting, waking) = (starting.min(*start), [waking, times.to_vec()].concat());
    }
    let [rebuilding, records] = process::again("rebuild", &input)?[..] else { bail!("rebuild said something else") };

    let at = |times: &[f64], part: f64| {
        let mut times = times.to_vec();
        times.sort_by(f64::total_cmp);
        times[((times.len() - 1) as f64 * part) as usize]
    };
    let of = |times: &[f64], part| report::time(at(times, part) as u64);
    println!("\nactivation: the first answer of a cold SKU with {EVENTS} commits behind it, {} times", waking.len());
    println!("  awake and answered: p50 {}, p99 {}", of(&waking, 0.5), of(&waking, 0.99));
    println!("  folding {EVENTS} commits from JSON: p50 {}, p99 {}", of(&folding, 0.5), of(&folding, 0.99));
    println!("  ratio {:.2}", at(&waking, 0.5) / at(&folding, 0.5));
    let commits = count * EVENTS;
    println!("  a start on {commits} commits: {:.0} ms", starting * 1e3);
    println!(
        "  the same without its state store: {:.0} ms, {:.0} commits/s ({records} records) folded and stored",
        rebuilding * 1e3,
        commits as f64 / rebuilding
    );
    Ok(())
}

/// Makes the histories; returns the microseconds of folding one of them, many times.
fn fill_and_fold(count: u64, dir: &Path) -> Result<Vec<f64>> {
    let runtime = Runtime::new()?;
    let (engine, _) = start(&runtime, dir)?;
    runtime.block_on(fill(&engine, count))?;
    let events = runtime.block_on(history(&engine))?;
    runtime.block_on(engine.drain(shop::WITHIN));
    let mut times = Vec::with_capacity(FOLDS);
    for _ in 0..FOLDS {
        let began = Instant::now();
        black_box(fold(&events)?);
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    Ok(times)
}

/// The seconds of the start, then the microseconds of each first reply.
fn wake(count: u64, dir: &Path) -> Result<Vec<f64>> {
    let runtime = Runtime::new()?;
    let (engine, starting) = start(&runtime, dir)?;
    let mut numbers = vec![starting.as_secs_f64()];
    runtime.block_on(async {
        for n in 0..count {
            let began = Instant::now();
            let answer = engine.gateway.read::<Stock>(&sku(n), shop::WITHIN).await?;
            numbers.push(began.elapsed().as_secs_f64() * 1e6);
            ensure!(answer.version == EVENTS, "version {}, not {EVENTS}", answer.version);
        }
        engine.drain(shop::WITHIN).await;
        Ok(numbers)
    })
}

/// The seconds of a start that folds everything, and the records it folded.
fn rebuild(dir: &Path) -> Result<Vec<f64>> {
    fs::remove_dir_all(dir.join("data/state"))?;
    let runtime = Runtime::new()?;
    let (engine, time) = start(&runtime, dir)?;
    let records: u64 = engine.gateway.status().shards.iter().map(|shard| shard.folded).sum();
    runtime.block_on(engine.drain(shop::WITHIN));
    Ok(vec![time.as_secs_f64(), records as f64])
}

fn start(runtime: &Runtime, dir: &Path) -> Result<(Engine, Duration)> {
    let mut config = Config::default();
    config.data.dir = dir.join("data");
    let began = Instant::now();
    let engine = runtime.block_on(Engine::without_connectors(&config))?;
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
                1 => StockCommand::Hold {
                    order,
                    units: NonZeroU32::MIN,
                    until: gateway.now().plus_ms(600_000),
                    attempt: 0,
                },
                _ => StockCommand::Release { order, attempt: 0 },
            };
            gateway.ask::<Stock>(&sku, command, shop::call(gateway, "user:bench".into())).await?;
        }
        anyhow::Ok(())
    };
    stream::iter((0..count).map(live)).buffer_unordered(100).try_collect().await
}

/// One SKU's events as the journal has them.
async fn history(engine: &Engine) -> Result<Vec<Arc<str>>> {
    ensure!(engine.gateway.await_projection(shop::WITHIN).await, "the views did not follow");
    let key = EntityKey::new(Kind::Stock, sku(0));
    let commits: Vec<Commit> = engine.gateway.history(&key, 1, EVENTS as usize).await?;
    ensure!(commits.len() as u64 == EVENTS, "{} commits in the history, not {EVENTS}", commits.len());
    Ok(commits.into_iter().map(|commit| commit.events_json).collect())
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
