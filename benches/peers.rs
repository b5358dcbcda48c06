//! Souk beside its peers, each doing the same work in the same run on the same machine: one table.
//!
//! `benches/peers/run.sh` installs the peers and runs this; by itself it compares with what is installed, and says what
//! is not. What is compared, with which settings, and what is not comparable: `benches/peers/README.md`.

#[path = "peers/audience.rs"]
mod audience;
#[path = "peers/buyer.rs"]
mod buyer;
mod common;
#[path = "peers/drive.rs"]
mod drive;
#[path = "peers/fanout.rs"]
mod fanout;
#[path = "peers/hot.rs"]
mod hot;
#[path = "peers/plan.rs"]
mod plan;
#[path = "peers/program.rs"]
mod program;
#[path = "peers/race.rs"]
mod race;
#[path = "peers/redis.rs"]
mod redis;
#[path = "peers/rows.rs"]
mod rows;
#[path = "peers/shop.rs"]
mod shop;
#[path = "peers/storefront.rs"]
mod storefront;
#[path = "peers/vendure.rs"]
mod vendure;

use anyhow::{Result, ensure};
use souk::load::usage;

fn main() -> Result<()> {
    let plan = plan::Plan::read(std::env::args().skip(1))?;
    // Every socket is an open file here and in the server, which inherits this.
    usage::allow_files()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("bench-client").build()?;
    let mut rows = rows::Rows::default();
    hot::compare(&plan, &runtime, &mut rows)?;
    fanout::compare(&plan, &runtime, &mut rows)?;
    storefront::compare(&plan, &runtime, &mut rows)?;
    rows.print();
    if let Some(file) = &plan.json {
        rows.write(file, plan.seconds)?;
    }
    ensure!(!rows.failed, "not every peer did its work: {}", rows.skipped.join("; "));
    Ok(())
}
