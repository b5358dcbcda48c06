//! One HTTP client with its cookie or token. A missing response is a value here: the caller retries with the same key.

// Each test binary uses its own part of this.
#![allow(dead_code)]

use std::{net::Ipv4Addr, sync::Mutex, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Method, Request, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::process::{EMAIL, PASSWORD};

const PATIENCE: Duration = Duration::from_secs(20);

/// A request that can be sent again, and is then the same.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub key: Option<String>,
    pub body: Option<Value>,
    pub header: Option<(&'static str, &'static str)>,
}

impl Call {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), key: None, body: None, header: None }
    }

    pub fn put(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::PUT, body: Some(body), ..Self::get(path) }
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::get(path) }
    }

    pub fn post(path: impl Into<String>, key: &str, body: Value) -> Self {
        Self { key: Some(key.to_owned()), ..Self::post_without_key(path, body) }
    }

    pub fn post_without_key(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, ..Self::put(path, body) }
    }

    pub fn header(self, name: &'static str, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    pub fn checkout(key: &str) -> Self {
        let address = json!({"name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London",
            "postal_code": "SW1Y 4JH", "country": "GB"});
        let body = json!({"email": "ada@example.org", "shipping_address": address, "shipping_method": "standard"});
        Self::post("/api/checkout", key, body)
    }

    pub fn pay(key: &str, order: &str, token: &str) -> Self {
        Self::post("/api/payments", key, json!({"order_id": order, "provider": "sandbox", "token": token}))
    }

    pub fn receive(key: &str, sku: &str, quantity: u64) -> Self {
        Self::post(format!("/api/stock/{sku}/receipts"), key, json!({"quantity": quantity, "reference": key}))
    }
}

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub json: Value,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{}: {}", self.status, self.json);
        self.json
    }

    pub fn is(&self, status: u16, code: &str) -> bool {
        self.status == status && self.json["code"] == code
    }
}

pub struct Person {
    client: Client<HttpConnector, Full<Bytes>>,
    token: Option<String>,
    cookie: Mutex<Option<String>>,
}

impl Person {
    pub fn guest() -> Self {
        Self::over(HttpConnector::new())
    }

    /// Whoever this access token was given to.
    pub fn with_token(token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::guest() }
    }

    /// A guest whose connections come from this address.
    pub fn guest_from(address: Ipv4Addr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(address.into()));
        Self::over(connector)
    }

    fn over(connector: HttpConnector) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { client, token: None, cookie: Mutex::new(None) }
    }

    /// Another guest, over the same connections.
    pub fn somebody_new(&self) -> Self {
        Self { client: self.client.clone(), token: None, cookie: Mutex::new(None) }
    }

    /// The same person, at another desk.
    pub fn again(&self) -> Self {
        let cookie = Mutex::new(self.cookie.lock().unwrap().clone());
        Self { client: self.client.clone(), token: self.token.clone(), cookie }
    }

    /// The superadmin. The token outlives the server: its key and its session lie in the data directory.
    pub async fn staff(url: &str) -> Self {
        Self::staff_with(url, PASSWORD).await
    }

    pub async fn staff_with(url: &str, password: &str) -> Self {
        let guest = Self::guest();
        let login = json!({"email": EMAIL, "password": password});
        let call = Call::post_without_key("/api/auth/login", login);
        let token = guest.send(url, &call).await.expect("an answer").ok()["access_token"].as_str().map(str::to_owned);
        Self { token: Some(token.expect("a token")), ..guest }
    }

    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// `Err`: no response; the command may or may not have been executed.
    pub async fn send(&self, url: &str, call: &Call) -> Result<Answer, String> {
        let mut request = Request::builder().method(&call.method).uri(format!("{url}{}", call.path));
        let cookie = self.cookie.lock().unwrap().clone();
        let token = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let json = call.body.as_ref().map(|_| "application/json".to_owned());
        for (name, value) in [
            (header::AUTHORIZATION.as_str(), token),
            (header::COOKIE.as_str(), cookie),
            (header::CONTENT_TYPE.as_str(), json),
            ("idempotency-key", call.key.clone()),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        if let Some((name, value)) = call.header {
            request = request.header(name, value);
        }
        let body = call.body.as_ref().map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        let answered = async {
            let response = self.client.request(request).await.map_err(|error| error.to_string())?;
            let (head, body) = response.into_parts();
            let bytes = body.collect().await.map_err(|error| error.to_string())?.to_bytes();
            Ok::<_, String>((head, bytes))
        };
        let (head, bytes) = timeout(PATIENCE, answered).await.map_err(|_| "no answer in time".to_owned())??;
        if let Some(set) = head.headers.get(header::SET_COOKIE) {
            let cookie = set.to_str().expect("a legible cookie").split(';').next().unwrap_or_default();
            *self.cookie.lock().unwrap() = Some(cookie.to_owned());
        }
        let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, json, text })
    }

    /// All items of a list, page by page.
    pub async fn list(&self, url: &str, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let sign = if path.contains('?') { '&' } else { '?' };
            let page = self.send(url, &Call::get(format!("{path}{sign}limit=100{cursor}"))).await;
            let page = page.expect("an answer").ok();
            items.extend(page["items"].as_array().expect("a page").iter().cloned());
            match page["next"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is not a text"))
}
