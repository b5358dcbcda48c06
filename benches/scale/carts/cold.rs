//! Asking carts that sleep: one after the other, many clients at once, and with nothing of the store in the system's
//! page cache.

use std::{fs::File, num::NonZeroU32, path::Path, time::Instant};

use anyhow::{Result, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use hdrhistogram::Histogram;
use souk::{
    actors::gateway::Gateway,
    domain::{
        cart::{Cart, CartCommand, Item},
        ids::{Sku, UserId},
        money::{Currency, Money},
    },
};
use uuid::Uuid;

use super::{
    super::{
        common::{process, shop},
        ground::{self, at, cart, disk_bytes, histogram},
    },
    Peaks, settled,
};

const ASKED: u64 = 1_500;
const STRIDE: u64 = 7_919;
const CLIENTS: usize = 16;
const ASKED_TOGETHER: u64 = 8_000;

/// Times in nanoseconds of a cold read, a cold add, and an add to a cart that is awake.
pub async fn one_by_one(gateway: &Gateway, asleep: u64) -> Result<[Histogram<u64>; 3]> {
    let mut times = [histogram(), histogram(), histogram()];
    // A prime stride: each is asked for once.
    let mut next = (0..asleep).map(|turn| turn * STRIDE % asleep);
    while times[0].len() < ASKED
        && let (Some(one), Some(n)) = (next.next(), next.next())
    {
        let began = Instant::now();
        read(gateway, one).await?;
        times[0].saturating_record(began.elapsed().as_nanos() as u64);
        for which in [1, 2] {
            let began = Instant::now();
            add(gateway, n, which as u64).await?;
            times[which].saturating_record(began.elapsed().as_nanos() as u64);
        }
    }
    Ok(times)
}

/// After a start, as many awake as may be: p50 and p99 of 16 clients at once, then of one with an empty page cache;
/// bytes and carts awake before it, both at most; bytes of a cart on disk.
pub fn cold(input: &str) -> Result<Vec<f64>> {
    let (numbers, dir) = ground::input(input)?;
    let (resident_max, count) = (numbers[0], numbers[1]);
    let mut config = ground::config(&dir);
    config.actors.resident_max = resident_max as usize;
    let on_disk = disk_bytes(&dir)? as f64 / count as f64;
    tokio::runtime::Runtime::new()?.block_on(async {
        let (engine, _) = ground::started(&config).await?;
        let gateway = &engine.gateway;
        let peaks = Peaks::watch(gateway.clone());
        let reads = (0..resident_max).map(|n| async move { read(gateway, n).await.map(drop) });
        stream::iter(reads).buffer_unordered(64).try_collect::<()>().await?;
        settled(gateway, resident_max).await?;
        let (bytes, awake) = (process::resident_bytes()?, gateway.status().residents);
        // Each is asked for once, and none of those that are awake.
        let others = count - resident_max;
        let one = |turn: u64| resident_max + turn * STRIDE % others;
        let together = ASKED_TOGETHER.min(others / 3);
        let timed = |turn: u64| async move {
            let began = Instant::now();
            read(gateway, one(turn)).await?;
            anyhow::Ok(began.elapsed().as_nanos() as u64)
        };
        let mut many = histogram();
        let mut answers = stream::iter((0..together).map(timed)).buffer_unordered(CLIENTS);
        while let Some(time) = answers.try_next().await? {
            many.saturating_record(time);
        }
        drop(answers);
        forget(&dir)?;
        let mut few = histogram();
        for turn in together..together + ASKED.min(others / 3) {
            few.saturating_record(timed(turn).await?);
        }
        let peak = (peaks.bytes(), peaks.take_awake());
        let times = [at(&many, 0.5), at(&many, 0.99), at(&few, 0.5), at(&few, 0.99)];
        engine.drain(shop::WITHIN).await;
        Ok([&times[..], &[bytes as f64, awake as f64, peak.0 as f64, peak.1 as f64, on_disk]].concat())
    })
}

async fn read(gateway: &Gateway, n: u64) -> Result<()> {
    let answer = gateway.read::<Cart>(&cart(n), shop::WITHIN).await?;
    ensure!(answer.view.lines.len() >= 2, "cart {n} is not what was stored");
    Ok(())
}

/// One line more, of a SKU that it does not have.
async fn add(gateway: &Gateway, n: u64, which: u64) -> Result<()> {
    let sku = Sku::parse(&format!("MORE-{which}-{}", gateway.fresh_id().simple()))?;
    let item = Item { sku, name: "A hat".into(), unit_price: Money { amount: 999, currency: Currency::EUR } };
    let lines = vec![(item, NonZeroU32::MIN.get())];
    let command = CartCommand::SetLines { owner: UserId(Uuid::from_u64_pair(8, n)), lines, add: true };
    gateway.ask::<Cart>(&cart(n), command, shop::call(gateway, "user:bench".into())).await?;
    Ok(())
}

/// Takes every file below out of the system's page cache.
fn forget(dir: &Path) -> Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            forget(&entry.path())?;
        } else {
            let file = File::open(entry.path())?;
            file.sync_all()?;
            rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?;
        }
    }
    Ok(())
}
