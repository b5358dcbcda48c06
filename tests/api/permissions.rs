//! Denied unless granted: every operation that the document secures refuses strangers, guests and shoppers' accounts,
//! and every other one is on the list below. A new staff route is tried here by itself; a new public one must be added.

use std::collections::BTreeSet;

use hyper::Method;
use serde_json::{Value, json};
use souk::domain::account::Role;

use crate::shop::Shop;

/// Public, or judged by whose thing it is.
const OPEN: &[&str] = &[
    "GET /live",
    "GET /live/sse",
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
    "POST /api/orders/lookup",
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
    "GET /readyz",
    "POST /api/auth/login",
    "POST /api/payments/webhooks/{provider}",
];

/// Secured, and for any account.
const ACCOUNTS: &[&str] = &["GET /api/auth/validate"];

fn operations(document: &Value) -> Vec<(Method, String, bool)> {
    let mut found = vec![];
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let secured = operation["security"].as_array().is_some_and(|schemes| !schemes.contains(&json!({})));
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
    let shop = Shop::with(|_| {}).await;
    let document = shop.guest().get("/api/openapi.json").await.ok();
    let (guest, shopper) = (shop.guest(), shop.account(Role::Shopper).await);
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
        let answer = shopper.send(method.clone(), &filled(&path), &headers, Some(json!({}))).await;
        match ACCOUNTS.contains(&format!("{method} {path}").as_str()) {
            true => assert_eq!(answer.ok()["user"]["role"], "shopper", "{method} {path}"),
            false => drop(answer.refused(403, "forbidden")),
        }
        tried += 1;
    }
    assert!(tried >= 18, "{tried} staff operations");
}

#[tokio::test]
async fn what_is_not_secured_is_open_on_purpose() {
    let shop = Shop::start().await;
    let document = shop.guest().get("/api/openapi.json").await.ok();
    let public = operations(&document).into_iter().filter(|(.., secured)| !*secured);
    let public: BTreeSet<_> = public.map(|(method, path, _)| format!("{method} {path}")).collect();
    let listed: BTreeSet<_> = OPEN.iter().copied().map(str::to_owned).collect();
    let unlisted: Vec<_> = public.difference(&listed).collect();
    assert!(unlisted.is_empty(), "{unlisted:?} take everybody: secure them, or add them to the list");
    let gone: Vec<_> = listed.difference(&public).collect();
    assert!(gone.is_empty(), "{gone:?} are on the list and not in the document, or secured by now");
}
