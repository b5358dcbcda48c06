//! A flash sale: 400 buyers behind 64 connections want one of 200 units, and each goes through the whole checkout.

use std::collections::BTreeSet;

use futures::{StreamExt, stream};
use serde_json::{Value, json};

use super::watcher::Watcher;
use crate::shop::{Shop, assert_balanced, eventually, fresh_key, text};

const BUYERS: usize = 400;
const CLIENTS: usize = 64;
const UNITS: usize = 200;

/// `Some`: the paid order.
async fn buyer(shop: &Shop, sku: &str) -> Option<Value> {
    let buyer = shop.guest();
    buyer.put_in_cart(sku, 1).await;
    let answer = buyer.check_out_with(&fresh_key()).await;
    if answer.status != 201 {
        let problem = answer.refused(409, "out_of_stock");
        assert_eq!(problem["lines"], json!([{"sku": sku, "requested": 1, "available": 0, "availability": "out"}]));
        return None;
    }
    let order = answer.created();
    buyer.pay(&order, "tok_ok").await.created();
    Some(buyer.get(&format!("/api/orders/{}", text(&order["id"]))).await.ok())
}

async fn verified_orders(shop: &Shop) -> BTreeSet<String> {
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = shop.staff().get(&format!("/api/orders/status/verified?limit=100{cursor}")).await.ok();
        ids.extend(page["items"].as_array().expect("a page").iter().map(|order| text(&order["id"]).to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sells_every_unit_once_and_takes_no_money_beyond() {
    let shop = Shop::with(|config| config.live.public_stock_counts = true).await;
    let sku = shop.sku_with(UNITS as i64).await;
    let mut watcher = Watcher::of(&shop, &format!("stock.{sku}")).await;
    assert_eq!(watcher.next().await["available"], UNITS);

    let buyers = (0..BUYERS).map(|_| buyer(&shop, &sku));
    let outcomes: Vec<_> = stream::iter(buyers).buffer_unordered(CLIENTS).collect().await;
    let sold: Vec<Value> = outcomes.into_iter().flatten().collect();
    assert_eq!(sold.len(), UNITS, "and {} refusals", BUYERS - sold.len());
    assert!(sold.iter().all(|order| order["status"] == "verified"));
    let ids: BTreeSet<_> = sold.iter().map(|order| text(&order["id"]).to_owned()).collect();
    assert_eq!(verified_orders(&shop).await, ids);
    let numbers: BTreeSet<_> = sold.iter().map(|order| order["number"].as_u64().expect("a number")).collect();
    assert_eq!(numbers.len(), UNITS, "each order has its own number");

    let sum: i64 = sold.iter().map(|order| order["totals"]["total"]["amount"].as_i64().expect("a total")).sum();
    let totals = || shop.app().sandbox.as_ref().expect("the sandbox").ledger().totals();
    eventually("every payment is captured", async || totals().captured == sum).await;
    let books = totals();
    assert_eq!((books.charges, books.authorized), (UNITS as u64, sum), "nothing was authorised beyond");
    assert_eq!((books.refunded, books.voided), (0, 0));

    let page = shop.staff().get(&format!("/api/stock?q={sku}")).await.ok();
    let levels = &page["items"][0];
    assert_balanced(levels);
    assert_eq!((&levels["committed"], &levels["available"], &levels["held"]), (&json!(UNITS), &json!(0), &json!(0)));
    let version = levels["version"].as_u64().expect("a version");
    assert_eq!(watcher.until(version).await["available"], 0);
}
