//! The cart.

use futures::future::join_all;
use hyper::Method;
use serde_json::json;

use crate::shop::{Shop, fresh_key};

#[tokio::test]
async fn reading_makes_no_session_and_the_first_write_does() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    let empty = guest.get("/api/cart").await;
    assert_eq!(empty.header("set-cookie"), None);
    let empty = empty.ok();
    assert_eq!((&empty["id"], &empty["version"], &empty["lines"]), (&json!(null), &json!(0), &json!([])));
    assert_eq!(empty["totals"]["total"], json!({"amount": 0, "currency": "EUR"}));
    let sku = shop.sku_with(10).await;
    let first = guest.put(&format!("/api/cart/lines/{sku}"), json!({"quantity": 2})).await;
    let cookie = first.header("set-cookie").expect("a session").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite"), "{cookie}");
    assert_eq!(guest.get("/api/cart").await.ok(), first.ok());
    assert_eq!(shop.guest().get("/api/cart").await.ok()["lines"], json!([]), "another guest has another cart");
}

#[tokio::test]
async fn lines_are_set_added_and_removed_and_the_totals_follow() {
    let shop = Shop::start().await;
    let (a, b, guest) = (shop.sku_with(10).await, shop.sku_with(10).await, shop.guest());
    let cart = guest.put_in_cart(&a, 3).await;
    let price = cart["lines"][0]["unit_price"]["amount"].as_i64().unwrap();
    assert_eq!(cart["lines"][0]["line_total"]["amount"], 3 * price);
    assert_eq!(cart["lines"][0]["available"], json!(null), "counts are for staff");
    assert_eq!(cart["lines"][0]["availability"], "in_stock");
    let cart = guest.post("/api/cart/lines", json!([{"sku": a, "quantity": 2}, {"sku": b, "quantity": 1}])).await.ok();
    assert_eq!(cart["units"], 6);
    let lines = cart["lines"].as_array().unwrap();
    let sum: i64 = lines.iter().map(|line| line["line_total"]["amount"].as_i64().unwrap()).sum();
    assert_eq!(cart["totals"]["items"]["amount"], sum);
    let tax = cart["totals"]["tax"]["amount"].as_i64().unwrap();
    assert!((tax * 11_900 - sum * 1_900).abs() <= 11_900, "19 % within {sum} is not {tax}");
    let cart = guest.delete(&format!("/api/cart/lines/{a}")).await.ok();
    assert_eq!(cart["lines"].as_array().map(Vec::len), Some(1));
    guest.delete(&format!("/api/cart/lines/{a}")).await.refused(404, "unknown_line");
}

#[tokio::test]
async fn what_a_line_takes_has_bounds() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(10).await, shop.guest());
    let path = format!("/api/cart/lines/{sku}");
    for quantity in [0, -1, 1_000, i64::MAX] {
        let problem = guest.put(&path, json!({"quantity": quantity})).await.refused(422, "bad_quantity");
        assert_eq!((&problem["quantity"], &problem["max"]), (&json!(quantity), &json!(999)));
    }
    guest.put(&path, json!({"quantity": "2"})).await.refused(400, "bad_json");
    guest.put(&path, json!({"quantity": 2, "price": 0})).await.refused(400, "bad_json");
    guest.put("/api/cart/lines/NO-SUCH-SKU", json!({"quantity": 1})).await.refused(404, "unknown_sku");
    guest.put("/api/cart/lines/%20%00", json!({"quantity": 1})).await.refused(404, "unknown_sku");
    let many: Vec<_> = (0..201).map(|_| json!({"sku": sku, "quantity": 1})).collect();
    guest.post("/api/cart/lines", json!(many)).await.refused(422, "too_many_lines");
    guest.post("/api/cart/lines", json!([])).await.refused(422, "too_many_lines");
    guest.put_in_cart(&sku, 999).await;
    guest.post("/api/cart/lines", json!([{"sku": sku, "quantity": 1}])).await.refused(422, "bad_quantity");
}

#[tokio::test]
async fn a_change_of_an_old_version_is_refused() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(10).await, shop.guest());
    guest.put_in_cart(&sku, 1).await;
    let seen = guest.get("/api/cart").await.etag().to_owned();
    guest.put_in_cart(&sku, 2).await;
    let path = format!("/api/cart/lines/{sku}");
    let change =
        async |tag: &str| guest.send(Method::PUT, &path, &[("if-match", tag)], Some(json!({"quantity": 5}))).await;
    let problem = change(&seen).await.refused(412, "version_conflict");
    assert_eq!((&problem["expected"], &problem["actual"]), (&json!(1), &json!(2)));
    change("\"2\"").await.ok();
    change("yesterday").await.refused(400, "bad_condition");
}

#[tokio::test]
async fn adding_with_a_key_adds_once_even_in_parallel() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(50).await, shop.guest());
    guest.put_in_cart(&sku, 1).await;
    let (key, body) = (fresh_key(), json!([{"sku": sku, "quantity": 2}]));
    let send = |_| guest.keyed(Method::POST, "/api/cart/lines", &key, body.clone());
    for answer in join_all((0..16).map(send)).await {
        assert_eq!(answer.ok()["units"], 3);
    }
    let other = guest.keyed(Method::POST, "/api/cart/lines", &key, json!([{"sku": sku, "quantity": 3}])).await;
    other.refused(409, "idempotency_key_reused");
}
