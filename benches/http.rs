//! The shop over HTTP: product lists, add to cart, whole checkouts (cart, stock held, paid, verified) and holds on
//! one hot SKU, at 1, 16 and 64 keep-alive connections, with p50, p99 and the server's CPU time for each.
//!
//! The clients run on the same machine and take their share of it. Aims: 200 times what Vendure 3.7.3 on PostgreSQL 15
//! did at 16 connections on a machine of this kind (measured elsewhere, once, not in this run), and hot holds 8 times
//! PostgreSQL's row lock, asked directly, in this run.

mod common;

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use common::{
    load::{self, Figures},
    postgres::Postgres,
    report::{Aim, table, time, verdict},
    server::{self, Server},
    shopper::{Shelf, Shopper, What},
};

const CONNECTIONS: [usize; 3] = [1, 16, 64];
/// Measured for this project before it began: 2 cores shared by server, database and client, 16 connections.
const VENDURE: [(What, f64); 4] =
    [(What::List, 54.0), (What::AddToNewCart, 94.0), (What::AddToGrowingCart, 69.0), (What::Checkout, 10.0)];
const AIM: f64 = 200.0;
const UNITS: i64 = 100_000_000;

struct Line {
    what: What,
    figures: Figures,
    cpu: Duration,
}

fn main() -> Result<()> {
    if server::served()? {
        return Ok(());
    }
    let mut criterion = load::criterion();
    // Named, so that a profile tells the clients from the server.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("bench-client").build()?;
    let server = Server::start()?;
    let shelf = Arc::new(runtime.block_on(Shelf::look(server.address, &server.superadmin_password))?);
    let mut group = criterion.benchmark_group("http");
    let mut lines = Vec::new();
    let orders = [What::List, What::AddToNewCart, What::AddToGrowingCart, What::Checkout, What::HotHold];
    for (what, connections) in orders.into_iter().flat_map(|what| CONNECTIONS.map(|n| (what, n))) {
        let shoppers = runtime.block_on(Shopper::open(&shelf, what, connections))?;
        let before = server.cpu()?;
        let figures = load::measure(&mut group, what.name(), &runtime, shoppers, |_, _| ());
        let cpu = server.cpu()? - before;
        lines.extend(figures.map(|figures| Line { what, figures, cpu }));
    }
    server.stop()?;

    let mut theirs = Vec::new();
    if let Some(postgres) = Postgres::start(&runtime) {
        let skus: [Arc<str>; 1] = ["HOT".into()];
        runtime.block_on(postgres.stock(&skus, UNITS))?;
        for clients in CONNECTIONS {
            let holders = postgres.holders(&runtime, clients, |_| || Arc::<str>::from("HOT"))?;
            theirs.extend(load::measure(&mut group, "postgresql", &runtime, holders, |_, _| ()));
        }
    }
    group.finish();
    criterion.final_summary();
    report(&lines, &theirs);
    Ok(())
}

fn report(lines: &[Line], theirs: &[Figures]) {
    println!("\nhttp: requests to the whole shop; Vendure's figures were measured elsewhere, not in this run");
    println!(
        "  {:<20} {:>11} {:>10} {:>9} {:>9} {:>14} | {:>9} {:>7}",
        "what", "connections", "each s", "p50", "p99", "server CPU", "Vendure", "times"
    );
    for Line { what, figures, cpu } in lines {
        let cpu = cpu.as_secs_f64() * 1e6 / figures.done as f64;
        let line = format!(
            "  {:<20} {:>11} {:>10.0} {:>9} {:>9} {:>11.0} us",
            what.name(),
            figures.clients,
            figures.rate,
            time(figures.p50_us),
            time(figures.p99_us),
            cpu
        );
        match VENDURE.iter().find(|(theirs, _)| theirs == what && figures.clients == 16) {
            Some((_, theirs)) => {
                let times = figures.rate / theirs;
                println!("{line} | {theirs:>9.0} {times:>7.0}  (at least {AIM}: {})", verdict(times >= AIM));
            }
            None => println!("{line} |"),
        }
    }
    let holds: Vec<_> = lines.iter().filter(|line| line.what == What::HotHold).map(|line| line.figures).collect();
    let title = "http: durable holds on one SKU over HTTP, against PostgreSQL asked directly";
    table(title, "holds", &holds, "PostgreSQL", theirs, &Aim { clients: 64, times: 8.0 });
}
