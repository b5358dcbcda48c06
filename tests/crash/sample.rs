//! The first start with `--sample`, killed in the middle: the next start continues, to exactly the same shop.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::time::timeout;

use crate::{
    client::{Call, Person, text},
    process::{Home, Server},
    seeded,
};

const KILLS: u64 = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_sample_load_is_resumed_to_the_same_shop() {
    let rng = seeded();
    let home = Home::new(&[("SOUK_LOG__FILTER", "warn")]);
    let whole = home.elsewhere(&home.file("whole"));
    let started = Instant::now();
    let server = whole.serve(&["--sample"]).await;
    let whole_load = started.elapsed();
    let expected = catalogue(&server).await;
    assert_eq!(expected.get("products").map(Vec::len), Some(450));
    server.terminate().await;

    let mut cut_short = 0;
    for _ in 0..KILLS {
        let mut starting = home.spawn(&["--sample"]);
        // The moment of the kill, within the time that a whole load takes on this machine.
        let moment = whole_load.mul_f64((10 + rng.below(60)) as f64 / 100.0);
        match timeout(moment, starting.first_line()).await {
            Err(_) => cut_short += 1,
            Ok(line) => assert!(line.is_some(), "the server ended by itself: {}", home.log()),
        }
        starting.kill().await;
    }
    assert!(cut_short > 0, "no load was cut short");
    let server = home.serve(&["--sample"]).await;
    let resumed = catalogue(&server).await;
    for (name, items) in &expected {
        assert_eq!(resumed[name].len(), items.len(), "{name}");
        for (found, wanted) in resumed[name].iter().zip(items) {
            assert_eq!(found, wanted, "{name}");
        }
    }
    server.terminate().await;
    home.run(&["journal", "verify"]).await.ok();
}

/// Products, categories and levels as staff sees them.
async fn catalogue(server: &Server) -> BTreeMap<&'static str, Vec<Value>> {
    let staff = Person::staff(&server.url).await;
    let products = staff.list(&server.url, "/api/products").await;
    let skus: usize = products.iter().map(|product| product["skus"].as_array().expect("SKUs").len()).sum();
    let started = Instant::now();
    // Lists are written behind, a fraction of a second.
    let stock = loop {
        let stock = staff.list(&server.url, "/api/stock").await;
        if stock.len() == skus {
            break stock;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{} of {skus} SKUs are listed", stock.len());
    };
    let mut all = BTreeMap::from([("products", products), ("stock", stock)]);
    let mut details = Vec::new();
    for product in all["products"].iter().step_by(20) {
        let call = Call::get(format!("/api/products/{}", text(&product["id"])));
        details.push(staff.send(&server.url, &call).await.expect("an answer").ok());
    }
    all.insert("details", details);
    let categories = staff.send(&server.url, &Call::get("/api/categories")).await.expect("an answer").ok();
    all.insert("categories", vec![categories]);
    all
}
