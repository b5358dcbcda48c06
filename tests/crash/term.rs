//! SIGTERM under load, and a state store that is gone: an orderly end loses nothing and leaves no work to recover.

use std::{
    collections::HashMap,
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use crate::{
    SHOPPERS, checks,
    client::{Call, Person},
    live::Viewer,
    load::Site,
    seeded, small_shop,
};

/// From the start of the process to its first response, in a debug build on a busy machine.
const QUICK: Duration = Duration::from_secs(5);
const ROUNDS: u64 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_under_load_loses_nothing_and_the_next_start_is_quick() {
    let rng = seeded();
    let (home, skus) = small_shop().await;
    let first = home.serve(&[]).await;
    let site = Site::new(Person::staff(&first.url).await, SHOPPERS, skus);
    first.terminate().await;
    let people = site.spawn(&rng);
    for life in 1..=ROUNDS {
        let started = Instant::now();
        let server = home.serve(&[]).await;
        assert!(started.elapsed() < QUICK, "the start took {:?}", started.elapsed());
        site.opens(life, &server);
        checks::nothing_is_lost(&site).await;
        wait_for_sales(&site, life).await;
        // People continue while the server drains: every command still accepted is kept.
        server.terminate().await;
        site.closes();
    }
    std::fs::remove_dir_all(home.data.join("state")).expect("a state store");
    let server = home.serve(&[]).await;
    site.opens(ROUNDS + 1, &server);
    checks::nothing_is_lost(&site).await;
    site.closing.store(true, Ordering::Relaxed);
    for person in people {
        person.await.expect("nobody was told anything wrong");
    }
    let orders = checks::at_rest(&site, &server.url).await;
    checks::the_books_agree(&site, &server.url, &orders).await;
    server.terminate().await;
    home.run(&["journal", "verify"]).await.ok();
}

/// So that each life ends with work in flight.
async fn wait_for_sales(site: &Site, life: u64) {
    let sold = || site.book.lock().unwrap().placed.len() as u64;
    let wanted = sold() + 5;
    let call = Call::get("/api/shipping-methods");
    let started = Instant::now();
    while sold() < wanted {
        site.ask(&site.staff, &call).await.ok();
        assert!(started.elapsed() < Duration::from_secs(30), "life {life} sells nothing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_state_store_is_rebuilt_to_the_same_answers() {
    let rng = seeded();
    let (home, skus) = small_shop().await;
    let server = home.serve(&[]).await;
    let site = Site::new(Person::staff(&server.url).await, SHOPPERS, skus);
    site.opens(1, &server);
    let people = site.spawn(&rng);
    wait_for_sales(&site, 1).await;
    site.closing.store(true, Ordering::Relaxed);
    for person in people {
        person.await.expect("nobody was told anything wrong");
    }
    checks::at_rest(&site, &server.url).await;
    // An orderly end writes every index row; later responses are complete.
    server.terminate().await;
    let server = home.serve(&[]).await;
    site.opens(2, &server);
    let before = answers(&site, &server.url).await;
    server.kill().await;
    std::fs::remove_dir_all(home.data.join("state")).expect("a state store");
    let server = home.serve(&[]).await;
    site.opens(3, &server);
    let started = Instant::now();
    loop {
        let rebuilt = answers(&site, &server.url).await;
        if rebuilt == before {
            break;
        }
        // Rows are written behind, a fraction of a second.
        assert!(started.elapsed() < Duration::from_secs(10), "{rebuilt:#?} was {before:#?}");
    }
    Viewer::open(&server.url, &site.skus, &HashMap::new()).await.reaches(&crate::versions_now(&site).await).await;
    server.terminate().await;
}

/// Every list, each made from another index.
async fn answers(site: &Site, url: &str) -> Vec<serde_json::Value> {
    let mut all = Vec::new();
    for path in [
        "/api/orders",
        "/api/orders?status=verified",
        "/api/payments",
        "/api/stock",
        "/api/products",
        "/api/stock?below_threshold=true",
    ] {
        all.extend(site.staff.list(url, path).await);
    }
    all
}
