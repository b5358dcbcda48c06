//! A start by the journal's length: with the state store as a clean end left it, and without it, when everything is
//! folded again.
//!
//! Carts with ten commits each. Every start is a fresh process; the system's page cache is warm.

use std::{fs, num::NonZeroU32};

use anyhow::{Result, bail};
use futures::{StreamExt, TryStreamExt, stream};
use souk::domain::{
    cart::{Cart, CartCommand, Item},
    ids::{Sku, UserId},
    money::{Currency, Money},
};
use uuid::Uuid;

use super::{
    common::{process, shop},
    curve::{Curve, Measured},
    ground::{self, Ground, cart, disk_bytes},
};

const COMMITS_OF_CART: u64 = 10;
const STARTS: usize = 3;

pub fn curve(ground: &Ground) -> Result<Curve> {
    let steps = ground.steps(&[1_000, 10_000, 100_000, 300_000, 1_000_000], &[1_000, 3_000]);
    let dir = ground.dir("start")?;
    let input = ground::said(&[0], dir.path());
    let (mut before, mut all) = (0, Vec::new());
    for commits in &steps {
        process::again("grow-journal", &ground::said(&[before, *commits], dir.path()))?;
        before = *commits;
        let bytes = disk_bytes(&dir.path().join("data/journal"))? as f64;
        let mut current = f64::MAX;
        for _ in 0..STARTS {
            let [seconds, _] = process::again("start", &input)?[..] else { bail!("a start said something else") };
            current = current.min(seconds);
        }
        fs::remove_dir_all(dir.path().join("data/state"))?;
        let [anew, records] = process::again("start", &input)?[..] else { bail!("a start said something else") };
        all.push((*commits as f64, [current * 1e3, anew * 1e3, *commits as f64 / anew, records / anew, bytes]));
    }
    let line = |n: usize| -> Vec<(f64, f64)> { all.iter().map(|(commits, said)| (*commits, said[n])).collect() };
    let mut curve = Curve::new("start");
    let time = Measured::new("Time of a start", "commits in the journal", "ms");
    let time = time.unit_cost("with a current state store", line(0), 1e3, "µs for each commit");
    curve.panels.push(time.unit_cost("everything folded anew", line(1), 1e3, "µs for each commit"));
    let rate = Measured::new("Folded anew in a second", "commits in the journal", "a second");
    curve.panels.push(rate.power("commits", line(2)).power("records", line(3)));
    if let Some((commits, said)) = all.last() {
        let (mib, each) = (said[4] / 1_048_576.0, said[4] / commits);
        curve.note(format!("{commits} commits take {mib:.0} MiB of journal, {each:.0} B each"));
    }
    curve.note("the least of three starts with a current store; one that folds anew, and stores what it folds");
    Ok(curve)
}

/// Commits from the first number to the second.
pub fn grow(input: &str) -> Result<Vec<f64>> {
    let (numbers, dir) = ground::input(input)?;
    let carts = numbers[0] / COMMITS_OF_CART..numbers[1] / COMMITS_OF_CART;
    tokio::runtime::Runtime::new()?.block_on(async {
        let (engine, _) = ground::started(&ground::config(&dir)).await?;
        let gateway = &engine.gateway;
        let live = |n: u64| async move {
            for commit in 0..COMMITS_OF_CART {
                let quantity = NonZeroU32::MIN.get() + commit as u32;
                let unit_price = Money { amount: 1999, currency: Currency::EUR };
                let sku = Sku::parse(&format!("SKU-{:05}", n % 10_000))?;
                let lines = vec![(Item { sku, name: "A shirt of fair cotton".into(), unit_price }, quantity)];
                let command = CartCommand::SetLines { owner: UserId(Uuid::from_u64_pair(8, n)), lines, add: false };
                gateway.ask::<Cart>(&cart(n), command, shop::call(gateway, "user:bench".into())).await?;
            }
            anyhow::Ok(())
        };
        stream::iter(carts.map(live)).buffer_unordered(512).try_collect::<()>().await?;
        engine.drain(shop::WITHIN * 4).await;
        Ok(vec![numbers[1] as f64])
    })
}

/// Seconds of the start, and the records that are folded after it.
pub fn start(input: &str) -> Result<Vec<f64>> {
    let (_, dir) = ground::input(input)?;
    tokio::runtime::Runtime::new()?.block_on(async {
        let (engine, time) = ground::started(&ground::config(&dir)).await?;
        let records: u64 = engine.gateway.status().shards.iter().map(|shard| shard.folded).sum();
        engine.drain(shop::WITHIN * 4).await;
        Ok(vec![time.as_secs_f64(), records as f64])
    })
}
