//! The hostile hour: attackers from addresses of their own do their worst, and honest buyers shop on.
//!
//! A minute by default; `SOUK_HOSTILE_SECONDS=3600` is the hour (`make hostile`). It prints what each attack cost, the
//! figures of `docs/security.md`. Deliberately absent: many addresses that attack together, which no single machine can
//! bound.

#[path = "hostile/attack.rs"]
mod attack;
#[path = "hostile/buyer.rs"]
mod buyer;
#[path = "crash/client.rs"]
mod client;
#[path = "hostile/guests.rs"]
mod guests;
#[path = "hostile/ids.rs"]
mod ids;
#[path = "hostile/listeners.rs"]
mod listeners;
#[path = "hostile/meter.rs"]
mod meter;
#[path = "hostile/minute.rs"]
mod minute;
#[path = "crash/process.rs"]
mod process;
#[path = "common/raw.rs"]
mod raw;
#[path = "simulation/rng.rs"]
mod rng;
#[path = "hostile/siege.rs"]
mod siege;
#[path = "hostile/stalled.rs"]
mod stalled;
#[path = "hostile/table.rs"]
mod table;
#[path = "hostile/toll.rs"]
mod toll;

use std::{sync::Arc, time::Duration};

use attack::Field;
use buyer::Market;
use client::{Call, Person, text};
use meter::{Lateness, Meter};
use minute::Run;
use process::Home;
use rng::Rng;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_buyers_shop_on_while_everything_is_attacked() {
    souk::load::usage::allow_sockets(5_000).expect("sockets for the attackers");
    let seed = number("SOUK_SEED").unwrap_or(15);
    println!("SOUK_SEED={seed}");
    let home = Home::new(&[]);
    let server = home.serve(&["--sample"]).await;
    let staff = Person::staff(&server.url).await;
    let levels = staff.list(&server.url, "/api/stock").await;
    let plenty = levels.iter().filter(|level| level["available"].as_u64() >= Some(12));
    let field =
        Arc::new(Field { url: server.url.clone(), skus: plenty.map(|level| text(&level["sku"]).to_owned()).collect() });
    let market = Market::new(&field, &Rng::new(seed));
    let meter = Meter::start(server.pid(), &home.data, &server.url).await;
    let lateness = Lateness::watch();
    let buyers = market.open();
    let run = Run { field, market, meter, time: Duration::from_secs(number("SOUK_HOSTILE_SECONDS").unwrap_or(60)) };
    let phases = run.all().await;
    let late = lateness.p99();
    run.market.close();
    for buyer in buyers {
        buyer.await.expect("no buyer fails");
    }
    table::print(&phases);
    println!("the machine was late by {late:?} (p99)");
    let ready = staff.send(&server.url, &Call::get("/readyz")).await.expect("an answer");
    assert_eq!(ready.status, 200, "{}", ready.json);
    server.terminate().await;
    println!("{}", home.run(&["journal", "verify"]).await.ok());
}
