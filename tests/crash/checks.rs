//! The invariants right after a crash, and the invariants of the settled shop.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    client::{Call, text},
    load::{Book, Site},
};

/// Holds of the test live for seconds; a loaded machine may take its time.
const REST_MAX: Duration = Duration::from_secs(40);
/// The newest acknowledgements, looked at in each life.
const NEWEST: usize = 6;
/// Receipts repeated at the end, for each SKU: fewer than the ids that a SKU remembers.
const RETRIED: usize = 40;

async fn get(site: &Site, path: &str) -> Value {
    site.ask(&site.staff, &Call::get(path)).await.ok()
}

/// The newest versions that were acknowledged, by SKU.
pub fn acknowledged(book: &Book) -> HashMap<String, u64> {
    let mut newest = HashMap::new();
    for told in &book.receipts {
        let version = told.json["version"].as_u64().expect("a version");
        let known = newest.entry(text(&told.json["sku"]).to_owned()).or_insert(0);
        *known = version.max(*known);
    }
    newest
}

/// G2, right after a restart: nothing that was acknowledged is missing.
pub async fn nothing_is_lost(site: &Site) {
    let (versions, placed, numbered) = {
        let book = site.book.lock().unwrap();
        let placed: Vec<Value> = book.placed.iter().rev().take(NEWEST).map(|told| told.json.clone()).collect();
        let numbered: Vec<_> = book.numbered.iter().rev().take(NEWEST).cloned().collect();
        (acknowledged(&book), placed, numbered)
    };
    for (sku, version) in versions {
        let now = get(site, &format!("/api/stock/{sku}")).await;
        assert!(now["version"].as_u64() >= Some(version), "{sku} was at version {version}: {now}");
    }
    for order in placed {
        let now = get(site, &format!("/api/orders/{}", text(&order["id"]))).await;
        assert!(now["version"].as_u64() >= order["version"].as_u64(), "{order} became {now}");
    }
    for (order, number) in numbered {
        assert_eq!(get(site, &format!("/api/orders/{order}")).await["number"], number, "order {order}");
    }
}

/// G4: left alone, every order ends sold or undone. Gives the orders.
pub async fn at_rest(site: &Site, url: &str) -> Vec<Value> {
    let started = Instant::now();
    loop {
        let orders = site.staff.list(url, "/api/orders").await;
        let restless: Vec<&Value> = orders.iter().filter(|order| !rests(order)).collect();
        let listed: HashSet<&str> = orders.iter().map(|order| text(&order["id"])).collect();
        let known = {
            let book = site.book.lock().unwrap();
            let placed = book.placed.iter().map(|told| text(&told.json["id"]));
            placed.chain(book.refused.iter().map(String::as_str)).all(|order| listed.contains(order))
        };
        if restless.is_empty() && known {
            return orders;
        }
        assert!(started.elapsed() < REST_MAX, "orders are missing ({}) or restless: {restless:#?}", !known);
    }
}

fn rests(order: &Value) -> bool {
    let (status, payment) = (text(&order["status"]), text(&order["payment_status"]));
    let lines = order["stock"].as_array().expect("stock lines");
    let all = |states: &[&str]| lines.iter().all(|line| states.contains(&text(&line["state"])));
    match status {
        "verified" => payment == "captured" && all(&["committed"]),
        "rejected" | "expired" | "cancelled" => {
            all(&["released", "refused", "lost"]) && ["none", "failed", "voided", "refunded"].contains(&payment)
        }
        _ => false,
    }
}

/// All invariants of a settled shop.
pub async fn the_books_agree(site: &Site, url: &str, orders: &[Value]) {
    stock_adds_up(site, orders).await;
    money_follows_goods(site, url, orders).await;
    every_acknowledgement_stands(site, orders);
    retries_answer_the_same(site).await;
}

/// G1, and each receipt exactly once.
async fn stock_adds_up(site: &Site, orders: &[Value]) {
    let mut owned: BTreeMap<&str, u64> = BTreeMap::new();
    let sold = orders.iter().filter(|order| order["status"] == "verified");
    for line in sold.flat_map(|order| order["stock"].as_array().expect("stock lines")) {
        *owned.entry(text(&line["sku"])).or_default() += line["units"].as_u64().expect("units");
    }
    for sku in &site.skus {
        let stock = get(site, &format!("/api/stock/{sku}")).await;
        let level = |name: &str| stock[name].as_i64().unwrap_or_else(|| panic!("no {name}: {stock}"));
        let places = ["available", "held", "committed", "shipped"].map(level);
        assert!(places.iter().all(|units| *units >= 0), "{stock}");
        assert_eq!(places.iter().sum::<i64>(), level("received") + level("adjusted"), "G1: {stock}");
        assert_eq!(level("held"), 0, "at rest nothing is held: {stock}");
        assert_eq!(level("committed") as u64, owned.get(sku.as_str()).copied().unwrap_or(0), "{stock}");
        let delivered: u64 = {
            let book = site.book.lock().unwrap();
            let mine = book.receipts.iter().filter(|told| told.json["sku"] == sku.as_str());
            mine.map(|told| told.call.body.as_ref().expect("a body")["quantity"].as_u64().expect("units")).sum()
        };
        assert_eq!(level("received") as u64, crate::FIRST_STOCK + delivered, "receipts exactly once: {stock}");
        let movements = site.staff.list(&site.url(), &format!("/api/stock/{sku}/movements")).await;
        let booked = movements.iter().filter(|line| line["kind"] == "receipt" && line["reference"].is_string());
        let references: Vec<&str> = booked.map(|line| text(&line["reference"])).collect();
        let book = site.book.lock().unwrap();
        let keys: HashSet<&str> = book.receipts.iter().filter_map(|told| told.call.key.as_deref()).collect();
        let known: HashSet<&str> = references.iter().copied().filter(|reference| keys.contains(reference)).collect();
        let ours = book.receipts.iter().filter(|told| told.json["sku"] == sku.as_str()).count();
        assert_eq!(known.len(), ours, "each receipt of {sku} stands in the ledger");
        let repeated = references.iter().filter(|reference| keys.contains(**reference)).count() - known.len();
        assert_eq!(repeated, 0, "no receipt of {sku} stands there twice");
    }
}

/// No payment is kept for an order that is not sold, and every sold one is paid.
async fn money_follows_goods(site: &Site, url: &str, orders: &[Value]) {
    let status: HashMap<&str, &str> = orders.iter().map(|order| (text(&order["id"]), text(&order["status"]))).collect();
    let mut captured = 0;
    for payment in site.staff.list(url, "/api/payments").await {
        let order = status.get(text(&payment["order_id"])).copied().unwrap_or("unknown");
        match text(&payment["status"]) {
            "captured" => {
                assert_eq!(order, "verified", "money without goods: {payment}");
                captured += 1;
            }
            "failed" | "voided" => {}
            "refunded" => assert_eq!(payment["refunded"]["amount"], payment["amount"]["amount"], "{payment}"),
            _ => panic!("a payment at rest? {payment}"),
        }
    }
    let sold = orders.iter().filter(|order| order["status"] == "verified").count();
    assert_eq!(captured, sold, "one captured payment for each sold order");
}

fn every_acknowledgement_stands(site: &Site, orders: &[Value]) {
    let now: HashMap<&str, &Value> = orders.iter().map(|order| (text(&order["id"]), order)).collect();
    let book = site.book.lock().unwrap();
    for told in &book.placed {
        let order = now.get(text(&told.json["id"])).unwrap_or_else(|| panic!("lost: {}", told.json));
        for part in ["lines", "totals", "user_id", "placed_at"] {
            assert_eq!(order[part], told.json[part], "{part} of order {}", told.json["id"]);
        }
    }
    for order in &book.cancelled {
        assert_eq!(now[order.as_str()]["status"], "cancelled");
    }
    for told in &book.paid {
        let order = now[text(&told.json["order_id"])];
        let cancelled = book.cancelled.iter().any(|id| order["id"] == id.as_str());
        assert!(cancelled || order["status"] == "verified", "paid, and then: {order}");
    }
    for (order, number) in &book.numbered {
        assert_eq!(now[order.as_str()]["number"], *number);
    }
    let numbers: Vec<u64> = orders.iter().filter_map(|order| order["number"].as_u64()).collect();
    assert_eq!(numbers.iter().collect::<HashSet<_>>().len(), numbers.len(), "a number was given twice");
}

/// G3, long after: the same key, the same response.
async fn retries_answer_the_same(site: &Site) {
    let (receipts, placed, paid, cancelled) = {
        let book = site.book.lock().unwrap();
        let mut receipts = Vec::new();
        for sku in &site.skus {
            let mine = book.receipts.iter().rev().filter(|told| told.json["sku"] == sku.as_str());
            receipts.extend(mine.take(RETRIED).cloned());
        }
        (receipts, book.placed.clone(), book.paid.clone(), book.cancelled.clone())
    };
    for told in receipts {
        assert_eq!(site.ask(&site.staff, &told.call).await.ok(), told.json);
    }
    for told in placed {
        let again = site.ask(&site.guests[told.who], &told.call).await;
        assert_eq!((again.status, &again.json["id"]), (201, &told.json["id"]), "{}", again.json);
        assert_eq!(again.json["lines"], told.json["lines"]);
    }
    for told in paid.iter().filter(|told| !cancelled.iter().any(|order| told.json["order_id"] == order.as_str())) {
        let again = site.ask(&site.guests[told.who], &told.call).await;
        assert_eq!((again.status, &again.json["id"]), (201, &told.json["id"]), "{}", again.json);
    }
}
