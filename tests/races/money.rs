//! Money with a provider that declines, challenges, answers late or never, and sends webhooks twice and out of order.

use futures::future::join_all;
use hyper::Method;
use serde_json::Value;
use souk::{
    config::Config,
    connectors::sandbox::{Ledger, Totals},
    domain::ids::OrderId,
};

use crate::shop::{Answer, Person, Shop, assert_balanced, eventually, text};

/// Short waits, and every nuisance that the sandbox has.
pub fn restless(config: &mut Config) {
    let sandbox = &mut config.payments.sandbox;
    (sandbox.slow_ms, sandbox.timeout_ms, sandbox.webhook_delay_ms) = (150, 200, 20);
    (sandbox.duplicate_webhooks, sandbox.shuffle_webhooks) = (true, true);
}

pub fn ledger(shop: &Shop) -> Ledger {
    shop.app().sandbox.as_ref().expect("the sandbox").ledger()
}

/// The provider's books of one order.
pub fn charged(shop: &Shop, order: &Value) -> Totals {
    let id: OrderId = text(&order["id"]).parse().expect("an id");
    ledger(shop).totals_by_order().get(&Some(id)).copied().unwrap_or_default()
}

pub fn total(order: &Value) -> i64 {
    order["totals"]["total"]["amount"].as_i64().expect("a total")
}

pub async fn status(who: &Person<'_>, order: &Value) -> String {
    text(&who.get(&format!("/api/orders/{}", text(&order["id"]))).await.ok()["status"]).to_owned()
}

/// The customer's decision on the provider's page.
pub async fn says(shop: &Shop, payment: &Value, word: &str) -> Answer {
    let page = text(&payment["continue_url"]).strip_prefix(&shop.url).expect("the sandbox lives here").to_owned();
    shop.guest().send(Method::POST, &format!("{page}/{word}"), &[], None).await
}

pub async fn sold_and_captured(shop: &Shop, who: &Person<'_>, order: &Value) {
    let so = async || charged(shop, order).captured == total(order) && status(who, order).await == "verified";
    eventually("the order is sold and its money captured", so).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declined_payment_is_followed_by_a_good_one() {
    let shop = Shop::with(restless).await;
    let (sku, shopper) = (shop.sku_with(5).await, shop.guest());
    let order = shopper.order(&sku, 1).await;
    shopper.pay(&order, "tok_declined").await.refused(402, "payment_declined");
    shopper.pay(&order, "tok_nonsense").await.refused(402, "payment_declined");
    shopper.pay(&order, "tok_ok").await.created();
    sold_and_captured(&shop, &shopper, &order).await;
    let books = charged(&shop, &order);
    assert_eq!((books.charges, books.authorized, books.voided), (3, total(&order), 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customer_says_yes_or_no_on_the_providers_page() {
    let shop = Shop::with(restless).await;
    let (sku, shopper) = (shop.sku_with(5).await, shop.guest());
    let order = shopper.order(&sku, 1).await;
    let payment = shopper.pay(&order, "tok_requires_action").await.with_status(202);
    assert_eq!(charged(&shop, &order).authorized, 0);
    says(&shop, &payment, "decline").await;
    let path = format!("/api/payments/{}", text(&payment["id"]));
    eventually("the shop hears the no", async || shopper.get(&path).await.ok()["status"] == "failed").await;
    assert_eq!(says(&shop, &payment, "approve").await.status, 409, "a no stays a no");

    let payment = shopper.pay(&order, "tok_requires_action").await.with_status(202);
    assert_eq!(says(&shop, &payment, "approve").await.status, 200);
    assert_eq!(says(&shop, &payment, "approve").await.status, 200, "said twice");
    sold_and_captured(&shop, &shopper, &order).await;
    assert_eq!(charged(&shop, &order).authorized, total(&order));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_silent_calls_charge_once() {
    let shop = Shop::with(restless).await;
    let sku = shop.sku_with(5).await;
    for token in ["tok_slow", "tok_timeout"] {
        let shopper = shop.guest();
        let order = shopper.order(&sku, 1).await;
        let answer = shopper.pay(&order, token).await;
        assert!([201, 202].contains(&answer.status), "{token}: {answer:?}");
        sold_and_captured(&shop, &shopper, &order).await;
        let books = charged(&shop, &order);
        assert_eq!((books.charges, books.authorized, books.refunded), (1, total(&order), 0), "{token}");
    }
}

const TOKENS: [&str; 5] = ["tok_ok", "tok_declined", "tok_requires_action", "tok_timeout", "tok_slow"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_with_every_token_leaves_clean_books() {
    let shop = Shop::with(restless).await;
    let sku = shop.sku_with(40).await;
    let shoppers: Vec<_> = (0..40).map(|_| shop.guest()).collect();
    let buy = async |(n, shopper): (usize, &Person<'_>)| {
        let order = shopper.order(&sku, 1).await;
        let answer = shopper.pay(&order, TOKENS[n % TOKENS.len()]).await;
        if answer.status == 202 && answer.json["status"] == "requires_action" {
            assert_eq!(says(&shop, &answer.json, "approve").await.status, 200);
        }
        order
    };
    let orders = join_all(shoppers.iter().enumerate().map(buy)).await;
    for (n, (order, shopper)) in orders.iter().zip(&shoppers).enumerate() {
        match TOKENS[n % TOKENS.len()] {
            "tok_declined" => assert_eq!(
                (status(shopper, order).await.as_str(), charged(&shop, order).authorized),
                ("awaiting_payment", 0)
            ),
            _ => sold_and_captured(&shop, shopper, order).await,
        }
    }
    let books = ledger(&shop).totals();
    assert_eq!((books.charges, books.authorized, books.voided + books.refunded), (40, books.captured, 0));
    let levels = shop.levels(&sku).await;
    assert_balanced(&levels);
    assert_eq!((levels["committed"].as_i64(), levels["held"].as_i64()), (Some(32), Some(8)));
}
