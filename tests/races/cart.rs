//! A cart that changes while it is being bought.

use std::collections::BTreeMap;

use futures::future::{join, join_all};
use hyper::Method;
use serde_json::{Value, json};

use crate::shop::{Answer, Person, Shop, eventually, fresh_key, text};

const SHOPPERS: usize = 48;

/// Units by SKU.
fn units(lines: &Value) -> BTreeMap<String, i64> {
    let lines = lines.as_array().expect("lines").iter();
    lines.map(|line| (text(&line["sku"]).to_owned(), line["quantity"].as_i64().expect("a quantity"))).collect()
}

async fn add(shopper: &Person<'_>, sku: &str) {
    shopper.post("/api/cart/lines", json!([{"sku": sku, "quantity": 1}])).await.ok();
}

/// Adds at some moment of a checkout or a payment: after as many other requests as `n` says.
async fn add_meanwhile(shopper: &Person<'_>, first: &str, second: &str, n: usize) {
    for _ in 0..n % 6 {
        shopper.get("/api/cart").await.ok();
    }
    add(shopper, first).await;
    add(shopper, second).await;
}

async fn buy(shop: &Shop, shopper: &Person<'_>, cheap: &str, dear: &str, n: usize) -> Value {
    shopper.put_in_cart(cheap, 1).await;
    let key = fresh_key();
    let (placed, ()) = join(shopper.check_out_with(&key), add_meanwhile(shopper, dear, cheap, n)).await;
    let order = placed.created();
    let (paid, ()) = join(shopper.pay(&order, "tok_ok"), add_meanwhile(shopper, dear, cheap, n / 6)).await;
    let payment = paid.created();

    // The shipped lines are the priced ones, and the priced sum is the paid one.
    let order = shop.staff().get(&format!("/api/orders/{}", text(&order["id"]))).await.ok();
    let priced: i64 = order["lines"].as_array().expect("lines").iter().map(worth).sum();
    assert_eq!(order["totals"]["items"]["amount"], priced);
    assert_eq!(payment["amount"], order["totals"]["total"]);
    let stock = order["stock"].as_array().expect("stock").iter();
    let held: BTreeMap<_, _> =
        stock.map(|line| (text(&line["sku"]).to_owned(), line["units"].as_i64().expect("units"))).collect();
    assert_eq!(held, units(&order["lines"]));

    // Nothing is lost either: units added and not bought are still in the cart.
    let bought = units(&order["lines"]);
    let kept = async || {
        let left = units(&shopper.get("/api/cart").await.ok()["lines"]);
        let total = |sku: &str| bought.get(sku).unwrap_or(&0) + left.get(sku).unwrap_or(&0);
        (total(cheap), total(dear)) == (3, 2)
    };
    eventually("the cart holds what was not bought", kept).await;
    order
}

fn worth(line: &Value) -> i64 {
    line["quantity"].as_i64().expect("units") * line["unit_price"]["amount"].as_i64().expect("a price")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_added_during_checkout_is_never_shipped_unpaid() {
    let shop = Shop::with(|_| {}).await;
    let (cheap, dear) = (shop.sku_with(1_000).await, shop.sku_with(1_000).await);
    let shoppers: Vec<_> = (0..SHOPPERS).map(|_| shop.guest()).collect();
    let orders = join_all(shoppers.iter().enumerate().map(|(n, shopper)| buy(&shop, shopper, &cheap, &dear, n))).await;
    for sku in [&cheap, &dear] {
        let sold: i64 = orders.iter().map(|order| *units(&order["lines"]).get(sku).unwrap_or(&0)).sum();
        assert_eq!(shop.levels(sku).await["committed"], sold, "{sku}");
    }
    let staff = shop.staff();
    for order in &orders {
        let path = format!("/api/orders/{}", text(&order["id"]));
        staff.post(&format!("{path}/transitions"), json!({"to": "processing"})).await.ok();
        let more = units(&order["lines"]).get(&dear).unwrap_or(&0) + 1;
        let parcel = json!({"lines": [{"sku": dear, "quantity": more}]});
        let path = format!("{path}/fulfilments");
        let problem = staff.keyed(Method::POST, &path, &fresh_key(), parcel).await.refused(409, "ships_too_many");
        assert_eq!(problem["requested"], more);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_writes_on_one_version_one_wins() {
    let shop = Shop::with(|_| {}).await;
    let (sku, shopper) = (shop.sku_with(50).await, shop.guest());
    for round in 0..20 {
        shopper.put_in_cart(&sku, 20 + round).await;
        let seen = shopper.get("/api/cart").await.etag().to_owned();
        let path = format!("/api/cart/lines/{sku}");
        let write = |quantity: i64| {
            let (shopper, path, seen) = (&shopper, &path, &seen);
            async move {
                let body = json!({"quantity": quantity});
                (quantity, shopper.send(Method::PUT, path, &[("if-match", seen)], Some(body)).await)
            }
        };
        let answers = join_all((1..=8).map(write)).await;
        let won: Vec<_> = answers.iter().filter(|(_, answer)| answer.status == 200).map(|(units, _)| *units).collect();
        assert_eq!(won.len(), 1, "round {round}");
        let version = |answer: Answer| answer.refused(412, "version_conflict")["expected"].to_string();
        for (_, answer) in answers.into_iter().filter(|(_, answer)| answer.status != 200) {
            assert_eq!(format!("\"{}\"", version(answer)), seen);
        }
        assert_eq!(units(&shopper.get("/api/cart").await.ok()["lines"])[&sku], won[0]);
    }
}
