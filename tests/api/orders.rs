//! Orders: the owner's and the operators'.

use hyper::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, eventually, fresh_key, text};

fn ids(page: &Value) -> Vec<&Value> {
    page["items"].as_array().expect("a page").iter().map(|item| &item["id"]).collect()
}

#[tokio::test]
async fn orders_are_their_owners_alone() {
    let shop = Shop::start().await;
    let (sku, ann, bob) = (shop.sku_with(9).await, shop.guest(), shop.guest());
    let (first, second, bobs) = (ann.order(&sku, 1).await, ann.order(&sku, 1).await, bob.order(&sku, 1).await);
    let own = ann.get("/api/orders").await.ok();
    assert_eq!(ids(&own), [&second["id"], &first["id"]], "newest first");
    let page = ann.get("/api/orders?limit=1").await.ok();
    let rest = ann.get(&format!("/api/orders?limit=1&cursor={}", text(&page["next"]))).await.ok();
    assert_eq!((ids(&page), ids(&rest)), (vec![&second["id"]], vec![&first["id"]]));
    ann.get(&format!("/api/orders/{}", text(&bobs["id"]))).await.refused(404, "unknown_order");
    ann.delete(&format!("/api/orders/{}", text(&bobs["id"]))).await.refused(404, "unknown_order");
    let bob_id = text(&bobs["user_id"]);
    ann.get(&format!("/api/orders?user={bob_id}")).await.refused(403, "forbidden");
    ann.get("/api/orders?q=ada").await.refused(403, "forbidden");
    assert_eq!(shop.guest().get("/api/orders").await.ok()["items"], json!([]));
    shop.guest().get("/api/orders/not-an-id").await.refused(400, "bad_path");
}

#[tokio::test]
async fn staff_finds_orders_by_status_user_number_id_and_email() {
    let shop = Shop::start().await;
    let (sku, guest, staff) = (shop.sku_with(9).await, shop.guest(), shop.staff());
    let (paid, open) = (guest.buy(&sku, 1).await, guest.order(&sku, 1).await);
    let user = text(&paid["user_id"]);
    let found = async |path: String| staff.get(&path).await.ok();
    assert_eq!(ids(&found(format!("/api/orders?status=verified&user={user}")).await), [&paid["id"]]);
    assert_eq!(ids(&found(format!("/api/orders/user/{user}")).await), [&open["id"], &paid["id"]]);
    assert!(ids(&found("/api/orders/status/awaiting_payment".to_owned()).await).contains(&&open["id"]));
    assert_eq!(ids(&found(format!("/api/orders?q={}", paid["number"])).await), [&paid["id"]]);
    assert_eq!(ids(&found(format!("/api/orders?q={}", text(&open["id"]))).await), [&open["id"]]);
    assert!(ids(&found("/api/orders?q=ADA@".to_owned()).await).contains(&&open["id"]));
    assert!(ids(&found("/api/orders?q=zoe@".to_owned()).await).is_empty());
    staff.get("/api/orders/status/eaten").await.refused(400, "bad_path");
}

#[tokio::test]
async fn a_guest_finds_an_order_by_its_reference_and_email_but_cannot_guess() {
    // Of its own: wrong look-ups are counted by address, and all tests have one.
    let shop = Shop::with(|_| {}).await;
    let (sku, guest) = (shop.sku_with(9).await, shop.guest());
    let order = guest.buy(&sku, 1).await;
    let reference = text(&order["reference"]);
    assert!(reference.starts_with(&format!("{}-", order["number"])) && reference.len() >= 15, "{reference}");
    let look_up = async |reference: &str, email: &str| {
        shop.guest().post("/api/orders/lookup", json!({"reference": reference, "email": email})).await
    };
    let found = look_up(&reference.to_lowercase(), " ADA@example.org").await.ok();
    assert_eq!((&found["number"], &found["status"]), (&order["number"], &order["status"]));
    assert_eq!((&found["lines"], &found["totals"]), (&order["lines"], &order["totals"]));
    // Whoever has both knows the person already; whoever stole them learns nothing more.
    let told = found.to_string();
    for kept in ["Ada", "ada@", "St James", "SW1Y", text(&order["id"]), text(&order["user_id"])] {
        assert!(!told.contains(kept), "{kept} in {told}");
    }
    // The number alone says nothing.
    let wrong = look_up(reference, "eve@example.org").await.refused(404, "unknown_order");
    let counted = look_up(&format!("{}-0000000000", order["number"]), "ada@example.org").await;
    assert_eq!(wrong, counted.refused(404, "unknown_order"), "one answer for both");
    look_up(&order["number"].to_string(), "ada@example.org").await.refused(404, "unknown_order");
    let mut last = None;
    for n in 0..20 {
        last = Some(look_up(&format!("{n}-0000000000"), &format!("{n}@example.org")).await);
        if last.as_ref().is_some_and(|answer| answer.status == 429) {
            break;
        }
    }
    let last = last.unwrap();
    assert!(last.header("retry-after").is_some());
    last.refused(429, "too_many_requests");
}

#[tokio::test]
async fn a_plus_in_an_email_is_a_plus() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(9).await, shop.guest());
    guest.put_in_cart(&sku, 1).await;
    let mut body = crate::shop::checkout_body();
    body["email"] = json!("ada+souk@example.org");
    let order = guest.keyed(Method::POST, "/api/checkout", &fresh_key(), body).await.created();
    guest.pay(&order, "tok_ok").await.created();
    let order = guest.get(&format!("/api/orders/{}", text(&order["id"]))).await.ok();
    let asked = json!({"reference": order["reference"], "email": "Ada+souk@example.org"});
    assert_eq!(shop.guest().post("/api/orders/lookup", asked).await.ok()["number"], order["number"]);
}

#[tokio::test]
async fn a_cancelled_order_gives_its_stock_back() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(5).await, shop.guest());
    let path = |order: &Value| format!("/api/orders/{}", text(&order["id"]));
    for paid in [false, true] {
        let order = if paid { guest.buy(&sku, 2).await } else { guest.order(&sku, 2).await };
        assert_eq!(guest.delete(&path(&order)).await.ok()["status"], "cancelled");
        assert_eq!(guest.delete(&path(&order)).await.ok()["status"], "cancelled", "again is nothing new");
    }
    eventually("all five are available", async || shop.available(&sku).await == 5).await;
    let shipped = guest.buy(&sku, 1).await;
    shop.staff().post(&format!("{}/transitions", path(&shipped)), json!({"to": "processing"})).await.ok();
    let problem = guest.delete(&path(&shipped)).await.refused(409, "illegal_move");
    assert_eq!((&problem["from"], &problem["to"]), (&json!("processing"), &json!("cancelled")));
}

#[tokio::test]
async fn operators_make_legal_moves_only_and_on_the_version_they_saw() {
    let shop = Shop::with(|_| {}).await;
    let (sku, guest, staff) = (shop.sku_with(5).await, shop.guest(), shop.staff());
    let order = guest.buy(&sku, 1).await;
    let path = format!("/api/orders/{}", text(&order["id"]));
    // Every step of the order's own makes a version: what staff sees from here on stays.
    shop.at_rest(&order).await;
    let seen = staff.get(&path).await.ok();
    let allowed = |order: &Value, to: &str| {
        let next = order["next"].as_array().unwrap().iter().find(|next| next["to"] == to).cloned();
        next.unwrap_or_else(|| panic!("{to} is not in {}", order["next"]))
    };
    assert_eq!(allowed(&seen, "processing")["allowed"], true);
    let delivered = allowed(&seen, "delivered");
    assert!(delivered["allowed"] == false && delivered["reason"].is_string(), "{delivered}");
    let illegal = staff.post(&format!("{path}/transitions"), json!({"to": "delivered"})).await;
    assert_eq!(illegal.refused(409, "illegal_move")["reason"], delivered["reason"]);
    let old = json!({"to": "processing", "expected_version": 1});
    staff.post(&format!("{path}/transitions"), old).await.refused(412, "version_conflict");
    let moved = staff.put(&path, json!({"to": "processing", "expected_version": seen["version"]})).await.ok();
    assert_eq!(moved["status"], "processing");
    staff.put(&path, json!({"to": "eaten"})).await.refused(400, "bad_json");
    let nobody = format!("/api/orders/{}/transitions", uuid::Uuid::new_v4());
    staff.post(&nobody, json!({"to": "processing"})).await.refused(404, "unknown_order");
}

#[tokio::test]
async fn parcels_ship_what_is_open_and_once_for_each_key() {
    let shop = Shop::start().await;
    let (sku, guest, staff) = (shop.sku_with(5).await, shop.guest(), shop.staff());
    let order = guest.buy(&sku, 3).await;
    let path = format!("/api/orders/{}/fulfilments", text(&order["id"]));
    staff.post(&format!("/api/orders/{}/transitions", text(&order["id"])), json!({"to": "processing"})).await.ok();
    let ship = async |key: &str, quantity: i64| {
        let body = json!({"lines": [{"sku": sku, "quantity": quantity}], "carrier": "DHL", "tracking": "00340"});
        staff.keyed(Method::POST, &path, key, body).await
    };
    let key = fresh_key();
    ship(&key, 2).await.created();
    assert_eq!(ship(&key, 2).await.created()["fulfilments"].as_array().map(Vec::len), Some(1));
    ship(&key, 1).await.refused(409, "idempotency_key_reused");
    let problem = ship(&fresh_key(), 2).await.refused(409, "ships_too_many");
    assert_eq!((&problem["requested"], &problem["open"]), (&json!(2), &json!(1)));
    ship(&fresh_key(), 0).await.refused(422, "bad_quantity");
    ship(&fresh_key(), 1).await.created();
    let own = format!("/api/orders/{}", text(&order["id"]));
    eventually("the order is shipped", async || guest.get(&own).await.ok()["status"] == "shipped").await;
    // The parcel is said at once; the stock follows as the order's own step.
    eventually("the stock knows it", async || shop.levels(&sku).await["shipped"] == 3).await;
}

#[tokio::test]
async fn history_says_who_did_what_without_the_payments_token() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(5).await, shop.guest());
    let order = guest.buy(&sku, 1).await;
    let path = format!("/api/orders/{}/history", text(&order["id"]));
    let history = shop.staff().get(&path).await.ok();
    let entries = history["items"].as_array().unwrap();
    assert_eq!(entries[0]["version"], 1);
    assert!(text(&entries[0]["by"]).starts_with("guest:"));
    assert!(history.to_string().contains("payment_begun") && !history.to_string().contains("tok_ok"));
    let first = shop.staff().get(&format!("{path}?limit=1")).await.ok();
    let second = shop.staff().get(&format!("{path}?limit=1&cursor={}", text(&first["next"]))).await.ok();
    assert_eq!((&first["items"][0], &second["items"][0]), (&entries[0], &entries[1]));
}
