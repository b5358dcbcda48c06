//! The cost of a request at the wrong node: the same requests to a node that owns the entity and to one that does not,
//! in one run. Two nodes in this process on three nats-servers; a command crosses NATS to its owner and back.
//!
//! The owner replies to a strong read from memory while its lease holds, so the difference is the network alone; a hold
//! adds its append (three copies).

mod common;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use common::{
    load::{self, Client, Figures},
    nats::{self, SHARDS},
    report::time,
    shop::{Shop, WITHIN},
};
use souk::{
    actors::gateway::Gateway,
    domain::{key::EntityKey, kinds::Kind, stock::Stock},
};
use tokio::runtime::Runtime;

const CLIENTS: [usize; 2] = [1, 16];
const SKUS: usize = 64;
const UNITS: u32 = 100_000_000;

fn main() -> Result<()> {
    let mut criterion = load::criterion();
    let runtime = Runtime::new()?;
    let Some(servers) = nats::start(&runtime, 3)? else { return Ok(()) };
    let asked = Shop::start_in(&runtime, Shop::dir()?, nats::config(&servers, "asked"))?;
    let other = Shop::start_in(&runtime, Shop::dir()?, nats::config(&servers, "other"))?;
    let (local, remote) = runtime.block_on(parted(&asked.engine.gateway))?;
    for skus in [&local, &remote] {
        asked.stock(&runtime, skus, UNITS)?;
    }
    let mut group = criterion.benchmark_group("remote");
    let mut lines = Vec::new();
    for clients in CLIENTS {
        let mut measured = Vec::new();
        for (name, skus) in [("local", &local), ("remote", &remote)] {
            let readers = (0..clients).map(|n| Reader::new(&asked.engine.gateway, skus, n)).collect();
            measured.push(load::measure(&mut group, &format!("read_{name}"), &runtime, readers, |_, _| ()));
        }
        for (name, skus) in [("local", &local), ("remote", &remote)] {
            let holders = asked.holders(clients, |n| around(skus, n));
            measured.push(load::measure(&mut group, &format!("hold_{name}"), &runtime, holders, |_, _| ()));
        }
        let mut measured = measured.into_iter();
        for what in ["strong read", "hold"] {
            if let (Some(local), Some(remote)) = (measured.next().flatten(), measured.next().flatten()) {
                lines.push((what, local, remote));
            }
        }
    }
    group.finish();
    criterion.final_summary();
    other.stop(&runtime);
    asked.stop(&runtime);
    report(&lines);
    Ok(())
}

/// SKUs of this node and SKUs of the other one, once each has its part of the shards.
async fn parted(gateway: &Gateway) -> Result<(Arc<[Arc<str>]>, Arc<[Arc<str>]>)> {
    let deadline = Instant::now() + WITHIN;
    let ours: Vec<bool> = loop {
        let status = gateway.status();
        let settled = status.shards.iter().all(|line| line.owner.is_some() && line.owner == line.placed);
        let ours: Vec<bool> = status.shards.iter().map(|line| line.serving).collect();
        if settled && ours.contains(&true) && ours.contains(&false) {
            break ours;
        }
        ensure!(Instant::now() < deadline, "the shards are not parted in time: {status:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let names = |local: bool| -> Arc<[Arc<str>]> {
        let of = |sku: &String| ours[usize::from(EntityKey::new(Kind::Stock, sku).shard_of(SHARDS))] == local;
        (0..).map(|n: u32| format!("SKU-{n:05}")).filter(of).take(SKUS).map(Into::into).collect()
    };
    Ok((names(true), names(false)))
}

/// One after the other, each client from a place of its own.
fn around(skus: &Arc<[Arc<str>]>, first: usize) -> impl FnMut() -> Arc<str> + Send + 'static {
    let (skus, mut at) = (skus.clone(), first * 5);
    move || {
        at += 1;
        skus[at % skus.len()].clone()
    }
}

struct Reader {
    gateway: Gateway,
    pick: Box<dyn FnMut() -> Arc<str> + Send>,
}

impl Reader {
    fn new(gateway: &Gateway, skus: &Arc<[Arc<str>]>, n: usize) -> Self {
        Self { gateway: gateway.clone(), pick: Box::new(around(skus, n)) }
    }
}

impl Client for Reader {
    async fn once(&mut self) -> Result<()> {
        let sku = (self.pick)();
        self.gateway.read::<Stock>(&sku, WITHIN).await.map(drop).context("a strong read")
    }
}

fn report(lines: &[(&str, Figures, Figures)]) {
    println!("\nremote: the same question to the owner's node and to another, three copies");
    println!(
        "  {:<12} {:>7} | {:>12} {:>9} {:>9} | {:>12} {:>9} {:>9} | {:>9} {:>9}",
        "what", "clients", "local /s", "p50", "p99", "remote /s", "p50", "p99", "p50 more", "p50 ratio"
    );
    for (what, local, remote) in lines {
        println!(
            "  {what:<12} {:>7} | {:>12.0} {:>9} {:>9} | {:>12.0} {:>9} {:>9} | {:>9} {:>9.2}",
            local.clients,
            local.rate,
            time(local.p50_us),
            time(local.p99_us),
            remote.rate,
            time(remote.p50_us),
            time(remote.p99_us),
            time(remote.p50_us.saturating_sub(local.p50_us)),
            remote.p50_us as f64 / local.p50_us.max(1) as f64
        );
    }
}
