//! Demand for one SKU, with the log on JetStream: durable holds a second through the whole actor path with one copy and
//! with three, against bare appends of the very same batches by a NATS client; and how fast an empty node reads and
//! folds the logs, against a client that only reads them.
//!
//! Servers, shop and clients share the machine. The bare peer neither decides, encodes, checks nor folds: it gets the
//! finished bytes, and says for each where it expects the log's end.

mod common;

#[path = "hot_sku_nats/recovery.rs"]
mod recovery;

use std::time::Instant;

use anyhow::Result;
use bytes::Bytes;
use common::{
    hot::Hot,
    load::{self, Figures},
    nats::{self, Log, SHARDS},
    report::time,
    shop::Shop,
};
use souk::{
    actors::ports::journal::Entry,
    domain::{key::EntityKey, kinds::Kind},
    persistence::envelope,
};
use tokio::runtime::Runtime;

const CLIENTS: [usize; 3] = [1, 16, 64];
const UNITS: u32 = 100_000_000;
/// The log under test; every hot SKU here belongs to it.
const SHARD: u16 = 0;
/// As many of the newest batches are appended once more.
const BATCHES_MAX: u64 = 4_000;

struct Line {
    copies: usize,
    figures: Figures,
    holds_a_batch: f64,
    bare: f64,
}

fn main() -> Result<()> {
    let mut criterion = load::criterion();
    let runtime = Runtime::new()?;
    let (mut lines, mut recoveries) = (Vec::new(), Vec::new());
    for copies in [1, 3] {
        let Some(servers) = nats::start(&runtime, copies)? else { return Ok(()) };
        let log = runtime.block_on(Log::of(&servers, SHARD));
        let shop = Shop::start_in(&runtime, Shop::dir()?, nats::config(&servers, "node-0"))?;
        let hot = Hot::new(|sku| EntityKey::new(Kind::Stock, sku).shard_of(SHARDS) == SHARD);
        shop.stock(&runtime, &hot.skus, UNITS)?;
        let mut group = criterion.benchmark_group(format!("hot_sku_nats/{copies}_copies"));
        for clients in CLIENTS {
            let from = runtime.block_on(log.end())? + 1;
            let holders = shop.holders(clients, |_| hot.picker());
            let figures = load::measure(&mut group, "souk", &runtime, holders, |_, holds| hot.prepare(holds));
            let Some(figures) = figures else { continue };
            let (batches, holds) = runtime.block_on(newest(&log, from))?;
            let seconds = runtime.block_on(append_again(&log, &batches, clients))?;
            let holds_a_batch = holds as f64 / batches.len() as f64;
            lines.push(Line { copies, figures, holds_a_batch, bare: holds as f64 / seconds });
        }
        group.finish();
        shop.stop(&runtime);
        recoveries.push((copies, recovery::measure(&runtime, &servers)?));
    }
    criterion.final_summary();
    report(&lines);
    for (copies, recovered) in &recoveries {
        recovered.report(*copies);
    }
    Ok(())
}

/// The newest batches of a measurement, as bytes, and the commits in them.
async fn newest(log: &Log, from: u64) -> Result<(Vec<Bytes>, usize)> {
    let end = log.end().await?;
    let (mut batches, mut commits) = (Vec::new(), 0);
    for bytes in log.read(from.max((end + 1).saturating_sub(BATCHES_MAX)), end).await? {
        // Empty ones are questions whether a lease still holds.
        match envelope::decode(&bytes)?.entry {
            Entry::Batch(batch) if !batch.commits.is_empty() => {
                commits += batch.commits.len();
                batches.push(bytes);
            }
            Entry::Batch(_) | Entry::Claimed | Entry::Released => {}
        }
    }
    Ok((batches, commits))
}

/// Seconds that a bare client takes for them.
async fn append_again(log: &Log, batches: &[Bytes], clients: usize) -> Result<f64> {
    let mut bare = log.like(&format!("bare_{clients}")).await?;
    let started = Instant::now();
    for batch in batches {
        bare.append(batch.clone()).await?;
    }
    Ok(started.elapsed().as_secs_f64())
}

fn report(lines: &[Line]) {
    println!("\nhot_sku_nats: durable holds on one SKU over JetStream, against bare appends of the same batches");
    println!(
        "  {:>6} {:>7} {:>12} {:>9} {:>9} {:>14} | {:>13} {:>13} | {:>5}",
        "copies", "clients", "souk holds/s", "p50", "p99", "holds a batch", "bare holds/s", "bare appends", "ratio"
    );
    for Line { copies, figures, holds_a_batch, bare } in lines {
        println!(
            "  {copies:>6} {:>7} {:>12.0} {:>9} {:>9} {holds_a_batch:>14.1} | {bare:>13.0} {:>11.0}/s | {:>5.2}",
            figures.clients,
            figures.rate,
            time(figures.p50_us),
            time(figures.p99_us),
            bare / holds_a_batch,
            figures.rate / bare
        );
    }
}
