//! Carts awake at once, up to a million: bytes for each, and the time of one more activation as they grow in number.
//!
//! The carts are made by another process, so only being awake is measured; caches whose size is a setting are at
//! their least, because they do not grow with entities. A step that does not fit into memory is left out, and said.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use souk::{actors::gateway::Gateway, domain::cart::Cart, load::usage};

use super::{
    carts,
    common::{process, shop},
    curve::{Curve, Measured},
    ground::{self, Ground, at, cart, histogram},
};

/// What one takes, roughly: whether a step fits.
const BYTES: u64 = 10 << 10;
/// Activations of each step that are timed, one after the other.
const TIMED: u64 = 1_000;
/// Numbers that the child says of each step.
const SAID: usize = 4;

pub fn curve(ground: &mut Ground) -> Result<Curve> {
    let mut curve = Curve::new("residents");
    let mut steps = ground.steps(&[1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000], &[200, 500, 2_000]);
    let free = available_bytes()?;
    if let Some(first) = steps.iter().position(|n| n * BYTES * 3 / 2 > free) {
        let left: Vec<String> = steps.drain(first..).map(|n| n.to_string()).collect();
        curve.note(format!("left out for want of memory ({} MiB are free): {}", free >> 20, left.join(", ")));
    }
    let made = carts::made(ground)?;
    let numbers = process::again("wake-residents", &ground::said(&steps, made.dir.path()))?;
    ensure!(numbers.len() == steps.len() * SAID, "{} numbers for {} steps", numbers.len(), steps.len());
    let line = |n: usize, scale: f64| -> Vec<(f64, f64)> {
        steps.iter().zip(numbers.chunks(SAID)).map(|(step, said)| (*step as f64, said[n] * scale)).collect()
    };
    let memory = Measured::new("Memory of carts that are awake", "carts awake", "MiB");
    curve.panels.push(memory.unit_cost(
        "growth of resident memory",
        line(0, 1.0 / 1_048_576.0),
        1_048_576.0,
        "B for each",
    ));
    let time = Measured::new("One more activation", "carts awake", "µs");
    curve.panels.push(time.power("p50", line(1, 1.0)).power("p99", line(2, 1.0)));
    let rate = Measured::new("Activations a second, 64 at once", "carts awake", "a second");
    curve.panels.push(rate.power("activations a second", line(3, 1.0)));
    curve.note("carts of two lines on the sled journal; sled's caches 1 MiB each; a strong read wakes");
    Ok(curve)
}

/// Of each step: bytes in memory since the start, p50 and p99 of the last activations (microseconds), activations a second.
pub fn wake(input: &str) -> Result<Vec<f64>> {
    let (steps, dir) = ground::input(input)?;
    let mut config = ground::config(&dir);
    config.actors.resident_max = 10_000_000;
    config.actors.idle_timeout_ms = 86_400_000;
    config.journal.cache_bytes = 1 << 20;
    config.state.cache_bytes = 1 << 20;
    config.state.cached_entities_max = 16;
    tokio::runtime::Runtime::new()?.block_on(async {
        let (engine, _) = ground::started(&config).await?;
        let gateway = &engine.gateway;
        let (before, mut awake, mut numbers) = (process::resident_bytes()?, 0, Vec::new());
        for step in steps {
            let timed = TIMED.min((step - awake) / 2);
            let (began, many) = (Instant::now(), step - timed - awake);
            let reads = (awake..step - timed).map(|n| read(gateway, n));
            stream::iter(reads).buffer_unordered(64).try_collect::<()>().await?;
            let rate = many as f64 / began.elapsed().as_secs_f64();
            let mut times = histogram();
            for n in step - timed..step {
                let asked = Instant::now();
                read(gateway, n).await?;
                times.saturating_record(asked.elapsed().as_nanos() as u64);
            }
            awake = step;
            let residents = gateway.status().residents as u64;
            ensure!(residents == awake, "{residents} of {awake} carts are awake");
            let bytes = process::resident_bytes()?.saturating_sub(before);
            numbers.extend([bytes as f64, at(&times, 0.5), at(&times, 0.99), rate]);
        }
        // Nothing was written, and a million actors take their time to end: the process ends with them.
        Ok(numbers)
    })
}

async fn read(gateway: &Gateway, n: u64) -> Result<()> {
    let answer = gateway.read::<Cart>(&cart(n), shop::WITHIN).await?;
    ensure!(answer.view.lines.len() >= 2, "cart {n} is not what was stored");
    Ok(())
}

fn available_bytes() -> Result<u64> {
    usage::bytes(&std::fs::read_to_string("/proc/meminfo")?, "MemAvailable").context("no MemAvailable")
}
