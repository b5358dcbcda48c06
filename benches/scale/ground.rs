//! Shared by the curves: their steps, a shop's engine in a directory, carts of two lines, and times as quantiles.

use std::{
    env, fs,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use souk::{
    actors::gateway::Gateway,
    app::Engine,
    config::Config,
    domain::{
        cart::{CartCommand, Item},
        ids::{Sku, UserId},
        money::{Currency, Money},
    },
    load::rng::Rng,
};
use tempfile::TempDir;
use uuid::Uuid;

use super::{
    carts::Made,
    common::{self, load},
};

/// One run's state: the carts are made once for the two curves that need a million of them.
pub struct Ground {
    pub smoke: bool,
    pub made: Option<Made>,
}

impl Default for Ground {
    fn default() -> Self {
        let smoke = env::args().any(|arg| arg == "--test") || load::seconds() < 2.0;
        Self { smoke, made: None }
    }
}

impl Ground {
    /// The whole steps up to `SOUK_BENCH_MOST`, or those of a smoke test.
    pub fn steps(&self, whole: &[u64], smoke: &[u64]) -> Vec<u64> {
        let most = env::var("SOUK_BENCH_MOST").ok().and_then(|most| most.parse().ok()).unwrap_or(u64::MAX);
        let steps = if self.smoke { smoke } else { whole };
        steps.iter().copied().filter(|step| *step <= most).collect()
    }

    pub fn dir(&self, name: &str) -> Result<TempDir> {
        Ok(tempfile::Builder::new().prefix(&format!("scale-{name}-")).tempdir_in(common::disk()?)?)
    }
}

/// `1,2,.. directory`, as a child's input.
pub fn input(input: &str) -> Result<(Vec<u64>, PathBuf)> {
    let (numbers, dir) = input.split_once(' ').context("numbers and a directory")?;
    Ok((numbers.split(',').map(str::parse).collect::<Result<_, _>>()?, dir.into()))
}

pub fn said(numbers: &[u64], dir: &Path) -> String {
    let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
    format!("{} {}", numbers.join(","), dir.display())
}

pub fn config(dir: &Path) -> Config {
    let mut config = Config::default();
    config.data.dir = dir.join("data");
    config
}

pub async fn started(config: &Config) -> Result<(Engine, Duration)> {
    let began = Instant::now();
    let engine = Engine::without_connectors(config).await?;
    Ok((engine, began.elapsed()))
}

/// Spread over the whole space of ids, as the shop's random ones are.
pub fn cart(n: u64) -> String {
    Uuid::from_u64_pair(Rng::new(n).draw(), n).to_string()
}

/// Two lines: what a cart often holds.
pub fn filling(n: u64) -> Result<CartCommand> {
    let line = |part: &str| {
        let sku = Sku::parse(&format!("SKU-{:05}-{part}", n % 10_000))?;
        let unit_price = Money { amount: 1999, currency: Currency::EUR };
        anyhow::Ok((Item { sku, name: "A shirt of fair cotton".into(), unit_price }, NonZeroU32::MIN.get()))
    };
    let lines = vec![line("A")?, line("B")?];
    Ok(CartCommand::SetLines { owner: UserId(Uuid::from_u64_pair(8, n)), lines, add: false })
}

pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("legal bounds")
}

/// Microseconds, from times in nanoseconds.
pub fn at(times: &Histogram<u64>, quantile: f64) -> f64 {
    times.value_at_quantile(quantile) as f64 / 1e3
}

pub async fn await_projection(gateway: &Gateway) -> Result<()> {
    anyhow::ensure!(gateway.await_projection(common::shop::WITHIN).await, "the views did not follow in time");
    Ok(())
}

/// What the files below take on the disk.
pub fn disk_bytes(dir: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        bytes += match entry.file_type()?.is_dir() {
            true => disk_bytes(&entry.path())?,
            false => entry.metadata()?.blocks() * 512,
        };
    }
    Ok(bytes)
}
