//! A shop whose old records are damaged: it says so at its door, and sells on.

use std::{fs, path::Path, sync::Mutex};

use serde_json::json;
use souk::{
    app,
    catalogue::shopify::{self, Asked},
    config::Config,
    domain::money::Currency,
};

use crate::{
    record_copies::{copies, flip},
    shop::{Shop, eventually},
};

const SEGMENT: usize = 2 << 20;

/// Every copy of one record that no start reads: it is not in the page of the very first one, not among the 64 newest,
/// and not in the log's newest segment, from which on sled reads.
fn flip_an_old_record(db: &Path) {
    let mut bytes = fs::read(db).expect("bytes");
    let copies = copies(&bytes);
    let (end, newest) = copies.last_key_value().expect("records");
    let read = |at: &usize| newest.iter().any(|newest| newest / SEGMENT == at / SEGMENT);
    let old = |(seq, copies): &(&u64, &Vec<usize>)| (20..end - 64).contains(*seq) && !copies.iter().any(read);
    let (_, old) = copies.iter().find(old).expect("an old record");
    flip(&mut bytes, old);
    fs::write(db, bytes).expect("written");
}

/// More than one segment of the log.
async fn goods(shop: &Shop, file: &Path) {
    let row = |n: usize| format!("more-{n},More {n},Things,true,MORE-{n},5,{n}.99,{}\n", "words ".repeat(1_500));
    let head = "Handle,Title,Type,Published,Variant SKU,Variant Inventory Qty,Variant Price,Body (HTML)\n";
    fs::write(file, head.to_owned() + &(1..=300).map(row).collect::<String>()).expect("a file");
    let asked = Asked::new(Currency::EUR);
    let gateway = &shop.app().engine.gateway;
    shopify::import(gateway, file, asked, "test".into(), |_, _| {}).await.expect("an import");
}

/// Handles of the shop before are gone a moment after its end.
async fn started(config: &Config) -> app::Shop {
    let started = Mutex::new(None);
    eventually("the directory is free", async || match app::Shop::start(config, false).await {
        Ok(app) => started.lock().expect("no panic holds it").replace(app).is_none(),
        Err(error) => {
            assert!(error.to_string().contains("opened by process"), "{error}");
            false
        }
    })
    .await;
    started.into_inner().expect("no panic holds it").expect("started")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_in_old_records_degrades_the_shop_and_stops_nothing() {
    let mut kept = None;
    let mut shop = Shop::with(|config| {
        config.actors.shards = 1;
        kept = Some(config.clone());
    })
    .await;
    let config = kept.expect("the shop's");
    let file = config.data.dir.with_extension("csv");
    goods(&shop, &file).await;
    let (first, dir) = shop.leave();
    first.stop().await;
    // Each start writes a snapshot, and reads from the newest on.
    for harmed in [false, false, true] {
        if harmed {
            flip_an_old_record(&config.data.dir.join("journal/journal/db"));
        }
        let app = started(&config).await;
        shop.url = format!("http://{}", app.address);
        if harmed {
            eventually("it says so", async || shop.guest().get("/readyz").await.ok()["status"] == "degraded").await;
            let (staff, guest) = (shop.staff().get("/readyz").await.ok(), shop.guest().get("/readyz").await.ok());
            assert_eq!(staff["damage"]["shard"], 0, "{staff}");
            assert!(staff["damage"]["records"].as_u64() >= Some(1), "{staff}");
            assert_eq!(guest["damage"], json!(null), "a stranger learns no more: {guest}");
            let measured = shop.metrics().await;
            assert!(measured.contains("souk_journal_damaged_records"), "{measured}");
        } else {
            assert_eq!(shop.guest().get("/readyz").await.ok()["status"], "ready");
        }
        let sku = shop.sku_with(80).await;
        for _ in 0..70 {
            shop.guest().put_in_cart(&sku, 1).await;
        }
        shop.guest().buy(&sku, 1).await;
        app.stop().await;
    }
    drop(dir);
}
