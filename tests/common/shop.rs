//! A whole shop in this process, on a free port, and the verbs of its people: tests read like a shopper's or an
//! operator's work.
//!
//! `start` is the one place that knows how a shop is put together.

mod accounts;
mod contract;
mod outbox;
pub mod start;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use souk::{
    app,
    config::Config,
    domain::order::{Order, PaymentStatus},
    testing,
};
use tokio::sync::OnceCell;
use uuid::Uuid;

pub use accounts::{PASSWORD, fresh_email};

pub struct Shop {
    pub url: String,
    client: Client<HttpConnector, Full<Bytes>>,
    front: Arc<Front>,
    own: Option<start::Own>,
}

/// The state shared by all users of one running shop.
#[derive(Default)]
struct Front {
    /// A superadmin's token.
    staff: String,
    /// One SKU of each product; each is given out once.
    skus: Vec<String>,
    next: AtomicUsize,
}

impl Shop {
    /// The sample shop that all tests of this binary share.
    pub async fn start() -> Self {
        static FRONT: OnceCell<Arc<Front>> = OnceCell::const_new();
        let url = tokio::task::spawn_blocking(start::sample).await.expect("a shop").to_owned();
        let mut shop = Self { url, client: client(), front: Arc::default(), own: None };
        shop.front = FRONT.get_or_init(async || Arc::new(shop.front().await)).await.clone();
        shop
    }

    /// A small shop of this test alone.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let own = start::own(change).await;
        let url = format!("http://{}", own.app.address);
        let mut shop = Self { url, client: client(), front: Arc::default(), own: Some(own) };
        shop.front = Arc::new(shop.front().await);
        shop
    }

    async fn front(&self) -> Front {
        let session = self.guest().log_in(start::EMAIL, start::PASSWORD).await;
        let staff = text(&session["access_token"]).to_owned();
        let (mut skus, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = self.guest().get(&format!("/api/products?limit=100{cursor}")).await.ok();
            let items = page["items"].as_array().expect("a page");
            skus.extend(items.iter().map(|item| text(&item["skus"][0]).to_owned()));
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Front { staff, skus, next: AtomicUsize::new(0) },
            }
        }
    }

    /// The process behind a shop of [`Shop::with`].
    pub fn app(&self) -> &app::Shop {
        &self.own.as_ref().expect("a shop of its own").app
    }

    /// Its data directory.
    pub fn data(&self) -> std::path::PathBuf {
        self.own.as_ref().expect("a shop of its own").dir.path().join("data")
    }

    /// Takes the process out, to stop it in good order while others hold clients of it; and its directory.
    pub fn leave(&mut self) -> (app::Shop, tempfile::TempDir) {
        let own = self.own.take().expect("a shop of its own");
        (own.app, own.dir)
    }

    pub fn staff_token(&self) -> &str {
        &self.front.staff
    }

    /// A new guest, without a cookie.
    pub fn guest(&self) -> Person<'_> {
        Person { shop: self, token: None, cookie: Mutex::new(None) }
    }

    pub fn staff(&self) -> Person<'_> {
        self.with_token(&self.front.staff)
    }

    /// What a scraper reads.
    pub async fn metrics(&self) -> String {
        String::from_utf8_lossy(&self.staff().get("/metrics").await.bytes).into_owned()
    }

    pub fn with_token(&self, token: &str) -> Person<'_> {
        Person { token: Some(token.to_owned()), ..self.guest() }
    }

    /// A SKU that no other caller of this gets, with exactly `units` available.
    pub async fn sku_with(&self, units: i64) -> String {
        let n = self.front.next.fetch_add(1, Ordering::Relaxed);
        let sku = self.front.skus.get(n).expect("a product that no test has taken yet").clone();
        let staff = self.staff();
        let now = staff.get(&format!("/api/stock/{sku}")).await.ok()["available"].as_i64().expect("staff sees counts");
        if units != now {
            let body = json!({"delta": units - now, "reason": "the test's own count"});
            staff.keyed(Method::POST, &format!("/api/stock/{sku}/adjustments"), &fresh_key(), body).await.ok();
            // The response waits until the read models contain the change: a subscriber's first view comes from them.
            assert_eq!(self.available(&sku).await, units, "the count that the test set");
        }
        sku
    }

    /// As many SKUs, each as [`Shop::sku_with`] gives one.
    pub async fn skus_with(&self, skus: usize, units: i64) -> Vec<String> {
        let mut all = Vec::new();
        for _ in 0..skus {
            all.push(self.sku_with(units).await);
        }
        all
    }

    /// Waits until an order's money is taken and no step of its own is left. Only in a shop of [`Shop::with`].
    pub async fn at_rest(&self, order: &Value) {
        eventually("the order is at rest", async || {
            let order = self.app().engine.gateway.read_local::<Order>(text(&order["id"])).expect("a read");
            let view = order.expect("an order").view;
            view.settled && view.payment_status == PaymentStatus::Captured
        })
        .await;
    }

    pub async fn available(&self, sku: &str) -> i64 {
        self.levels(sku).await["available"].as_i64().expect("a count")
    }

    pub async fn levels(&self, sku: &str) -> Value {
        self.staff().get(&format!("/api/stock/{sku}")).await.ok().clone()
    }
}

/// Consequences (captures, releases, read models) need a moment, and no more than ten seconds.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    testing::eventually(what, Duration::from_secs(10), condition).await;
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}

pub fn fresh_key() -> String {
    Uuid::new_v4().to_string()
}

pub fn address() -> Value {
    json!({"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB"})
}

pub fn checkout_body() -> Value {
    json!({"email": "ada@example.org", "shipping_address": address(), "shipping_method": "standard"})
}

/// One client: keeps its cookie, or sends its token.
pub struct Person<'a> {
    shop: &'a Shop,
    token: Option<String>,
    cookie: Mutex<Option<String>>,
}

impl Person<'_> {
    /// The client's access token.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Another client's session is this one's from now on.
    pub fn keep(&self, cookie: &str) {
        *self.cookie.lock().unwrap() = Some(cookie.to_owned());
    }

    /// The client's session cookie.
    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, &[], Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    pub async fn keyed(&self, method: Method, path: &str, key: &str, body: Value) -> Answer {
        self.send(method, path, &[("idempotency-key", key)], Some(body)).await
    }

    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut all = vec![];
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        all.extend_from_slice(headers);
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        self.send_raw(method, path, &all, bytes).await
    }

    pub async fn send_raw(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Bytes) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(format!("{}{path}", self.shop.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(cookie) = self.cookie.lock().unwrap().clone() {
            request = request.header(header::COOKIE, cookie);
        }
        let response = self.shop.client.request(request.body(Full::new(body)).unwrap()).await.expect("an answer");
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        if let Some(set) = head.headers.get(header::SET_COOKIE) {
            let cookie = set.to_str().unwrap().split(';').next().unwrap().to_owned();
            *self.cookie.lock().unwrap() = Some(cookie);
        }
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        contract::check(&method, path, head.status.as_u16(), &json);
        Answer { status: head.status.as_u16(), headers: head.headers, bytes, json }
    }

    pub async fn put_in_cart(&self, sku: &str, quantity: i64) -> Value {
        self.put(&format!("/api/cart/lines/{sku}"), json!({"quantity": quantity})).await.ok()
    }

    pub async fn check_out_with(&self, key: &str) -> Answer {
        self.keyed(Method::POST, "/api/checkout", key, checkout_body()).await
    }

    pub async fn pay(&self, order: &Value, token: &str) -> Answer {
        let body = json!({"order_id": order["id"], "provider": "sandbox", "token": token});
        self.keyed(Method::POST, "/api/payments", &fresh_key(), body).await
    }

    /// An order that waits for its payment.
    pub async fn order(&self, sku: &str, quantity: i64) -> Value {
        self.put_in_cart(sku, quantity).await;
        self.check_out_with(&fresh_key()).await.created()
    }

    /// A paid order.
    pub async fn buy(&self, sku: &str, quantity: i64) -> Value {
        let order = self.order(sku, quantity).await;
        self.pay(&order, "tok_ok").await.created();
        // The cart follows the sale by itself; until it has, it would take a new line of this SKU for the bought one.
        let settled = async || {
            let lines = self.get("/api/cart").await.ok()["lines"].clone();
            lines.as_array().is_some_and(|lines| lines.iter().all(|line| line["sku"] != sku))
        };
        eventually("the cart is settled", settled).await;
        self.get(&format!("/api/orders/{}", text(&order["id"]))).await.ok()
    }
}

/// G1, and that nothing is below zero.
#[track_caller]
pub fn assert_balanced(levels: &Value) {
    let count = |name: &str| levels[name].as_i64().unwrap_or_else(|| panic!("no {name} in {levels}"));
    let here = ["available", "held", "committed", "shipped"].map(count);
    assert!(here.iter().all(|units| *units >= 0), "{levels}");
    assert_eq!(here.iter().sum::<i64>(), count("received") + count("adjusted") + count("oversold"), "{levels}");
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text"))
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Bytes,
    pub json: Value,
}

impl Answer {
    #[track_caller]
    pub fn ok(self) -> Value {
        self.with_status(200)
    }

    #[track_caller]
    pub fn created(self) -> Value {
        self.with_status(201)
    }

    #[track_caller]
    pub fn with_status(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.bytes));
        self.json
    }

    /// A problem of this code; gives its numbers.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!(
            (self.status, &self.json["code"]),
            (status, &json!(code)),
            "{}",
            String::from_utf8_lossy(&self.bytes)
        );
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(self.json["status"], status);
        assert_eq!(self.json["type"], format!("/api/docs/errors#{code}"));
        self.json
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a legible header"))
    }

    pub fn etag(&self) -> &str {
        self.header("etag").expect("an ETag")
    }
}
