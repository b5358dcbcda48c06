//! Demand spread over many SKUs: durable holds a second on 10,000 SKUs, each hold on one at random, through the whole
//! actor path, against PostgreSQL 15 (where no row is contended) in the same run.
//!
//! Aim: at least 3 times at 64 clients. What it shows: many shards and many entities share one disk's syncs.

mod common;

use std::sync::Arc;

use anyhow::Result;
use common::{load, postgres::Postgres, report, shop::Shop};
use souk::load::rng::Rng;

const CLIENTS: [usize; 3] = [1, 16, 64];
const SKUS: usize = 10_000;
const UNITS: u32 = 1_000_000;

fn picker(skus: &Arc<[Arc<str>]>, client: usize) -> impl FnMut() -> Arc<str> + Send + use<> {
    let (skus, mut rng) = (skus.clone(), Rng::new(client as u64));
    move || skus[rng.below(SKUS)].clone()
}

fn main() -> Result<()> {
    let mut criterion = load::criterion();
    let runtime = tokio::runtime::Runtime::new()?;
    let mut group = criterion.benchmark_group("cold_skus");
    let skus: Arc<[Arc<str>]> = (0..SKUS).map(|n| format!("SKU-{n:05}").into()).collect();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());

    let shop = Shop::start(&runtime)?;
    shop.stock(&runtime, &skus, UNITS)?;
    for clients in CLIENTS {
        let holders = shop.holders(clients, |client| picker(&skus, client));
        ours.extend(load::measure(&mut group, "souk", &runtime, holders, |_, _| ()));
    }
    shop.stop(&runtime);

    if let Some(postgres) = Postgres::start(&runtime) {
        runtime.block_on(postgres.stock(&skus, i64::from(UNITS)))?;
        for clients in CLIENTS {
            let holders = postgres.holders(&runtime, clients, |client| picker(&skus, client))?;
            theirs.extend(load::measure(&mut group, "postgresql", &runtime, holders, |_, _| ()));
        }
    }
    group.finish();
    criterion.final_summary();
    let aim = report::Aim { clients: 64, times: 3.0 };
    report::table("cold_skus: durable holds on 10,000 SKUs", "holds", &ours, "PostgreSQL", &theirs, &aim);
    Ok(())
}
