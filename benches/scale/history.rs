//! One entity's history from ten to a hundred thousand commits: a command and a strong read while it is resident, its
//! first reply when it is not, and its bytes on disk.
//!
//! Each step has as many commits in all, spread over fewer and fewer SKUs; half hold units and half release them, so the
//! history grows and the state does not. A cold SKU is read by a fresh process: none of our caches is warm.

use std::{num::NonZeroU32, time::Instant};

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use souk::{
    actors::gateway::Gateway,
    domain::{
        ids::OrderId,
        stock::{Stock, StockCommand},
    },
};

use super::{
    common::{process, shop},
    curve::{Curve, Measured},
    ground::{self, Ground, at, disk_bytes, histogram},
};

/// Commands and reads that are timed.
const TIMED: u64 = 400;
/// First replies that are timed in all, and fresh processes at most.
const COLD: usize = 100;
const STARTS: usize = 12;
const AT_ONCE: u64 = 128;

pub fn curve(ground: &Ground) -> Result<Curve> {
    let steps = ground.steps(&[10, 100, 1_000, 10_000, 100_000], &[10, 100]);
    let commits = if ground.smoke { 1_000 } else { 100_000 };
    let mut all = Vec::new();
    for length in &steps {
        let dir = ground.dir("history")?;
        let skus = commits / length;
        let mut said = process::again("make-histories", &ground::said(&[*length, skus], dir.path()))?;
        ensure!(said.len() == 4, "{} numbers of histories", said.len());
        let bytes = |part: &str| anyhow::Ok(disk_bytes(&dir.path().join(part))? as f64 / skus as f64);
        said.extend([bytes("data/journal")?, bytes("data/state")?]);
        let mut cold = Vec::new();
        for _ in 0..if ground.smoke { 1 } else { STARTS } {
            cold.extend(process::again("wake-histories", &ground::said(&[*length, skus], dir.path()))?);
            if cold.len() >= COLD {
                break;
            }
        }
        cold.sort_by(f64::total_cmp);
        said.extend([0.5, 0.9].map(|part| cold[((cold.len() - 1) as f64 * part) as usize]));
        all.push((*length as f64, said));
    }
    let line = |n: usize| -> Vec<(f64, f64)> { all.iter().map(|(length, said)| (*length, said[n])).collect() };
    let mut curve = Curve::new("history");
    let warm = Measured::new("A SKU that is awake, one client", "commits in its history", "µs");
    let warm = warm.power("command p50 (with its sync)", line(0)).power("command p99", line(1));
    curve.panels.push(warm.power("strong read p50", line(2)).power("strong read p99", line(3)));
    let cold = Measured::new("The first answer of one that is not", "commits in its history", "µs");
    curve.panels.push(cold.power("p50", line(6)).power("p90", line(7)));
    let disk = Measured::new("Bytes on disk of one SKU", "commits in its history", "bytes");
    let disk = disk.power("journal", line(4)).power("state store", line(5));
    curve.panels.push(disk);
    if let Some((length, said)) = all.last() {
        curve.note(format!(
            "at {length} commits one takes {:.0} B in the journal and {:.1} B in the state store",
            said[4] / length,
            said[5] / length
        ));
    }
    curve.note(format!("each step has {commits} commits in all; disk space of one SKU is that of all by their number"));
    Ok(curve)
}

/// p50 and p99 of a command on a SKU that is awake, then of a strong read (microseconds).
pub fn make(input: &str) -> Result<Vec<f64>> {
    let (numbers, dir) = ground::input(input)?;
    let (length, skus) = (numbers[0], numbers[1]);
    tokio::runtime::Runtime::new()?.block_on(async {
        let (engine, _) = ground::started(&ground::config(&dir)).await?;
        let gateway = &engine.gateway;
        let live = |n| live(gateway, n, length, (AT_ONCE / skus).max(1) as usize);
        stream::iter((0..skus).map(live)).buffer_unordered(AT_ONCE as usize).try_collect::<()>().await?;
        ground::await_projection(gateway).await?;
        let (mut commands, mut reads) = (histogram(), histogram());
        for turn in 0..TIMED {
            let sku = sku(turn % skus);
            // Awake, if it was not.
            gateway.read::<Stock>(&sku, shop::WITHIN).await?;
            let began = Instant::now();
            receive(gateway, &sku).await?;
            commands.saturating_record(began.elapsed().as_nanos() as u64);
            let began = Instant::now();
            gateway.read::<Stock>(&sku, shop::WITHIN).await?;
            reads.saturating_record(began.elapsed().as_nanos() as u64);
        }
        engine.drain(shop::WITHIN).await;
        Ok([&commands, &reads].iter().flat_map(|times| [at(times, 0.5), at(times, 0.99)]).collect())
    })
}

/// Microseconds of each first reply.
pub fn wake(input: &str) -> Result<Vec<f64>> {
    let (numbers, dir) = ground::input(input)?;
    let (length, skus) = (numbers[0], numbers[1]);
    tokio::runtime::Runtime::new()?.block_on(async {
        let (engine, _) = ground::started(&ground::config(&dir)).await?;
        let mut times = Vec::new();
        // The first is not one of those that are measured: it warms what is the process's own.
        engine.gateway.read::<Stock>("NONE", shop::WITHIN).await?;
        for n in 0..skus.min(COLD as u64) {
            let began = Instant::now();
            let answer = engine.gateway.read::<Stock>(&sku(n), shop::WITHIN).await?;
            times.push(began.elapsed().as_secs_f64() * 1e6);
            ensure!(answer.version >= length, "version {}, not {length}", answer.version);
        }
        engine.drain(shop::WITHIN).await;
        Ok(times)
    })
}

fn sku(n: u64) -> String {
    format!("OLD-{n:06}")
}

async fn receive(gateway: &Gateway, sku: &str) -> Result<()> {
    let command = StockCommand::Receive { units: NonZeroU32::MIN.saturating_add(999), reference: None };
    gateway.ask::<Stock>(sku, command, shop::call(gateway, "user:bench".into())).await?;
    Ok(())
}

/// `length` commits: units received, then held and released by `clients` at once.
async fn live(gateway: &Gateway, n: u64, length: u64, clients: usize) -> Result<()> {
    let sku = &sku(n);
    receive(gateway, sku).await?;
    let pair = |_| async move {
        let (order, until) = (OrderId(gateway.fresh_id()), gateway.now().plus_ms(600_000));
        let hold = StockCommand::Hold { order, units: NonZeroU32::MIN, until, attempt: 0 };
        for command in [hold, StockCommand::Release { order, attempt: 0 }] {
            gateway.ask::<Stock>(sku, command, shop::call(gateway, "user:bench".into())).await?;
        }
        anyhow::Ok(())
    };
    stream::iter((0..(length - 1) / 2).map(pair)).buffer_unordered(clients).try_collect::<()>().await?;
    // Of an even length one is left over.
    if length.is_multiple_of(2) { receive(gateway, sku).await } else { Ok(()) }
}
