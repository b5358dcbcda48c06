//! What a request meets before anything else, on every way in: its id, its client's address, its `Host`, its page's
//! origin, and the log of security events. The API's guard and the live feed share one.
//!
//! Deliberately absent: bounds (`guard`), and who is calling (`auth`).

use std::{
    net::IpAddr,
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    extract::Request,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Version, header, uri::Authority},
    response::Response,
};
use uuid::Uuid;

use super::{
    Code, Problem,
    budgets::Budgets,
    security::{Alarm, SecurityLog},
};
use crate::{
    config::{self, Http},
    identity::Site,
    network::client_address,
};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A caller's own request id is kept up to this length; otherwise a new id is made.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Marks the requests of a connection that has a place of the reserve only: the guard lets health and staff through.
#[derive(Clone, Copy, Debug)]
pub struct Reserved;

/// One reference count: both guards clone it for each request.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

pub struct Inner {
    trust_forwarded_for: bool,
    trusted_origins: Vec<String>,
    pub security: SecurityLog,
    /// What shoppers may write.
    pub budgets: Budgets,
    request_ids: RequestIds,
}

impl Door {
    /// `random`: no two starts may have the same.
    pub fn new(limits: &Http, budgets: &config::Budgets, random: Uuid) -> Self {
        Self(Arc::new(Inner {
            trust_forwarded_for: limits.trust_forwarded_for,
            trusted_origins: limits.trusted_origins.clone(),
            security: SecurityLog::default(),
            budgets: Budgets::new(budgets),
            request_ids: RequestIds::new(random),
        }))
    }
}

impl Deref for Door {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    pub fn client(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        client_address(headers, extensions, self.trust_forwarded_for)
    }

    /// Refuses what a browser sends on behalf of another site.
    pub fn same_site(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match Site::of(headers, &self.trusted_origins) {
            Site::Own => Ok(()),
            Site::Foreign => Err(Problem::new(Code::FOREIGN_ORIGIN, "the request comes from another site").alarm()),
        }
    }

    pub fn request_id(&self, headers: &HeaderMap) -> HeaderValue {
        let legible = |value: &&HeaderValue| {
            (1..=REQUEST_ID_BYTES_MAX).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic)
        };
        match headers.get(REQUEST_ID).filter(legible) {
            Some(theirs) => theirs.clone(),
            None => self.request_ids.next(),
        }
    }

    /// What every response carries; and a security event, which is noted here because here everything about it is known.
    pub fn finish(&self, response: &mut Response, id: HeaderValue, address: Option<IpAddr>, route: &str) {
        dress(response.headers_mut(), id);
        if let Some(alarm) = response.extensions().get::<Alarm>() {
            self.security.record(alarm, address, route);
        }
    }
}

/// One `Host`, and a legible one (RFC 9112, section 3.2): two of them mean that a proxy and this server may read two
/// different requests. HTTP/1.0 may do without.
pub fn one_host(request: &Request) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let legible = |host: &HeaderValue| host.is_empty() || Authority::try_from(host.as_bytes()).is_ok();
    let wrong = match (hosts.next(), hosts.next()) {
        (Some(host), None) if legible(host) => return Ok(()),
        (None, _) if request.version() < Version::HTTP_11 => return Ok(()),
        (Some(_), None) => "the Host header names no host",
        (Some(_), Some(_)) => "there is more than one Host header",
        (None, _) => "there is no Host header",
    };
    Err(Problem::new(Code::BAD_REQUEST, wrong))
}

fn dress(headers: &mut HeaderMap, id: HeaderValue) {
    headers.insert(REQUEST_ID, id);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    // The same address shows carts, orders, payments and staff's counts of different callers: no shared cache may keep
    // them, and a browser must revalidate before it shows one again. A response that is the same for all callers sets
    // its own header.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("private, no-cache"));
}

/// Ids for requests that bring none: this start's random part and a count. A random id for each would cost a system
/// call, and these ids need not be unguessable.
struct RequestIds {
    start: u64,
    count: AtomicU64,
}

impl RequestIds {
    fn new(random: Uuid) -> Self {
        // The half of a UUIDv7 that holds no time.
        Self { start: random.as_u64_pair().1, count: AtomicU64::new(0) }
    }

    fn next(&self) -> HeaderValue {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        // Hexadecimal digits and a dash are always a legal header value.
        HeaderValue::try_from(format!("{:016x}-{count:x}", self.start)).unwrap_or(HeaderValue::from_static("-"))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn an_answer_is_private_unless_its_handler_says_otherwise() {
        let id = HeaderValue::from_static("r1");
        let mut headers = HeaderMap::new();
        dress(&mut headers, id.clone());
        assert_eq!(headers[header::CACHE_CONTROL], "private, no-cache");
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        dress(&mut headers, id);
        assert_eq!(headers[header::CACHE_CONTROL], "no-store");
    }

    #[test]
    fn a_request_names_one_host() {
        let asked = |version, hosts: &[&str]| {
            let request =
                hosts.iter().fold(Request::builder().version(version), |request, host| request.header("host", *host));
            one_host(&request.body(Body::empty()).unwrap()).is_ok()
        };
        assert!(asked(Version::HTTP_11, &["shop.example:8080"]) && asked(Version::HTTP_11, &["[::1]:80"]));
        assert!(asked(Version::HTTP_10, &[]), "older than the header");
        assert!(!asked(Version::HTTP_11, &[]));
        assert!(!asked(Version::HTTP_11, &["a", "b"]) && !asked(Version::HTTP_10, &["a", "a"]));
        assert!(!asked(Version::HTTP_11, &["a b"]));
    }
}
