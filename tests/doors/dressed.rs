//! What every answer wears: the headers that keep a browser from running, framing or guessing it, and those for pages
//! of other origins.

use hyper::Method;
use serde_json::{Value, json};

use super::raw::{Raw, status};
use crate::shop::Shop;

/// What else may stand beside them in the document is no operation.
const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];

/// Every operation of the document with its parameters filled in, and what no document lists.
fn doors() -> Vec<(String, String)> {
    let document: Value = serde_json::from_str(&souk::app::routes::openapi().to_json().unwrap()).unwrap();
    let filled = |path: &str| {
        let parts = path.split('/').map(|part| if part.starts_with('{') { "x" } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let operations = document["paths"].as_object().unwrap().iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().keys().filter(|name| METHODS.contains(&name.as_str()));
        methods.map(|method| (method.to_uppercase(), filled(path))).collect::<Vec<_>>()
    });
    let others = [
        ("GET", "/"),
        ("GET", "/page/page.js"),
        ("GET", "/page/none.js"),
        ("GET", "/nothing"),
        ("BREW", "/api/products"),
        ("OPTIONS", "/api/products"),
        ("GET", "/api/docs"),
        ("GET", "/api/docs/"),
        ("GET", "/api/docs/errors"),
        ("GET", "/api/docs/none"),
        ("GET", "/api/openapi.json"),
        ("GET", "/sandbox/continue/x"),
        ("POST", "/sandbox/continue/x/approve"),
        ("GET", "/live"),
        ("GET", "/live/sse"),
        ("GET", "/live/sse?topics=stock.A"),
        ("POST", "/live/sse"),
        ("GET", "/healthz"),
    ];
    operations.chain(others.map(|(method, path)| (method.to_owned(), path.to_owned()))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_everybody_with_the_headers_of_safety() {
    let shop = Shop::with(|_| {}).await;
    let (mut refusals, mut redirects) = (0, 0);
    let doors = doors();
    for (method, path) in &doors {
        let bearer = format!("authorization: Bearer {}\r\n", shop.staff_token());
        for credentials in ["", "authorization: Bearer forged\r\n", &bearer] {
            let mut client = Raw::of(&shop).await;
            client.ask(&format!("{method} {path}"), &format!("{credentials}content-length: 0\r\n")).await;
            let head = client.head().await.to_ascii_lowercase();
            let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            let policy = header("content-security-policy").unwrap_or_else(|| panic!("{method} {path}: {head}"));
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe-eval"), "{path}: {policy}");
            assert!(!policy.contains("script-src 'self' 'unsafe"), "{path}: {policy}");
            assert_eq!(header("x-content-type-options"), Some("nosniff"), "{method} {path}: {head}");
            assert_eq!(header("x-frame-options"), Some("deny"), "{method} {path}: {head}");
            assert_eq!(header("referrer-policy"), Some("same-origin"), "{method} {path}: {head}");
            assert_eq!(header("cross-origin-opener-policy"), Some("same-origin"), "{method} {path}: {head}");
            assert!(header("x-request-id").is_some() && header("cache-control").is_some(), "{method} {path}: {head}");
            assert_eq!(header("strict-transport-security"), None, "browsers ignore it in the clear: {head}");
            refusals += usize::from(status(&head) >= 400);
            redirects += usize::from((300..400).contains(&status(&head)));
        }
    }
    assert!(doors.len() > 60 && refusals > 60 && redirects > 0, "{} {refusals} {redirects}", doors.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listed_origin_may_call_and_read_and_no_other_is_told_anything() {
    const OURS: &str = "https://www.shop.example";
    let shop = Shop::with(|config| config.http.trusted_origins = vec![OURS.into()]).await;
    let guest = shop.guest();
    let asked = |origin: &'static str| {
        [("origin", origin), ("access-control-request-method", "PUT"), ("access-control-request-headers", "if-match")]
    };
    for path in ["/api/cart/lines/THING-01", "/live/sse"] {
        let granted = guest.send(Method::OPTIONS, path, &asked(OURS), None).await;
        assert_eq!(granted.status, 204, "{path}");
        assert_eq!(granted.header("access-control-allow-origin"), Some(OURS));
        assert_eq!(granted.header("access-control-allow-credentials"), Some("true"));
        assert!(granted.header("access-control-allow-methods").is_some_and(|methods| methods.contains("PUT")));
        assert!(granted.header("access-control-allow-headers").is_some_and(|names| names.contains("if-match")));
        let refused = guest.send(Method::OPTIONS, path, &asked("https://evil.example"), None).await;
        assert_eq!(refused.status, 405, "{path}");
        assert!(refused.headers.keys().all(|name| !name.as_str().starts_with("access-control-")), "{path}");
    }
    let read = guest.send(Method::GET, "/api/products", &[("origin", OURS)], None).await;
    assert_eq!((read.status, read.header("access-control-allow-origin")), (200, Some(OURS)));
    let missing = guest.send(Method::GET, "/api/products/none", &[("origin", OURS)], None).await;
    assert_eq!((missing.status, missing.header("access-control-allow-origin")), (404, Some(OURS)), "problems too");
    let lines = json!({"quantity": 1});
    let put = guest.send(Method::PUT, "/api/cart/lines/THING-01", &[("origin", OURS)], Some(lines)).await;
    assert_eq!((put.status, put.header("access-control-allow-origin")), (200, Some(OURS)));
    let other = guest.send(Method::GET, "/api/products", &[("origin", "https://evil.example")], None).await;
    assert_eq!((other.status, other.header("access-control-allow-origin")), (200, None));
    let vary = other.headers.get_all("vary");
    assert!(vary.iter().any(|vary| vary == "origin"), "no cache gives it to a listed page");
    let measured = shop.metrics().await;
    let granted = r#"souk_http_request_seconds_count{method="OPTIONS",route="/api/cart/lines/{sku}",status="2xx"}"#;
    assert!(measured.contains(granted), "a browser's question is a request: {measured}");
}
