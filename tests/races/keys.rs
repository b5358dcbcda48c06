//! One idempotency key, used by many requests at once: one effect, and the same response for all.

use futures::future::{join, join_all};
use hyper::Method;
use serde_json::{Value, json};

use crate::shop::{Answer, Person, Shop, eventually, fresh_key, text};

const AT_ONCE: usize = 32;

async fn at_once(who: &Person<'_>, path: &str, key: &str, body: Value) -> Vec<Answer> {
    join_all((0..AT_ONCE).map(|_| who.keyed(Method::POST, path, key, body.clone()))).await
}

#[track_caller]
fn all_equal(answers: &[Value]) -> &Value {
    assert_eq!(answers.len(), AT_ONCE);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    &answers[0]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checkout_payment_and_refund() {
    let shop = Shop::with(|_| {}).await;
    let (sku, shopper, staff) = (shop.sku_with(100).await, shop.guest(), shop.staff());
    shopper.put_in_cart(&sku, 2).await;
    let orders = at_once(&shopper, "/api/checkout", &fresh_key(), crate::shop::checkout_body()).await;
    let orders: Vec<_> = orders.into_iter().map(Answer::created).collect();
    let order = all_equal(&orders);
    assert_eq!(shop.levels(&sku).await["held"], 2);
    assert_eq!(shopper.get("/api/orders").await.ok()["items"].as_array().map(Vec::len), Some(1));

    let body = json!({"order_id": order["id"], "provider": "sandbox", "token": "tok_ok"});
    let paid = at_once(&shopper, "/api/payments", &fresh_key(), body).await;
    // The capture follows by itself, so version and status may be a step further in one response than in another.
    let lasting = |answer: Answer| {
        let payment = answer.created();
        json!([payment["id"], payment["order_id"], payment["amount"], payment["continue_url"]])
    };
    let paid: Vec<_> = paid.into_iter().map(lasting).collect();
    let payment = text(&all_equal(&paid)[0]).to_owned();
    let total = order["totals"]["total"]["amount"].as_i64().expect("a total");
    let ledger = || shop.app().sandbox.as_ref().expect("the sandbox").ledger().totals();
    eventually("the money is captured", async || ledger().captured == total).await;
    assert_eq!((ledger().charges, ledger().authorized), (1, total));
    assert_eq!(shop.levels(&sku).await["committed"], 2);

    let captured = async || staff.get(&format!("/api/payments/{payment}")).await.ok()["status"] == "captured";
    eventually("the payment knows of the capture", captured).await;
    let refund = json!({"amount": {"amount": 7, "currency": "EUR"}, "reason": "a scratch"});
    let refunds = at_once(&staff, &format!("/api/payments/{payment}/refunds"), &fresh_key(), refund).await;
    let refunds: Vec<_> = refunds.into_iter().map(|answer| answer.created()["refunds"][0]["id"].clone()).collect();
    all_equal(&refunds);
    eventually("the refund is done", async || ledger().refunded == 7).await;
    let payment = staff.get(&format!("/api/payments/{payment}")).await.ok();
    assert_eq!(payment["refunds"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipt() {
    let shop = Shop::with(|_| {}).await;
    let (sku, staff) = (shop.sku_with(5).await, shop.staff());
    let body = json!({"quantity": 10, "reference": "note 7"});
    let answers = at_once(&staff, &format!("/api/stock/{sku}/receipts"), &fresh_key(), body).await;
    let answers: Vec<_> = answers.into_iter().map(Answer::ok).collect();
    assert_eq!(all_equal(&answers)["available"], 15);
    let book = staff.get(&format!("/api/stock/{sku}/movements")).await.ok();
    let receipts = book["items"].as_array().expect("a book").iter().filter(|line| line["reference"] == "note 7");
    assert_eq!(receipts.count(), 1);
    assert_eq!(shop.available(&sku).await, 15);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_for_two_orders_of_a_cart_at_once_pays_the_newer_one() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(100).await;
    for _ in 0..8 {
        let shopper = shop.guest();
        let (a, b) = (shopper.order(&sku, 1).await, shopper.order(&sku, 1).await);
        let key = fresh_key();
        let pay = |order: &Value| {
            let body = json!({"order_id": order["id"], "provider": "sandbox", "token": "tok_ok"});
            let (shopper, key) = (&shopper, &key);
            async move { shopper.keyed(Method::POST, "/api/payments", key, body).await }
        };
        let (older, newer) = join(pay(&a), pay(&b)).await;
        newer.created();
        assert_eq!(older.status, 409, "{older:?}");
        assert!(["order_not_payable", "idempotency_key_reused"].contains(&text(&older.json["code"])), "{older:?}");
    }
    let totals = shop.app().sandbox.as_ref().expect("the sandbox").ledger().totals();
    assert_eq!(totals.charges, 8);
    assert_eq!(shop.levels(&sku).await["committed"], 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_an_earlier_payment_is_not_taken_for_another_content() {
    let shop = Shop::with(|_| {}).await;
    let (sku, shopper, key) = (shop.sku_with(100).await, shop.guest(), fresh_key());
    let first = shopper.order(&sku, 1).await;
    let pay = async |order: &Value, token: &str| {
        let body = json!({"order_id": order["id"], "provider": "sandbox", "token": token});
        shopper.keyed(Method::POST, "/api/payments", &key, body).await
    };
    pay(&first, "tok_declined").await.refused(402, "payment_declined");
    pay(&first, "tok_declined").await.refused(402, "payment_declined");
    shopper.pay(&first, "tok_ok").await.created();
    pay(&first, "tok_ok").await.refused(409, "idempotency_key_reused");
    let settled = async || shopper.get("/api/cart").await.ok()["units"] == 0;
    eventually("the cart is settled", settled).await;
    let second = shopper.order(&sku, 1).await;
    pay(&second, "tok_declined").await.refused(409, "idempotency_key_reused");
    pay(&first, "tok_declined").await.refused(402, "payment_declined");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_copy_of_a_hold_that_was_given_back_takes_nothing() {
    let shop = Shop::with(|_| {}).await;
    let (sku, staff, key) = (shop.sku_with(10).await, shop.staff(), fresh_key());
    let path = format!("/api/stock/{sku}/holds");
    let body = json!({"quantity": 4, "ttl_seconds": 3600});
    let held = staff.keyed(Method::POST, &path, &key, body.clone()).await.created();
    staff.delete(&format!("{path}/{}", text(&held["id"]))).await.ok();
    // As a node does that was frozen or cut off when its caller went elsewhere.
    let again = staff.keyed(Method::POST, &path, &key, body).await.created();
    assert_eq!(again, held, "the same key, the same answer");
    assert_eq!(shop.available(&sku).await, 10);
    let other = json!({"quantity": 5, "ttl_seconds": 3600});
    staff.keyed(Method::POST, &path, &key, other).await.refused(409, "idempotency_key_reused");
}
