//! Paying, and money moved by hand.

use futures::future::join_all;
use hyper::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, eventually, fresh_key, text};

#[tokio::test]
async fn a_paid_order_is_verified_has_a_number_and_its_stock() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(5).await, shop.guest());
    let order = guest.buy(&sku, 2).await;
    assert_eq!(order["status"], "verified");
    assert!(order["number"].is_u64());
    assert_eq!((&order["hold_expires_at"], &order["stock"][0]["state"]), (&json!(null), &json!("committed")));
    let levels = shop.levels(&sku).await;
    assert_eq!((&levels["available"], &levels["committed"], &levels["held"]), (&json!(3), &json!(2), &json!(0)));
    let payment = guest.get(&format!("/api/payments/{}", text(&order["payment_id"]))).await.ok();
    assert_eq!((&payment["order_id"], &payment["amount"]), (&order["id"], &order["totals"]["total"]));
    assert!(!payment.to_string().contains("tok_ok"));
}

#[tokio::test]
async fn a_key_used_in_parallel_pays_once() {
    let shop = Shop::start().await;
    let (sku, guest, key) = (shop.sku_with(5).await, shop.guest(), fresh_key());
    let order = guest.order(&sku, 1).await;
    let body = json!({"order_id": order["id"], "provider": "sandbox", "token": "tok_ok"});
    let answers = join_all((0..16).map(|_| guest.keyed(Method::POST, "/api/payments", &key, body.clone()))).await;
    let ids: Vec<_> = answers.into_iter().map(|answer| answer.created()["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]));
    let other = json!({"order_id": order["id"], "provider": "sandbox", "token": "tok_declined"});
    guest.keyed(Method::POST, "/api/payments", &key, other).await.refused(409, "idempotency_key_reused");
    guest.pay(&order, "tok_ok").await.refused(409, "already_paid");
    let owner = text(&order["user_id"]);
    let payments = shop.staff().get(&format!("/api/payments/user/{owner}")).await.ok();
    assert_eq!(payments["items"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_declined_payment_leaves_the_order_to_be_paid_otherwise() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(5).await, shop.guest());
    let order = guest.order(&sku, 1).await;
    let problem = guest.pay(&order, "tok_declined").await.refused(402, "payment_declined");
    assert!(problem["decline_code"].is_string() && problem["payment_id"].is_string());
    assert_eq!(shop.levels(&sku).await["held"], 1, "the hold stays until it expires");
    assert_eq!(guest.pay(&order, "tok_ok").await.created()["order_id"], order["id"]);
}

#[tokio::test]
async fn a_payment_that_needs_the_shopper_says_where_to_go() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(5).await, shop.guest());
    let order = guest.order(&sku, 1).await;
    let payment = guest.pay(&order, "tok_requires_action").await.with_status(202);
    assert_eq!(payment["status"], "requires_action");
    assert!(payment["continue_url"].is_string());
    let problem = guest.pay(&order, "tok_ok").await.refused(409, "payment_under_way");
    assert_eq!(problem["payment_id"], payment["id"]);
}

#[tokio::test]
async fn only_the_owner_pays_and_only_by_known_providers() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(5).await, shop.guest());
    let order = guest.order(&sku, 1).await;
    shop.guest().pay(&order, "tok_ok").await.refused(404, "unknown_order");
    let body = |provider: &str, token: &str| json!({"order_id": order["id"], "provider": provider, "token": token});
    let pay = async |body: Value| guest.keyed(Method::POST, "/api/payments", &fresh_key(), body).await;
    let problem = pay(body("barter", "tok_ok")).await.refused(422, "unknown_provider");
    assert_eq!(problem["known"], json!(["sandbox"]));
    pay(body("sandbox", "")).await.refused(422, "invalid_field");
    pay(body("sandbox", &"x".repeat(256))).await.refused(422, "invalid_field");
    guest.post("/api/payments", body("sandbox", "tok_ok")).await.refused(400, "idempotency_key_required");
    guest.delete(&format!("/api/orders/{}", text(&order["id"]))).await.ok();
    let problem = guest.pay(&order, "tok_ok").await.refused(409, "order_not_payable");
    assert_eq!(problem["order_status"], "cancelled");
    let stranger = shop.guest();
    stranger.put_in_cart(&sku, 1).await;
    let paid = guest.buy(&sku, 1).await;
    stranger.get(&format!("/api/payments/{}", text(&paid["payment_id"]))).await.refused(404, "unknown_payment");
}

#[tokio::test]
async fn refunds_stay_within_what_was_paid() {
    let shop = Shop::start().await;
    let (sku, guest, staff) = (shop.sku_with(5).await, shop.guest(), shop.staff());
    let order = guest.buy(&sku, 1).await;
    let id = text(&order["payment_id"]).to_owned();
    let total = order["totals"]["total"]["amount"].as_i64().unwrap();
    // The capture follows the verification by itself.
    let captured = async || staff.get(&format!("/api/payments/{id}")).await.ok()["status"] == "captured";
    eventually("the money is captured", captured).await;
    let path = format!("/api/payments/{id}/refunds");
    let money = |amount: i64| json!({"amount": amount, "currency": "EUR"});
    let refund = async |key: &str, amount: Value| {
        staff.keyed(Method::POST, &path, key, json!({"amount": amount, "reason": "too small"})).await
    };
    let key = fresh_key();
    refund(&key, money(1)).await.created();
    let again = refund(&key, money(1)).await.created();
    assert_eq!(again["refunds"].as_array().map(Vec::len), Some(1), "the same key refunds once");
    refund(&key, money(2)).await.refused(409, "idempotency_key_reused");
    let problem = refund(&fresh_key(), money(total)).await.refused(409, "refunds_too_much");
    assert_eq!((&problem["requested"], &problem["refundable"]), (&json!(total), &json!(total - 1)));
    refund(&fresh_key(), money(0)).await.refused(422, "invalid_field");
    refund(&fresh_key(), json!({"amount": 1, "currency": "USD"})).await.refused(422, "currency_mismatch");
    let rest =
        staff.keyed(Method::POST, &format!("/api/payments/refund/{id}"), &fresh_key(), json!({"reason": "all"})).await;
    assert_eq!(rest.created()["refunds"][1]["amount"], money(total - 1));
    let void =
        staff.send(Method::POST, &format!("/api/payments/{id}/void"), &[("idempotency-key", &fresh_key())], None).await;
    void.refused(409, "not_voidable");
    let capture = staff
        .send(Method::POST, &format!("/api/payments/{id}/capture"), &[("idempotency-key", &fresh_key())], None)
        .await;
    assert_eq!(capture.refused(409, "not_capturable")["payment_status"], "refunded", "nothing is left of it");
}

#[tokio::test]
async fn staff_lists_payments_by_status_and_user() {
    let shop = Shop::start().await;
    let (sku, guest, staff) = (shop.sku_with(5).await, shop.guest(), shop.staff());
    let order = guest.order(&sku, 1).await;
    let failed = guest.pay(&order, "tok_declined").await.refused(402, "payment_declined")["payment_id"].clone();
    for path in ["/api/payments?status=failed", "/api/payments/status/failed", "/api/payments"] {
        let page = staff.get(path).await.ok();
        let found = page["items"].as_array().unwrap().iter().any(|payment| payment["id"] == failed);
        assert!(found, "{path}: {page}");
    }
    staff.get("/api/payments/status/lost").await.refused(400, "bad_path");
    staff.get("/api/payments?status=lost").await.refused(400, "bad_query");
}
