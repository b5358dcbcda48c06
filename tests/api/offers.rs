//! What an import and an operator change in a shop while people are shopping: SKUs of every shape, products taken down
//! or renamed, and SKUs sold beyond the units in the house.

use std::time::Duration;

use hyper::Method;
use serde_json::json;
use souk::{
    catalogue::shopify::{self, Asked, ImportReport, Told},
    domain::money::Currency,
};

use crate::{
    live::listener::Listener,
    shop::{Shop, assert_balanced, checkout_body, fresh_key, text},
};

const HEAD: &str = "Handle,Title,Variant SKU,Variant Inventory Qty,Variant Price,Status\n";

async fn import(shop: &Shop, rows: &str) -> ImportReport {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("products.csv");
    std::fs::write(&file, format!("{HEAD}{rows}")).expect("a file");
    let gateway = &shop.app().engine.gateway;
    let asked = Asked::new(Currency::EUR);
    let report = shopify::import(gateway, &file, asked, "test".into(), |_, _| {}).await.expect("an import");
    assert!(report.imported, "{}", report.bad);
    assert!(gateway.await_projection(Duration::from_secs(10)).await);
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sku_of_any_shape_is_sold_under_its_encoded_name() {
    let shop = Shop::with(|_| {}).await;
    import(&shop, "mug,Mug,\"MUG RED/1 ß&#?,%\",5,9.90,active\n").await;
    let (sku, url) = ("MUG RED/1 ß&#?,%", "MUG%20RED%2F1%20%C3%9F%26%23%3F%2C%25");
    let levels = shop.staff().get(&format!("/api/stock/{url}")).await.ok();
    assert_eq!((text(&levels["sku"]), &levels["available"]), (sku, &json!(5)));
    let mut listener = Listener::stranger(&shop).await;
    listener.listen(&format!("stock.{sku}")).await;
    assert_eq!(listener.hear().await["view"]["sku"], sku);
    let receipt = json!({"quantity": 2});
    shop.staff().keyed(Method::POST, &format!("/api/stock/{url}/receipts"), &fresh_key(), receipt).await.ok();
    let guest = shop.guest();
    assert_eq!(text(&guest.put_in_cart(url, 2).await["lines"][0]["sku"]), sku);
    let order = guest.check_out_with(&fresh_key()).await.created();
    assert_eq!(text(&order["lines"][0]["sku"]), sku);
    let book = shop.staff().get(&format!("/api/stock/{url}/movements")).await.ok();
    assert_eq!(book["items"].as_array().map(Vec::len), Some(3));
    // Page by page it is the same book, however it is leafed through.
    for cursor in [0, 1, 2, 1] {
        let page = shop.staff().get(&format!("/api/stock/{url}/movements?limit=1&cursor={cursor}")).await.ok();
        assert_eq!(page["items"][0], book["items"][cursor], "after {cursor}");
    }
    let found = shop.staff().get("/api/stock?q=red%2F1").await.ok();
    assert_eq!((found["items"].as_array().map(Vec::len), &found["next"]), (Some(1), &json!(null)));
    shop.guest().get("/api/stock/%E2%80%AEGUM").await.refused(404, "unknown_sku");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_that_is_taken_down_leaves_the_shop_and_its_carts_are_told() {
    let shop = Shop::with(|_| {}).await;
    import(&shop, "tea-cup,Tea Cup,CUP-1,5,10.00,active\n").await;
    let guest = shop.guest();
    let before = guest.put_in_cart("CUP-1", 1).await;
    assert_eq!(before["lines"][0]["withdrawn"], false);
    let mut listener = Listener::of(&shop, &guest).await;
    listener.listen(&format!("cart.{}", text(&before["id"]))).await;
    assert_eq!(listener.hear().await["view"]["lines"][0]["withdrawn"], false);
    let report = import(&shop, "tea-cup,Tea Cup,CUP-1,5,10.00,archived\n").await;
    listener.until(|frame| frame["view"]["lines"][0]["withdrawn"] == true).await;
    assert_eq!((report.notes.count(Told::TakenDown), report.notes.count(Told::Archived)), (1, 1));
    shop.guest().get("/api/products/tea-cup").await.refused(404, "unknown_product");
    let told = guest.get("/api/cart").await.ok();
    assert_eq!((&told["lines"][0]["withdrawn"], &told["lines"][0]["availability"]), (&json!(true), &json!("out")));
    let refused = guest.check_out_with(&fresh_key()).await.refused(409, "item_withdrawn");
    assert_eq!(refused["skus"], json!(["CUP-1"]));
    assert_eq!(import(&shop, "tea-cup,Tea Cup,CUP-1,5,10.00,archived\n").await.changed, 0, "again is nothing new");
    import(&shop, "tea-cup,Tea Cup,CUP-1,5,10.00,active\n").await;
    assert_eq!(guest.get("/api/cart").await.ok()["lines"][0]["withdrawn"], false);
    guest.check_out_with(&fresh_key()).await.created();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renamed_product_takes_its_sku_along() {
    let shop = Shop::with(|_| {}).await;
    import(&shop, "tea-cup,Tea Cup,CUP-1,5,10.00,active\n").await;
    let guest = shop.guest();
    guest.put_in_cart("CUP-1", 1).await;
    let report = import(&shop, "tea-cup-2026,Tea Cup,CUP-1,5,15.00,active\n").await;
    assert_eq!(report.notes.count(Told::TakenOver), 1);
    guest.get("/api/products/tea-cup").await.refused(404, "unknown_product");
    assert_eq!(guest.get("/api/products/tea-cup-2026").await.ok()["price"]["amount"], 1_500);
    assert_eq!(guest.get("/api/cart").await.ok()["lines"][0]["withdrawn"], false);
    let changed = guest.check_out_with(&fresh_key()).await.refused(409, "price_changed");
    assert_eq!(changed["lines"][0]["now"]["amount"], 1_500);
    assert_eq!(shop.available("CUP-1").await, 5, "its stock is the SKU's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backorder_sells_on_up_to_its_bound_and_is_counted() {
    let shop = Shop::with(|_| {}).await;
    let (staff, path) = (shop.staff(), "/api/stock/THING-01/policy");
    assert_eq!(shop.guest().get("/api/stock/THING-01").await.ok()["availability"], "out");
    let levels = staff.put(path, json!({"policy": "backorder", "backorder_max": 2})).await.ok();
    assert_eq!((&levels["policy"], &levels["backorder_max"]), (&json!("backorder"), &json!(2)));
    assert_eq!(shop.guest().get("/api/stock/THING-01").await.ok()["availability"], "backorder");
    shop.guest().order("THING-01", 2).await;
    let levels = shop.levels("THING-01").await;
    assert_eq!((&levels["available"], &levels["oversold"], &levels["held"]), (&json!(0), &json!(2), &json!(2)));
    assert_balanced(&levels);
    let guest = shop.guest();
    guest.put_in_cart("THING-01", 1).await;
    let refused = guest.check_out_with(&fresh_key()).await.refused(409, "out_of_stock");
    assert_eq!(refused["lines"][0]["availability"], "out");
    staff.put(path, json!({"policy": "untracked"})).await.ok();
    guest.keyed(Method::POST, "/api/checkout", &fresh_key(), checkout_body()).await.created();
    let levels = staff.put(path, json!({"policy": "tracked"})).await.ok();
    assert_eq!((&levels["oversold"], levels.get("backorder_max")), (&json!(3), None), "what is owed stays");
    for body in [
        json!({"policy": "backorder"}),
        json!({"policy": "backorder", "backorder_max": 0}),
        json!({"policy": "tracked", "backorder_max": 3}),
    ] {
        staff.put(path, body).await.refused(422, "invalid_field");
    }
    let book = staff.get("/api/stock/THING-01/movements").await.ok();
    let sum: i64 = book["items"].as_array().unwrap().iter().map(|line| line["units"].as_i64().unwrap()).sum();
    assert_eq!(sum, -3, "the book sums up to what is owed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_asked_for_what_its_country_has() {
    let shop = Shop::with(|_| {}).await;
    let guest = shop.guest();
    shop.staff().put("/api/stock/THING-02/policy", json!({"policy": "untracked"})).await.ok();
    guest.put_in_cart("THING-02", 1).await;
    let body = |address: serde_json::Value| {
        let mut body = checkout_body();
        body["shipping_address"] = address;
        body
    };
    let hong_kong = json!({"name": "Ada", "line1": "1 Nathan Road", "region": "Kowloon", "country": "HK"});
    let check_out = async |body| guest.keyed(Method::POST, "/api/checkout", &fresh_key(), body).await;
    let order = check_out(body(hong_kong.clone())).await.created();
    assert_eq!(order["shipping_address"]["country"], "HK");
    for (member, value) in [("country", "UK"), ("country", "DE"), ("name", "\u{200B}"), ("name", "Ada\u{202E}x")] {
        let mut address = hong_kong.clone();
        address[member] = json!(value);
        check_out(body(address)).await.refused(422, "invalid_field");
    }
}
