//! A browser that goes from the shop to a provider and back: it keeps each site's cookies and follows where it is sent.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU8, Ordering},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{HeaderMap, Method, Request, header};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

use super::certified::PUBLIC_URL;
use crate::shop::{Answer, Shop};

#[derive(Default, Clone)]
pub struct Jar(BTreeMap<String, String>);

impl Jar {
    fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("a legible cookie");
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            match line.contains("Max-Age=0") || value.is_empty() {
                true => self.0.remove(name),
                false => self.0.insert(name.to_owned(), value.to_owned()),
            };
        }
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn line(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

pub struct Browser<'a> {
    shop: &'a Shop,
    pub jar: Jar,
    /// Its own, as the shop's proxy tells it.
    address: Option<String>,
}

impl<'a> Browser<'a> {
    pub fn new(shop: &'a Shop) -> Self {
        Self { shop, jar: Jar::default(), address: None }
    }

    /// The same at an address that no other has, behind a proxy that the shop trusts.
    pub fn somewhere(shop: &'a Shop) -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        let address = format!("192.0.2.{}", NEXT.fetch_add(1, Ordering::SeqCst));
        Self { address: Some(address), ..Self::new(shop) }
    }

    pub async fn ask(&mut self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let cookies = self.jar.line();
        let headers: &[(&str, &str)] = if cookies.is_empty() { &[] } else { &[("cookie", &cookies)] };
        let mut all = headers.to_vec();
        all.extend(self.address.as_deref().map(|address| ("x-forwarded-for", address)));
        if body.is_some() {
            all.push(("content-type", "application/json"));
        }
        let bytes = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let answer = self.shop.guest().send_raw(method, path, &all, bytes).await;
        self.jar.keep(&answer.headers);
        answer
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    /// The page of the provider that the shop leads to.
    pub async fn start(&mut self, provider: &str) -> String {
        let answer = self.get(&format!("/api/auth/oidc/{provider}/start?return_to=/account")).await;
        assert_eq!(answer.status, 302, "{}", String::from_utf8_lossy(&answer.bytes));
        answer.header("location").expect("the provider's page").to_owned()
    }

    /// Logs in at the certified provider; the path by which it sends the browser back. `None`: nobody wants to.
    pub async fn at_provider(&self, page: &str, person: Option<&str>) -> String {
        let (client, mut jar, mut at) = (client(), Jar::default(), page.to_owned());
        for _ in 0..8 {
            if let Some(path) = at.strip_prefix(PUBLIC_URL) {
                return path.to_owned();
            }
            let mut request = Request::get(&at).header(header::COOKIE, jar.line());
            if let Some(person) = person {
                request = request.header("x-person", person);
            }
            let answer = client.request(request.body(Empty::<Bytes>::new()).unwrap()).await.expect("an answer");
            jar.keep(answer.headers());
            let (head, body) = answer.into_parts();
            let text = body.collect().await.expect("a body").to_bytes();
            let next = head.headers.get(header::LOCATION);
            let next = next.unwrap_or_else(|| panic!("{at}: {} {}", head.status, String::from_utf8_lossy(&text)));
            let next = next.to_str().expect("a legible address");
            at = match next.strip_prefix('/') {
                Some(path) => format!("{}/{path}", at.split('/').take(3).collect::<Vec<_>>().join("/")),
                None => next.to_owned(),
            };
        }
        panic!("the provider leads nowhere: {at}")
    }

    /// From the shop to the provider and back; the page that it ends at.
    pub async fn log_in(&mut self, provider: &str, person: &str) -> String {
        let page = self.start(provider).await;
        let path = self.at_provider(&page, Some(person)).await;
        self.back(&path).await
    }

    /// The page that a return leads to.
    pub async fn back(&mut self, path: &str) -> String {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 303, "{}", String::from_utf8_lossy(&answer.bytes));
        assert!(answer.bytes.is_empty() && answer.header("cache-control") == Some("no-store"));
        answer.header("location").expect("a page").to_owned()
    }

    /// Whose session it has.
    pub async fn user(&mut self) -> Value {
        self.get("/api/auth/validate").await.ok()["user"].clone()
    }
}

fn client() -> Client<HttpConnector, Empty<Bytes>> {
    Client::builder(TokioExecutor::new()).build_http()
}
