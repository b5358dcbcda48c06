//! What a request may be written like: objects as objects, known parameters, tags as proxies change them.

use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};

use crate::shop::{
    Shop, checkout_body,
    start::{EMAIL, PASSWORD},
    text,
};

/// The members of an object in the order of their declaration: what serde takes for a struct by itself.
fn as_array(body: &Value, order: &[&str]) -> Value {
    order.iter().map(|member| body[*member].clone()).collect()
}

#[tokio::test]
async fn an_object_is_not_written_as_an_array() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(3).await, shop.guest());
    let send = async |path: &str, body: &Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
        guest.send_raw(Method::POST, path, &headers, Bytes::from(body.to_string())).await
    };
    send("/api/auth/login", &json!([EMAIL, PASSWORD])).await.refused(400, "bad_json");
    send("/api/cart/lines", &json!([[sku, 1]])).await.refused(400, "bad_json");
    guest.put_in_cart(&sku, 1).await;
    // One level down, in an object that is right.
    let mut body = checkout_body();
    let order = ["name", "line1", "line2", "city", "region", "postal_code", "country", "phone"];
    body["shipping_address"] = as_array(&body["shipping_address"], &order);
    let problem = send("/api/checkout", &body).await.refused(400, "bad_json");
    assert!(text(&problem["detail"]).contains("expected an object"), "{problem}");
}

#[tokio::test]
async fn a_parameter_that_no_route_knows_is_named_and_a_mark_is_left_out() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    for marked in ["?_=17", "?utm_source=mail&limit=1&utm_campaign=x", "?gclid=a&fbclid=b"] {
        guest.get(&format!("/api/products{marked}")).await.ok();
    }
    let problem = guest.get("/api/products?limt=1").await.refused(400, "bad_query");
    assert!(text(&problem["detail"]).starts_with("unknown parameter `limt`, expected one of"), "{problem}");
    let long = "x".repeat(255);
    shop.staff().get(&format!("/api/orders?q={long}")).await.refused(400, "bad_query");
    shop.staff().get(&format!("/api/orders?q={}", &long[1..])).await.ok();
}

#[tokio::test]
async fn a_tag_is_known_though_a_proxy_compressed_the_body() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(9).await, shop.guest());
    let order = guest.order(&sku, 1).await;
    let marked = async |path: &str| {
        let tag = guest.get(path).await.header("etag").expect("a tag").to_owned();
        format!("{}-gzip\"", tag.trim_end_matches('"'))
    };
    let path = format!("/api/orders/{}", text(&order["id"]));
    let tag = marked(&path).await;
    let again = guest.send(Method::GET, &path, &[("if-none-match", &tag)], None).await;
    assert_eq!(again.status, 304);
    guest.put_in_cart(&sku, 1).await;
    let line = format!("/api/cart/lines/{sku}");
    let marked = marked("/api/cart").await;
    let put = async |tag: &str, quantity: u32| {
        guest.send(Method::PUT, &line, &[("if-match", tag)], Some(json!({"quantity": quantity}))).await
    };
    put(&marked, 2).await.ok();
    put(&marked, 3).await.refused(412, "version_conflict");
}
