//! The built binary, killed with -9 at random moments under load, and the state afterwards.
//!
//! `SOUK_CRASHES=500` kills it more often, `SOUK_SEED=<seed>` repeats the moments and the people's choices
//! (not the machine's scheduling). Absent on purpose: a machine that loses power, which `kill -9` is not;
//! the journal's own tests count the syncs that stand against that.

#[path = "crash/checks.rs"]
mod checks;
#[path = "crash/client.rs"]
mod client;
#[path = "crash/live.rs"]
mod live;
#[path = "crash/load.rs"]
mod load;
#[path = "crash/process.rs"]
mod process;
#[path = "simulation/rng.rs"]
mod rng;
#[path = "crash/sample.rs"]
mod sample;
#[path = "crash/term.rs"]
mod term;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use client::{Call, Person};
use live::Viewer;
use load::Site;
use process::Home;
use rng::{Rng, number};
use tokio::time::sleep;

/// Units of each SKU before anybody buys.
pub const FIRST_STOCK: u64 = 30;
const SKUS: usize = 5;
pub const SHOPPERS: usize = 6;
/// One life in so many begins without the state store.
const WITHOUT_STATE: u64 = 6;
/// One crash in so many is followed by `souk journal verify`.
const VERIFIED: u64 = 10;

/// Printed, so that a failure can be looked at again.
pub fn seeded() -> Rng {
    let seed = number("SOUK_SEED").unwrap_or_else(|| u64::from(std::process::id()) ^ 0x50_75_6b);
    println!("SOUK_SEED={seed}");
    Rng::new(seed)
}

/// A shop with a few SKUs, short holds and a quick provider.
pub async fn small_shop() -> (Home, Vec<String>) {
    let home = Home::new(&[
        ("SOUK_SHOP__HOLD_TTL_MS", "2500"),
        ("SOUK_PAYMENTS__SANDBOX__SLOW_MS", "150"),
        ("SOUK_PAYMENTS__SANDBOX__TIMEOUT_MS", "200"),
        ("SOUK_PAYMENTS__SANDBOX__WEBHOOK_DELAY_MS", "30"),
        ("SOUK_PAYMENTS__SANDBOX__DUPLICATE_WEBHOOKS", "true"),
        ("SOUK_STATE__FLUSH_INTERVAL_MS", "100"),
        ("SOUK_ACTORS__SHARDS", "8"),
        ("SOUK_LOG__FILTER", "warn"),
    ]);
    let skus: Vec<_> = (0..SKUS).map(|n| format!("MUG-{n}")).collect();
    let mut csv =
        "Handle,Title,Vendor,Type,Published,Variant SKU,Variant Inventory Qty,Variant Price,Status\n".to_owned();
    for (n, sku) in skus.iter().enumerate() {
        csv += &format!("mug-{n},Mug {n},Oda,Mugs,TRUE,{sku},{FIRST_STOCK},{n}9.90,active\n");
    }
    let file = home.write("mugs.csv", &csv);
    let said = home.run(&["import", file.to_str().expect("a path")]).await.ok();
    assert!(said.contains("5 products with 5 variants imported"), "{said}");
    (home, skus)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_every_kill() {
    let (crashes, rng, started) = (number("SOUK_CRASHES").unwrap_or(50), seeded(), Instant::now());
    let (home, skus) = small_shop().await;
    let first = home.serve(&[]).await;
    let site = Site::new(Person::staff(&first.url).await, SHOPPERS, skus);
    first.kill().await;
    let people = site.spawn(&rng);
    let mut shown = HashMap::new();
    for life in 1..=crashes {
        one_life(&home, &site, life, &rng, &mut shown).await;
        if life % VERIFIED == 0 {
            home.run(&["journal", "verify"]).await.ok();
        }
    }
    let server = home.serve(&[]).await;
    site.opens(crashes + 1, &server);
    site.closing.store(true, Ordering::Relaxed);
    for person in people {
        person.await.expect("nobody was told anything wrong");
    }
    let orders = checks::at_rest(&site, &server.url).await;
    checks::the_books_agree(&site, &server.url, &orders).await;
    let newest = versions_now(&site).await;
    Viewer::open(&server.url, &site.skus, &shown).await.reaches(&newest).await;
    server.terminate().await;
    println!("{}", home.run(&["journal", "verify"]).await.ok());
    assert_something_happened(&site, crashes, orders.len());
    println!("{crashes} crashes, {} orders, {:?}", orders.len(), started.elapsed());
}

/// Start, look, serve for a moment, kill.
async fn one_life(home: &Home, site: &Arc<Site>, life: u64, rng: &Rng, shown: &mut HashMap<String, u64>) {
    if rng.one_in(WITHOUT_STATE) {
        std::fs::remove_dir_all(home.data.join("state")).expect("a state store");
    }
    let server = home.serve(&[]).await;
    newer(shown, checks::acknowledged(&site.book.lock().unwrap()));
    let viewer = Viewer::open(&server.url, &site.skus, shown).await.watch();
    site.opens(life, &server);
    checks::nothing_is_lost(site).await;
    // The moment of the kill, nothing else: no synchronisation.
    sleep(Duration::from_millis(50 + rng.below(450))).await;
    assert!(!viewer.is_finished(), "life {life}: the live socket ended by itself, or showed something wrong");
    site.closes();
    server.kill().await;
    // The next life must show every version that this one showed.
    newer(shown, viewer.await.expect("no frame went back"));
}

fn newer(known: &mut HashMap<String, u64>, seen: HashMap<String, u64>) {
    for (sku, version) in seen {
        let known = known.entry(sku).or_default();
        *known = version.max(*known);
    }
}

async fn versions_now(site: &Site) -> HashMap<String, u64> {
    let mut versions = HashMap::new();
    for sku in &site.skus {
        let stock = site.ask(&site.staff, &Call::get(format!("/api/stock/{sku}"))).await.ok();
        versions.insert(sku.clone(), stock["version"].as_u64().expect("a version"));
    }
    versions
}

/// A run without a sale, a refusal or a lost response proves nothing.
fn assert_something_happened(site: &Site, crashes: u64, orders: usize) {
    let book = site.book.lock().unwrap();
    let in_doubt = site.in_doubt.load(Ordering::Relaxed);
    println!(
        "{} receipts, {} placed, {} paid, {} cancelled, {} refused, {} declined, {in_doubt} answers lost",
        book.receipts.len(),
        book.placed.len(),
        book.paid.len(),
        book.cancelled.len(),
        book.refused.len(),
        book.declined
    );
    let each = [orders, book.receipts.len(), book.paid.len()];
    let each = each.map(|n| n as u64);
    assert!(each.iter().all(|n| *n >= crashes / 2) && in_doubt > 0, "nothing much happened");
}
