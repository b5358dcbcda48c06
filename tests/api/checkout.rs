//! Checkout: stock is held once, or the response has the missing units.

use futures::future::join_all;
use hyper::Method;
use serde_json::json;

use crate::shop::{Shop, checkout_body, eventually, fresh_key, text};

#[tokio::test]
async fn a_checkout_holds_the_stock_until_a_moment() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(5).await, shop.guest());
    guest.put_in_cart(&sku, 2).await;
    let answer = guest.check_out_with(&fresh_key()).await;
    let place = answer.header("location").expect("a place").to_owned();
    let order = answer.created();
    assert_eq!(order["status"], "awaiting_payment");
    assert!(order["hold_expires_at"].as_str() > order["placed_at"].as_str());
    assert_eq!((&order["number"], &order["stock"][0]["state"]), (&json!(null), &json!("held")));
    let amount = |part: &str| order["totals"][part]["amount"].as_i64().unwrap();
    assert_eq!(amount("items") + amount("shipping") - amount("discount"), amount("total"));
    assert_eq!(guest.get(&place).await.ok()["id"], order["id"]);
    let levels = shop.levels(&sku).await;
    assert_eq!((&levels["available"], &levels["held"]), (&json!(3), &json!(2)));
}

#[tokio::test]
async fn a_repeated_checkout_is_the_same_order_also_after_the_cart_has_changed() {
    let shop = Shop::start().await;
    let (sku, guest, key) = (shop.sku_with(50).await, shop.guest(), fresh_key());
    guest.put_in_cart(&sku, 2).await;
    let answers = join_all((0..16).map(|_| guest.check_out_with(&key))).await;
    let orders: Vec<_> = answers.into_iter().map(|answer| answer.created()).collect();
    assert!(orders.iter().all(|order| order["id"] == orders[0]["id"]));
    guest.put_in_cart(&sku, 9).await;
    let again = guest.check_out_with(&key).await.created();
    assert_eq!((&again["id"], &again["lines"][0]["quantity"]), (&orders[0]["id"], &json!(2)));
    let alias = guest.keyed(Method::POST, "/api/orders", &key, checkout_body()).await.created();
    assert_eq!(alias["id"], orders[0]["id"]);
    assert_eq!(shop.levels(&sku).await["held"], 2);
    let mut other = checkout_body();
    other["email"] = json!("bob@example.org");
    guest.keyed(Method::POST, "/api/checkout", &key, other).await.refused(409, "idempotency_key_reused");
}

#[tokio::test]
async fn one_key_of_two_shoppers_makes_two_orders() {
    let shop = Shop::start().await;
    let (sku, ann, bob, key) = (shop.sku_with(5).await, shop.guest(), shop.guest(), fresh_key());
    ann.put_in_cart(&sku, 1).await;
    bob.put_in_cart(&sku, 1).await;
    let (a, b) = (ann.check_out_with(&key).await.created(), bob.check_out_with(&key).await.created());
    assert_ne!(a["id"], b["id"]);
}

#[tokio::test]
async fn out_of_stock_names_each_line_and_releases_the_others() {
    let shop = Shop::start().await;
    let (few, many, guest) = (shop.sku_with(1).await, shop.sku_with(10).await, shop.guest());
    guest.put_in_cart(&few, 3).await;
    guest.put_in_cart(&many, 2).await;
    let key = fresh_key();
    let problem = guest.check_out_with(&key).await.refused(409, "out_of_stock");
    assert_eq!(problem["lines"], json!([{"sku": few, "requested": 3, "availability": "low"}]));
    let again = guest.check_out_with(&key).await.refused(409, "out_of_stock");
    assert_eq!(again["lines"], problem["lines"], "the same answer to the same key");
    // The release follows the rejection by itself: the order is settled when nothing is held any more.
    let order = text(&problem["order_id"]).to_owned();
    eventually("nothing is held any more", async || {
        let order = guest.get(&format!("/api/orders/{order}")).await.ok();
        let held = |line: &serde_json::Value| line["state"] == "held" || line["state"] == "releasing";
        !order["stock"].as_array().unwrap().iter().any(held)
    })
    .await;
    assert_eq!((shop.available(&few).await, shop.available(&many).await), (1, 10));
}

#[tokio::test]
async fn the_last_unit_is_sold_once() {
    let shop = Shop::start().await;
    let sku = shop.sku_with(1).await;
    let shoppers: Vec<_> = (0..16).map(|_| shop.guest()).collect();
    join_all(shoppers.iter().map(|shopper| shopper.put_in_cart(&sku, 1))).await;
    let keys: Vec<_> = shoppers.iter().map(|_| fresh_key()).collect();
    let answers = join_all(shoppers.iter().zip(&keys).map(|(shopper, key)| shopper.check_out_with(key))).await;
    let sold = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(sold, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 201) {
        let problem = answer.refused(409, "out_of_stock");
        assert_eq!(problem["lines"], json!([{"sku": sku, "requested": 1, "availability": "out"}]));
    }
}

#[tokio::test]
async fn a_checkout_that_cannot_be_says_why() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(5).await, shop.guest());
    guest.check_out_with(&fresh_key()).await.refused(409, "cart_empty");
    guest.put_in_cart(&sku, 1).await;
    guest.post("/api/checkout", checkout_body()).await.refused(400, "idempotency_key_required");
    guest.check_out_with(&"x".repeat(256)).await.refused(400, "bad_idempotency_key");
    let with = async |field: &str, value| {
        let mut body = checkout_body();
        body[field] = value;
        guest.keyed(Method::POST, "/api/checkout", &fresh_key(), body).await
    };
    let problem = with("shipping_method", json!("teleport")).await.refused(422, "unknown_shipping_method");
    assert_eq!(problem["known"], json!(["standard", "express"]));
    assert_eq!(with("email", json!("nobody")).await.refused(422, "invalid_field")["field"], "email");
    let mut address = checkout_body()["shipping_address"].clone();
    address["country"] = json!("Germany");
    let problem = with("shipping_address", address).await.refused(422, "invalid_field");
    assert_eq!(problem["field"], "shipping_address.country");
    with("coupon", json!("FREE")).await.refused(400, "bad_json");
    assert_eq!(shop.levels(&sku).await["held"], 0, "a refused checkout holds nothing");
}

#[tokio::test]
async fn shipping_methods_are_listed_with_their_prices() {
    let shop = Shop::start().await;
    let methods = shop.guest().get("/api/shipping-methods").await.ok();
    assert_eq!(
        methods[0],
        json!({"id": "standard", "name": "Standard", "price": {"amount": 490, "currency": "EUR"}, "days": 4})
    );
}
