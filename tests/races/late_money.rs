//! Money that comes after the order has expired: it revives the order once, or goes back.

use serde_json::Value;

use super::money::{charged, restless, says, sold_and_captured, status, total};
use crate::shop::{Person, Shop, assert_balanced, eventually};

/// An order whose customer has not yet said yes when its time is over; and its payment.
async fn expired<'a>(shop: &'a Shop, sku: &str) -> (Person<'a>, Value, Value) {
    let shopper = shop.guest();
    let order = shopper.order(sku, 1).await;
    let payment = shopper.pay(&order, "tok_requires_action").await.with_status(202);
    eventually("the order expires", async || status(&shopper, &order).await == "expired").await;
    eventually("its unit is free again", async || shop.levels(sku).await["held"] == 0).await;
    (shopper, order, payment)
}

async fn shop() -> Shop {
    Shop::with(|config| {
        restless(config);
        config.shop.hold_ttl_ms = 1_500;
        config.actors.alarm_poll_ms = 50;
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_revives_the_order_while_the_unit_is_there() {
    let shop = shop().await;
    let sku = shop.sku_with(1).await;
    let (shopper, order, payment) = expired(&shop, &sku).await;
    assert_eq!(shop.available(&sku).await, 1);
    shopper.pay(&order, "tok_ok").await.refused(409, "order_not_payable");
    assert_eq!(says(&shop, &payment, "approve").await.status, 200);
    sold_and_captured(&shop, &shopper, &order).await;
    let levels = shop.levels(&sku).await;
    assert_balanced(&levels);
    assert_eq!((levels["committed"].as_i64(), levels["available"].as_i64()), (Some(1), Some(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_back_when_the_unit_is_sold() {
    let shop = shop().await;
    let sku = shop.sku_with(1).await;
    let (shopper, order, payment) = expired(&shop, &sku).await;
    let other = shop.guest();
    let sold = other.buy(&sku, 1).await;
    assert_eq!(says(&shop, &payment, "approve").await.status, 200);
    let back = async || {
        let books = charged(&shop, &order);
        books.authorized == total(&order) && books.authorized - books.captured == books.voided
    };
    eventually("the provider blocks nothing any more", back).await;
    let books = charged(&shop, &order);
    assert_eq!(books.captured, books.refunded, "nothing is kept");
    assert_eq!(status(&shopper, &order).await, "expired");
    sold_and_captured(&shop, &other, &sold).await;
    let levels = shop.levels(&sku).await;
    assert_balanced(&levels);
    assert_eq!((levels["committed"].as_i64(), levels["available"].as_i64()), (Some(1), Some(0)));
}
