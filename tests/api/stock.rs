//! Stock: shoppers' views, operators' changes.

use futures::future::join_all;
use hyper::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, assert_balanced, eventually, fresh_key, text};

#[tokio::test]
async fn shoppers_see_availability_and_staff_sees_levels() {
    let shop = Shop::start().await;
    let sku = shop.sku_with(7).await;
    let path = format!("/api/stock/{sku}");
    let seen = shop.guest().get(&path).await;
    let tag = seen.etag().to_owned();
    let seen = seen.ok();
    assert_eq!(seen["availability"], "in_stock");
    for level in [
        "available",
        "on_hand",
        "held",
        "committed",
        "shipped",
        "received",
        "adjusted",
        "threshold",
        "oversold",
        "policy",
    ] {
        assert!(seen.get(level).is_none(), "{level}: {seen}");
    }
    let known = shop.guest().send(Method::GET, &path, &[("if-none-match", &tag)], None).await;
    assert_eq!(known.status, 304);
    let levels = shop.levels(&sku).await;
    assert_balanced(&levels);
    shop.guest().get("/api/stock/NO-SUCH-SKU").await.refused(404, "unknown_sku");
}

#[tokio::test]
async fn a_receipt_with_one_key_counts_once_also_in_parallel() {
    let shop = Shop::start().await;
    let (sku, staff, key) = (shop.sku_with(7).await, shop.staff(), fresh_key());
    let path = format!("/api/stock/{sku}/receipts");
    let send =
        |quantity: i64| staff.keyed(Method::POST, &path, &key, json!({"quantity": quantity, "reference": "note 7"}));
    for answer in join_all((0..16).map(|_| send(10))).await {
        assert_eq!(answer.ok()["available"], 17);
    }
    send(11).await.refused(409, "idempotency_key_reused");
    staff.post(&path, json!({"quantity": 1})).await.refused(400, "idempotency_key_required");
    for quantity in [0, -1, 1_i64 << 32] {
        staff
            .keyed(Method::POST, &path, &fresh_key(), json!({"quantity": quantity}))
            .await
            .refused(422, "bad_quantity");
    }
    let unknown =
        staff.keyed(Method::POST, "/api/stock/NO-SUCH-SKU/receipts", &fresh_key(), json!({"quantity": 1})).await;
    unknown.refused(404, "unknown_sku");
}

#[tokio::test]
async fn adjustments_need_a_reason_and_stay_above_zero() {
    let shop = Shop::start().await;
    let (sku, staff) = (shop.sku_with(7).await, shop.staff());
    let path = format!("/api/stock/{sku}/adjustments");
    let adjust = async |delta: i64, reason: &str| {
        staff.keyed(Method::POST, &path, &fresh_key(), json!({"delta": delta, "reason": reason})).await
    };
    assert_eq!(adjust(-2, "broken").await.ok()["available"], 5);
    let problem = adjust(-6, "more broken").await.refused(409, "adjusts_below_zero");
    assert_eq!((&problem["delta"], &problem["available"]), (&json!(-6), &json!(5)));
    adjust(1, "").await.refused(422, "invalid_field");
    adjust(1, &"x".repeat(201)).await.refused(422, "invalid_field");
}

#[tokio::test]
async fn a_threshold_puts_a_sku_on_the_low_list() {
    let shop = Shop::start().await;
    let (sku, staff) = (shop.sku_with(50).await, shop.staff());
    let path = format!("/api/stock?below_threshold=true&q={}", sku.to_lowercase());
    let listed = async || {
        let page = staff.get(&path).await.ok();
        page["items"].as_array().unwrap().iter().any(|item| item["sku"] == sku.as_str())
    };
    assert!(!listed().await);
    let low = staff.put(&format!("/api/stock/{sku}/threshold"), json!({"threshold": 50})).await.ok();
    assert_eq!((&low["availability"], &low["threshold"]), (&json!("low"), &json!(50)));
    eventually("it is listed", &listed).await;
    staff.put(&format!("/api/stock/{sku}/threshold"), json!({"threshold": 49})).await.ok();
    eventually("it is no longer listed", async || !listed().await).await;
    let all = staff.get("/api/stock?limit=100").await.ok();
    let skus: Vec<_> = all["items"].as_array().unwrap().iter().map(|item| text(&item["sku"])).collect();
    assert!(skus.len() == 100 && skus.is_sorted());
    let next = staff.get(&format!("/api/stock?limit=100&cursor={}", text(&all["next"]))).await.ok();
    assert!(text(&next["items"][0]["sku"]) > skus[99]);
}

#[tokio::test]
async fn movements_say_who_why_and_when() {
    let shop = Shop::start().await;
    let (sku, staff) = (shop.sku_with(7).await, shop.staff());
    let receipt = json!({"quantity": 10, "reference": "note 7"});
    staff.keyed(Method::POST, &format!("/api/stock/{sku}/receipts"), &fresh_key(), receipt).await.ok();
    let order = shop.guest().order(&sku, 2).await;
    let (mut all, mut cursor) = (Vec::<Value>::new(), String::new());
    loop {
        let page = staff.get(&format!("/api/stock/{sku}/movements?limit=2{cursor}")).await.ok();
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let [.., receipt, hold] = &all[..] else { panic!("{all:?}") };
    assert_eq!(
        (&receipt["kind"], &receipt["units"], &receipt["reference"]),
        (&json!("receipt"), &json!(10), &json!("note 7"))
    );
    assert!(text(&receipt["by"]).starts_with("user:"));
    assert_eq!((&hold["kind"], &hold["units"], &hold["order_id"]), (&json!("hold"), &json!(-2), &order["id"]));
    let sum: i64 = all.iter().map(|movement| movement["units"].as_i64().unwrap()).sum();
    assert_eq!(sum, shop.available(&sku).await, "the book sums up to what is available");
}

#[tokio::test]
async fn holds_by_hand() {
    let shop = Shop::start().await;
    let (sku, staff, key) = (shop.sku_with(5).await, shop.staff(), fresh_key());
    let path = format!("/api/stock/{sku}/holds");
    let hold = async |key: &str, quantity: i64, ttl: i64| {
        staff.keyed(Method::POST, &path, key, json!({"quantity": quantity, "ttl_seconds": ttl})).await
    };
    let first = hold(&key, 2, 600).await.created();
    assert_eq!(hold(&key, 2, 600).await.created()["id"], first["id"]);
    assert_eq!(shop.available(&sku).await, 3, "one key holds once");
    hold(&key, 3, 600).await.refused(409, "idempotency_key_reused");
    let problem = hold(&fresh_key(), 4, 600).await.refused(409, "out_of_stock");
    assert_eq!((&problem["requested"], &problem["available"]), (&json!(4), &json!(3)));
    hold(&fresh_key(), 1, 0).await.refused(422, "invalid_field");
    hold(&fresh_key(), 1, 604_801).await.refused(422, "invalid_field");
    let one = format!("{path}/{}", text(&first["id"]));
    assert_eq!(staff.delete(&one).await.ok()["available"], 5);
    assert_eq!(staff.delete(&one).await.ok()["available"], 5, "again is nothing new");
    let order = shop.guest().order(&sku, 1).await;
    staff.delete(&format!("{path}/{}", text(&order["id"]))).await.refused(409, "hold_of_order");
    assert_eq!(shop.available(&sku).await, 4);
}
