//! Denied unless granted: every operation that the document secures refuses strangers, and every other
//! one is on the list below. A new staff route is tried here by itself; a new public one must be added.

use hyper::Method;
use serde_json::{Value, json};

use crate::shop::Shop;

/// Public, or judged by whose thing it is.
const OPEN: &[&str] = &[
    "GET /api/cart",
    "POST /api/cart/lines",
    "PUT /api/cart/lines/{sku}",
    "DELETE /api/cart/lines/{sku}",
    "GET /api/categories",
    "GET /api/categories/{slug}",
    "GET /api/categories/{slug}/products",
    "POST /api/checkout",
    "GET /api/orders",
    "POST /api/orders",
    "GET /api/orders/lookup",
    "GET /api/orders/status/{status}",
    "GET /api/orders/{id}",
    "DELETE /api/orders/{id}",
    "POST /api/payments",
    "GET /api/payments/{id}",
    "GET /api/products",
    "GET /api/products/category/{slug}",
    "GET /api/products/{id}",
    "GET /api/shipping-methods",
    "GET /api/stock/{sku}",
    "GET /healthz",
    "GET /media/sample/{path}",
    "GET /metrics",
    "GET /readyz",
    "POST /api/auth/login",
    "POST /api/payments/webhooks/{provider}",
];

fn operations(document: &Value) -> Vec<(Method, String, bool)> {
    let mut found = vec![];
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let secured = operation["security"].as_array().is_some_and(|schemes| !schemes.is_empty());
            found.push((method.to_uppercase().parse().expect("a method"), path.clone(), secured));
        }
    }
    found
}

/// A path with something plausible in each place: the refusal must come before anything is looked up.
fn filled(path: &str) -> String {
    let id = "0192f0c1-2e7a-7d0e-9b53-1f6a50c48a11";
    path.replace("{id}", id).replace("{sku}", "ANY-SKU").replace("{status}", "verified")
}

#[tokio::test]
async fn every_secured_operation_refuses_strangers() {
    let shop = Shop::start().await;
    let document = shop.guest().get("/api/openapi.json").await.ok();
    let guest = shop.guest();
    let page = guest.get("/api/products?limit=1").await.ok();
    guest.put_in_cart(page["items"][0]["skus"][0].as_str().unwrap(), 1).await;
    let forged = shop.with_token("eyJhbGciOiJub25lIn0.e30.");
    let mut tried = 0;
    for (method, path, _) in operations(&document).into_iter().filter(|(.., secured)| *secured) {
        let headers = [("idempotency-key", "k")];
        for (who, code) in [(&shop.guest(), "unauthenticated"), (&guest, "unauthenticated"), (&forged, "invalid_token")]
        {
            let answer = who.send(method.clone(), &filled(&path), &headers, Some(json!({}))).await;
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{method} {path}");
            answer.refused(401, code);
        }
        tried += 1;
    }
    assert!(tried >= 18, "{tried} staff operations");
}

#[tokio::test]
async fn what_is_not_secured_is_open_on_purpose() {
    let shop = Shop::start().await;
    let document = shop.guest().get("/api/openapi.json").await.ok();
    for (method, path, _) in operations(&document).into_iter().filter(|(.., secured)| !*secured) {
        let name = format!("{method} {path}");
        assert!(OPEN.contains(&name.as_str()), "{name} takes everybody: secure it, or add it to the list");
    }
}
