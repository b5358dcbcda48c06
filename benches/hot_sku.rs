//! Demand for one SKU: durable holds a second on it, through the whole actor path (gateway, shard, entity, group
//! commit, sled, fdatasync), against PostgreSQL 15's row lock in the same run.
//!
//! Aim: at least 30 times at 64 clients. A SKU is retired after 200,000 holds, a flash sale's worth, on both sides.

mod common;

use anyhow::{Result, ensure};
use common::{hot::Hot, load, postgres::Postgres, report, shop::Shop};

const CLIENTS: [usize; 3] = [1, 16, 64];
const UNITS: u32 = 100_000_000;

fn main() -> Result<()> {
    let mut criterion = load::criterion();
    let runtime = tokio::runtime::Runtime::new()?;
    let mut group = criterion.benchmark_group("hot_sku");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());

    let (shop, hot) = (Shop::start(&runtime)?, Hot::new(|_| true));
    shop.stock(&runtime, &hot.skus, UNITS)?;
    for clients in CLIENTS {
        let holders = shop.holders(clients, |_| hot.picker());
        ours.extend(load::measure(&mut group, "souk", &runtime, holders, |_, holds| hot.prepare(holds)));
        let (sku, asked) = hot.sku();
        let held = shop.held(&runtime, &sku)?;
        ensure!(held == asked, "{asked} holds were acknowledged on {sku}, {held} are there");
    }
    shop.stop(&runtime);

    if let Some(postgres) = Postgres::start(&runtime) {
        let hot = Hot::new(|_| true);
        runtime.block_on(postgres.stock(&hot.skus, i64::from(UNITS)))?;
        for clients in CLIENTS {
            let holders = postgres.holders(&runtime, clients, |_| hot.picker())?;
            theirs.extend(load::measure(&mut group, "postgresql", &runtime, holders, |_, holds| hot.prepare(holds)));
        }
    }
    group.finish();
    criterion.final_summary();
    let aim = report::Aim { clients: 64, times: 30.0 };
    report::table("hot_sku: durable holds on one SKU", "holds", &ours, "PostgreSQL", &theirs, &aim);
    Ok(())
}
