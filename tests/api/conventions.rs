//! The conventions of every request: problems, request ids, headers, the documents, operations.

use bytes::Bytes;
use hyper::Method;
use serde_json::json;

use crate::shop::{Shop, checkout_body};

#[tokio::test]
async fn every_wrong_request_gets_a_problem() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    guest.get("/api/nothing").await.refused(404, "not_found");
    let wrong = guest.delete("/api/products").await;
    assert!(wrong.header("allow").is_some_and(|allow| allow.contains("GET")));
    wrong.refused(405, "method_not_allowed");
    let json_type = [("content-type", "application/json"), ("idempotency-key", "k")];
    let post = async |headers: &[(&str, &str)], body: &'static [u8]| {
        guest.send_raw(Method::POST, "/api/checkout", headers, Bytes::from_static(body)).await
    };
    let problem = post(&json_type, b"{\n  \"email\": }").await.refused(400, "bad_json");
    assert_eq!((&problem["line"], &problem["column"]), (&json!(2), &json!(12)));
    post(&json_type[1..], b"{}").await.refused(415, "unsupported_media_type");
    let large = Bytes::from(vec![b' '; 65 * 1024]);
    let problem = guest.send_raw(Method::POST, "/api/checkout", &json_type, large).await.refused(413, "body_too_large");
    assert_eq!(problem["max"], 65_536);
}

#[tokio::test]
async fn answers_carry_a_request_id_and_the_headers_of_a_careful_server() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    for path in ["/healthz", "/api/nothing"] {
        let answer = guest.get(path).await;
        assert!(answer.header("x-request-id").is_some_and(|id| id.len() >= 16), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert!(answer.header("referrer-policy").is_some());
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let ours = guest.send(Method::GET, "/healthz", &[("x-request-id", "trace-17")], None).await;
    assert_eq!(ours.header("x-request-id"), Some("trace-17"));
    let long = "x".repeat(65);
    let replaced = guest.send(Method::GET, "/healthz", &[("x-request-id", &long)], None).await;
    assert_ne!(replaced.header("x-request-id"), Some(long.as_str()));
}

#[tokio::test]
async fn the_documents_are_served_from_here_alone() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    let document = guest.get("/api/openapi.json").await.ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let page = guest.get("/api/docs/").await;
    assert_eq!(page.status, 200);
    let page = String::from_utf8(page.bytes.to_vec()).unwrap();
    assert!(!page.contains("src=\"http") && !page.contains("href=\"http"), "{page}");
    let errors = guest.get("/api/docs/errors").await;
    assert_eq!(errors.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(String::from_utf8_lossy(&errors.bytes).contains("id=\"out_of_stock\""));
}

#[tokio::test]
async fn what_differs_by_caller_is_kept_by_no_shared_cache() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(3).await, shop.guest());
    guest.put_in_cart(&sku, 1).await;
    let order = guest.keyed(Method::POST, "/api/checkout", "k", checkout_body()).await.created();
    let order = format!("/api/orders/{}", order["id"].as_str().unwrap());
    for path in ["/api/cart", &order, "/api/orders", &format!("/api/stock/{sku}")] {
        let answer = guest.get(path).await;
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("private, no-cache")), "{path}");
    }
}

#[tokio::test]
async fn operations_answer() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    assert_eq!(guest.get("/healthz").await.bytes, "ok");
    let ready = guest.get("/readyz").await.ok();
    assert_eq!(ready["status"], "ready");
    assert!(ready["durability"].is_string());
    guest.get("/api/products").await.ok();
    let text = shop.metrics().await;
    assert!(text.contains("souk_http_request_seconds") && text.contains("/api/products"), "{text}");
    assert!(shop.staff().get("/api/cluster").await.ok().is_object());
}

#[tokio::test]
async fn every_answer_is_a_shape_that_the_document_knows() {
    let shop = Shop::start().await;
    let (sku, guest) = (shop.sku_with(3).await, shop.guest());
    let document = guest.get("/api/openapi.json").await.ok();
    let required = |name: &str| -> Vec<String> {
        let list =
            document["components"]["schemas"][name]["required"].as_array().unwrap_or_else(|| panic!("no {name}"));
        list.iter().map(|member| member.as_str().unwrap().to_owned()).collect()
    };
    let cart = guest.put_in_cart(&sku, 1).await;
    let order = guest.keyed(Method::POST, "/api/checkout", "k", checkout_body()).await.created();
    let payment = guest.pay(&order, "tok_ok").await.created();
    let stock = guest.get(&format!("/api/stock/{sku}")).await.ok();
    for (name, value) in [("Cart", cart), ("Order", order), ("Payment", payment), ("Stock", stock)] {
        for member in required(name) {
            assert!(value.get(&member).is_some(), "{name} lacks {member}: {value}");
        }
    }
}
