//! A million carts of which 50,000 may be resident: memory while they are created and used, and a passivated cart's
//! time to its first reply.
//!
//! The cap is what the configuration allows: `actors.resident_max` carts of 10 KiB, both of sled's caches, and 100 MiB
//! for everything else. A cold cart was passivated long ago; its state comes from the state store.

#[path = "carts/cold.rs"]
mod asked;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use souk::{actors::gateway::Gateway, config::Config, domain::cart::Cart};
use tempfile::TempDir;

pub use self::asked::cold;
use super::{
    common::{process, shop},
    curve::{Curve, Measured},
    ground::{self, Ground, at, cart, filling},
};

const CART_BYTES: u64 = 10 << 10;
const REST_BYTES: u64 = 100 << 20;
/// A passivated cart counts until its actor has ended: this factor allows for them.
const LEAVING: f64 = 1.02;
/// How long residents may take to come down to the bound after the last command.
const SETTLED: Duration = Duration::from_secs(30);
const SAID: usize = 10;
/// Commands under way while carts are made.
const AT_ONCE: usize = 512;

/// The carts, and the measurements during their creation.
pub struct Made {
    pub dir: TempDir,
    steps: Vec<u64>,
    numbers: Vec<f64>,
    resident_max: u64,
}

pub fn made(ground: &mut Ground) -> Result<&Made> {
    if ground.made.is_none() {
        let steps = ground.steps(&[50_000, 100_000, 200_000, 400_000, 700_000, 1_000_000], &[1_000, 2_000]);
        let resident_max = if ground.smoke { 500 } else { Config::default().actors.resident_max as u64 };
        let dir = ground.dir("carts")?;
        let numbers = process::again("make-carts", &ground::said(&[&[resident_max], &steps[..]].concat(), dir.path()))?;
        ensure!(numbers.len() == steps.len() * SAID, "{} numbers for {} steps", numbers.len(), steps.len());
        ground.made = Some(Made { dir, steps, numbers, resident_max });
    }
    ground.made.as_ref().ok_or_else(|| anyhow::anyhow!("just made"))
}

pub fn curve(ground: &mut Ground) -> Result<Curve> {
    let Made { dir, steps, numbers, resident_max } = made(ground)?;
    let count = steps.last().copied().unwrap_or_default();
    let asked = process::again("cold-carts", &ground::said(&[*resident_max, count], dir.path()))?;
    ensure!(asked.len() == 9, "{} numbers of cold carts", asked.len());
    let line = |n: usize, scale: f64| -> Vec<(f64, f64)> {
        let all = steps.iter().zip(numbers.chunks(SAID)).map(|(step, said)| (*step as f64, said[n] * scale));
        // A step without a cold cart has no time of one.
        all.filter(|point| point.1 > 0.0).collect()
    };
    let mib = |bytes: f64| bytes / 1_048_576.0;
    let config = Config::default();
    let cap = resident_max * CART_BYTES + config.journal.cache_bytes + config.state.cache_bytes + REST_BYTES;
    let mut curve = Curve::new("carts");
    let memory = Measured::new("Memory by carts that exist, 50,000 of them awake", "carts", "MiB").linear();
    let cap_line = vec![(0.0, mib(cap as f64)), (count as f64, mib(cap as f64))];
    let memory =
        memory.unit_cost("resident, at most so far", line(1, 1.0 / 1_048_576.0), 1_048_576.0, "B for each more");
    curve.panels.push(memory.limit("the cap", cap_line));
    let awake = Measured::new("Carts awake while carts are made", "carts", "awake at most").linear();
    curve.panels.push(awake.unit_cost("at most in the step", line(2, 1.0), 1.0, "for each more"));
    let time = Measured::new("The answer of a cold cart, one after the other", "carts", "µs");
    let time = time.power("read p50", line(4, 1.0)).power("read p99", line(5, 1.0));
    curve.panels.push(time.power("add to cart p50", line(6, 1.0)).power("add to cart p99", line(7, 1.0)));
    let made = Measured::new("Carts made in a second, 512 at once", "carts", "a second").linear_y();
    curve.panels.push(made.power("carts a second", line(3, 1.0)));
    let most = |n: usize| numbers.chunks(SAID).map(|said| said[n]).fold(0.0, f64::max);
    let last = &numbers[numbers.len() - SAID..];
    curve.target("memory at most, while carts are made as well", mib(most(1).max(asked[6])), mib(cap as f64), "MiB");
    curve.target(
        "carts awake at most, those that are just leaving included",
        most(2).max(asked[7]),
        *resident_max as f64 * LEAVING,
        "carts",
    );
    curve.target("a cold cart's strong read, p99, one client", last[5] / 1e3, 2.0, "ms");
    curve.target("the same, 16 clients at once", asked[1] / 1e3, 2.0, "ms");
    curve.target("the same, one client, the system's page cache emptied", asked[3] / 1e3, 2.0, "ms");
    curve.target("adding to a cold cart, p99, one client (with its sync of the disk)", last[7] / 1e3, 2.0, "ms");
    curve.note(format!(
        "a warm cart's add, for comparison: p50 {:.0} µs, p99 {:.0} µs; a cold read among 16 clients p50 {:.0} µs, from an \
         emptied page cache {:.0} µs",
        last[8], last[9], asked[0], asked[2]
    ));
    curve.note(format!(
        "the cap is {resident_max} carts (actors.resident_max) of 10 KiB, journal.cache_bytes, state.cache_bytes and 100 MiB; \
         everything else is the default configuration"
    ));
    curve.note(format!(
        "after a start, {:.0} carts awake: {:.0} MiB; {:.0} B a cart on disk",
        asked[5],
        mib(asked[4]),
        asked[8]
    ));
    Ok(curve)
}

/// Of each step: bytes now, bytes at most so far, carts awake at most, carts made a second; then times in microseconds,
/// p50 and p99: cold read, cold add, warm add.
pub fn make(input: &str) -> Result<Vec<f64>> {
    let (numbers, dir) = ground::input(input)?;
    let (resident_max, steps) = (numbers[0], &numbers[1..]);
    let mut config = ground::config(&dir);
    config.actors.resident_max = resident_max as usize;
    tokio::runtime::Runtime::new()?.block_on(async {
        let (engine, _) = ground::started(&config).await?;
        let gateway = &engine.gateway;
        let (peaks, mut count, mut numbers) = (Peaks::watch(gateway.clone()), 0, Vec::new());
        for step in steps {
            let began = Instant::now();
            let fill = |n| async move {
                gateway.ask::<Cart>(&cart(n), filling(n)?, shop::call(gateway, "user:bench".into())).await?;
                anyhow::Ok(())
            };
            stream::iter((count..*step).map(fill)).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
            let rate = (*step - count) as f64 / began.elapsed().as_secs_f64();
            count = *step;
            eprintln!("scale: {count} carts, {rate:.0} a second");
            ground::await_projection(gateway).await?;
            settled(gateway, resident_max).await?;
            let (now, bytes, awake) = (process::resident_bytes()?, peaks.bytes(), peaks.take_awake());
            // As many as may be awake came after them, so these sleep.
            let asleep = count.saturating_sub(resident_max * 3 / 2);
            let cold = asked::one_by_one(gateway, asleep).await?;
            let times = |n: usize| [at(&cold[n], 0.5), at(&cold[n], 0.99)];
            numbers.extend([now as f64, bytes as f64, awake as f64, rate]);
            numbers.extend([times(0), times(1), times(2)].concat());
        }
        engine.drain(shop::WITHIN * 4).await;
        Ok(numbers)
    })
}

/// Until no more are awake than may be.
async fn settled(gateway: &Gateway, resident_max: u64) -> Result<()> {
    let end = Instant::now() + SETTLED;
    while gateway.status().residents as u64 > resident_max {
        ensure!(Instant::now() < end, "{} carts stay awake", gateway.status().residents);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// The most that was seen, looked at every few milliseconds.
#[derive(Default)]
struct Seen {
    bytes: AtomicU64,
    awake: AtomicU64,
}

struct Peaks(Arc<Seen>);

impl Peaks {
    const EVERY: Duration = Duration::from_millis(10);

    /// On a thread of its own, which ends with the process: a busy runtime would hide what it is to show.
    fn watch(gateway: Gateway) -> Self {
        let seen = Arc::new(Seen::default());
        let weak = Arc::downgrade(&seen);
        std::thread::spawn(move || {
            while let Some(seen) = weak.upgrade() {
                seen.bytes.fetch_max(process::resident_bytes().unwrap_or(0), Relaxed);
                seen.awake.fetch_max(gateway.status().residents as u64, Relaxed);
                std::thread::sleep(Self::EVERY);
            }
        });
        Self(seen)
    }

    fn bytes(&self) -> u64 {
        self.0.bytes.load(Relaxed)
    }

    fn take_awake(&self) -> u64 {
        self.0.awake.swap(0, Relaxed)
    }
}
