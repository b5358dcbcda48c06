//! One cart, checked out more than once: the newer order takes the older one's place and its holds, and money of the
//! older one goes back whenever it comes.

use futures::future::join_all;
use hyper::Method;
use serde_json::{Value, json};
use souk::domain::order::CapturePolicy;

use super::money::{charged, restless, says, sold_and_captured, status, total};
use crate::shop::{Person, Shop, assert_balanced, checkout_body, eventually, fresh_key, text};

fn path(order: &Value) -> String {
    format!("/api/orders/{}", text(&order["id"]))
}

/// The same cart again, with a corrected address.
async fn again(who: &Person<'_>) -> Value {
    let mut body = checkout_body();
    body["shipping_address"]["line1"] = json!("13 St James's Square");
    who.keyed(Method::POST, "/api/checkout", &fresh_key(), body).await.created()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_unit_is_not_lost_to_ones_own_hold() {
    let shop = Shop::with(|_| {}).await;
    let (sku, shopper, key) = (shop.sku_with(1).await, shop.guest(), fresh_key());
    shopper.put_in_cart(&sku, 1).await;
    let first = shopper.check_out_with(&key).await.created();
    let second = again(&shopper).await;
    assert_eq!(second["status"], "awaiting_payment");
    let older = shopper.get(&path(&first)).await.ok();
    assert_eq!((&older["status"], &older["superseded_by"]), (&json!("cancelled"), &second["id"]));
    shopper.pay(&first, "tok_ok").await.refused(409, "order_not_payable");
    let repeated = shopper.check_out_with(&key).await.created();
    assert_eq!((&repeated["id"], &repeated["status"]), (&first["id"], &json!("cancelled")), "its key still names it");
    assert_eq!(shop.levels(&sku).await["held"], 1);
    // Somebody else's is another matter.
    let other = shop.guest();
    other.put_in_cart(&sku, 1).await;
    other.check_out_with(&fresh_key()).await.refused(409, "out_of_stock");
    shopper.pay(&second, "tok_ok").await.created();
    sold_and_captured(&shop, &shopper, &second).await;
    assert_eq!((charged(&shop, &first).charges, charged(&shop, &second).captured), (0, total(&second)));
    assert_balanced(&shop.levels(&sku).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cart_has_one_open_order_however_many_keys_ask() {
    let shop = Shop::with(|_| {}).await;
    let (sku, shopper) = (shop.sku_with(2).await, shop.guest());
    shopper.put_in_cart(&sku, 2).await;
    let keys: Vec<_> = (0..8).map(|_| fresh_key()).collect();
    let answers = join_all(keys.iter().map(|key| shopper.check_out_with(key))).await;
    for answer in answers {
        match answer.status {
            201 if answer.json["status"] == "cancelled" => assert!(answer.json["superseded_by"].is_string()),
            201 => assert_eq!(answer.json["status"], "awaiting_payment"),
            _ => assert!(answer.refused(409, "checkout_superseded")["order_id"].is_string()),
        }
    }
    let open = async || {
        let orders = shopper.get("/api/orders").await.ok();
        orders["items"].as_array().expect("a page").iter().filter(|order| order["status"] == "awaiting_payment").count()
    };
    eventually("one order is open, with its two units", async || {
        open().await == 1 && shop.levels(&sku).await["held"] == 2
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_met_an_empty_shelf_repeats_its_answer_and_a_new_one_asks_anew() {
    let shop = Shop::with(|_| {}).await;
    let (sku, shopper) = (shop.sku_with(1).await, shop.guest());
    shopper.put_in_cart(&sku, 3).await;
    let key = fresh_key();
    let refused = shopper.check_out_with(&key).await.refused(409, "out_of_stock");
    assert!(text(&refused["detail"]).contains("a new key"), "{refused}");
    let receipt = json!({"quantity": 2});
    shop.staff().keyed(Method::POST, &format!("/api/stock/{sku}/receipts"), &fresh_key(), receipt).await.ok();
    assert_eq!(shopper.check_out_with(&key).await.refused(409, "out_of_stock")["lines"], refused["lines"]);
    shopper.check_out_with(&fresh_key()).await.created();
}

async fn impatient() -> Shop {
    Shop::with(|config| {
        restless(config);
        config.shop.hold_ttl_ms = 1_500;
        config.actors.alarm_poll_ms = 50;
    })
    .await
}

/// Nothing of what the provider has approved is kept.
async fn given_back(shop: &Shop, order: &Value) {
    let back = async || {
        let books = charged(shop, order);
        books.authorized == total(order) && books.voided == total(order) && books.captured == 0
    };
    eventually("the late money goes back", back).await;
}

/// The first order expires while the bank waits for the shopper, who buys again, pays, and then says yes to the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_charged_twice_for_one_cart() {
    let shop = impatient().await;
    let (sku, shopper) = (shop.sku_with(5).await, shop.guest());
    let first = shopper.order(&sku, 1).await;
    let waiting = shopper.pay(&first, "tok_requires_action").await.with_status(202);
    eventually("the order expires", async || status(&shopper, &first).await == "expired").await;
    let second = again(&shopper).await;
    shopper.pay(&second, "tok_ok").await.created();
    assert_eq!(status(&shopper, &first).await, "cancelled");
    assert_eq!(says(&shop, &waiting, "approve").await.status, 200);
    given_back(&shop, &first).await;
    sold_and_captured(&shop, &shopper, &second).await;
    assert_eq!(status(&shopper, &first).await, "cancelled");
    assert_eq!(shop.levels(&sku).await["committed"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_payment_is_under_way_can_be_given_up_by_everybody() {
    let shop = impatient().await;
    let (sku, staff) = (shop.sku_with(9).await, shop.staff());
    let shoppers: Vec<_> = (0..3).map(|_| shop.guest()).collect();
    let mut waiting = Vec::new();
    for shopper in &shoppers {
        let order = shopper.order(&sku, 1).await;
        let payment = shopper.pay(&order, "tok_requires_action").await.with_status(202);
        waiting.push((shopper, order, payment));
    }
    for (shopper, order, _) in &waiting {
        eventually("the order expires", async || status(shopper, order).await == "expired").await;
    }
    let [(shopper, own, _), (_, staffs, _), (_, voided, payment)] = &waiting[..] else { unreachable!() };
    assert_eq!(shopper.delete(&path(own)).await.ok()["status"], "cancelled");
    let moved = staff.post(&format!("{}/transitions", path(staffs)), json!({"to": "cancelled"})).await.ok();
    assert_eq!(moved["status"], "cancelled");
    let void = format!("/api/payments/{}/void", text(&payment["id"]));
    let failed = staff.keyed(Method::POST, &void, &fresh_key(), json!({})).await.ok();
    assert_eq!((&failed["status"], &failed["decline_code"]), (&json!("failed"), &json!("given_up")));
    for (_, order, payment) in &waiting {
        assert_eq!(says(&shop, payment, "approve").await.status, 200);
        given_back(&shop, order).await;
    }
    assert_eq!(shop.levels(&sku).await["committed"], 0);
    assert_eq!(status(waiting[2].0, voided).await, "expired");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_parcel_leaves_on_an_authorisation() {
    let shop = Shop::with(|config| config.shop.capture = CapturePolicy::Manual).await;
    let (sku, shopper, staff) = (shop.sku_with(5).await, shop.guest(), shop.staff());
    let order = shopper.buy(&sku, 1).await;
    assert_eq!(order["payment_status"], "authorized");
    let parcel = json!({"lines": [{"sku": sku, "quantity": 1}]});
    let send = async || {
        staff.keyed(Method::POST, &format!("{}/fulfilments", path(&order)), &fresh_key(), parcel.clone()).await
    };
    let problem = send().await.refused(409, "not_fulfillable");
    assert_eq!(problem["payment_status"], "authorized");
    let payment = format!("/api/payments/{}", text(&order["payment_id"]));
    let by_staff =
        async |what: &str| staff.keyed(Method::POST, &format!("{payment}/{what}"), &fresh_key(), json!({})).await;
    by_staff("capture").await.ok();
    let captured = async || shopper.get(&path(&order)).await.ok()["payment_status"] == "captured";
    eventually("the money is captured", captured).await;
    send().await.created();
    by_staff("void").await.refused(409, "not_voidable");
    assert_eq!(charged(&shop, &order).captured, total(&order));
    // And what was given back whole is not captured again.
    let refund = json!({"reason": "a gift"});
    staff.keyed(Method::POST, &format!("{payment}/refunds"), &fresh_key(), refund).await.created();
    eventually("the refund is done", async || charged(&shop, &order).refunded == total(&order)).await;
    let refused = async || by_staff("capture").await.status == 409;
    eventually("the payment knows it, and is captured no more", refused).await;
}

/// A shopper whose bank is silent keeps nobody else from paying.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_outs_of_some_shoppers_close_the_provider_for_none() {
    let shop = Shop::with(restless).await;
    let sku = shop.sku_with(50).await;
    let shoppers: Vec<_> = (0..12).map(|_| shop.guest()).collect();
    let orders = join_all(shoppers.iter().map(|shopper| shopper.order(&sku, 1))).await;
    let burst = shoppers.iter().zip(&orders).map(|(shopper, order)| shopper.pay(order, "tok_timeout"));
    assert!(join_all(burst).await.iter().all(|paid| paid.status == 201), "each is paid by its second call");
    let metrics = shop.metrics().await;
    let open = metrics.lines().find(|line| line.starts_with("souk_connector_breaker_open{connector=\"sandbox\"}"));
    assert_eq!(open.and_then(|line| line.split(' ').nth(1)), Some("0"), "{metrics}");
    let refused =
        metrics.lines().find(|line| line.starts_with("souk_connector_breaker_refused_total{connector=\"sandbox\"}"));
    assert_eq!(refused, None, "no call was ever refused");
}

/// The cart of a sale that was paid this very moment still has what was bought; the next checkout waits until it has not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_buys_on_at_once_buys_nothing_twice() {
    let shop = Shop::with(|_| {}).await;
    let (first, second) = (shop.sku_with(9).await, shop.sku_with(9).await);
    for _ in 0..4 {
        let shopper = shop.guest();
        let order = shopper.order(&first, 1).await;
        shopper.pay(&order, "tok_ok").await.created();
        shopper.put_in_cart(&second, 1).await;
        let next = shopper.check_out_with(&fresh_key()).await.created();
        assert_eq!((&next["status"], &next["lines"][0]["sku"]), (&json!("awaiting_payment"), &json!(second)));
        assert_eq!(next["lines"].as_array().map(Vec::len), Some(1), "{next}");
    }
}
