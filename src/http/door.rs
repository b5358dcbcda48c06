//! What a request meets before anything else, on every way in: its id, its client's address, its `Host`, its page's
//! origin, and the log of security events. The API's guard and the live feed share one.
//!
//! Deliberately absent: bounds (`guard`), and who is calling (`auth`).

use std::{
    net::{IpAddr, SocketAddr},
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    extract::{ConnectInfo, Request},
    http::{Extensions, HeaderMap, HeaderName, HeaderValue, Version, header, uri::Authority},
    response::Response,
};
use uuid::Uuid;

use super::{
    Code, Problem,
    budgets::Budgets,
    cors,
    forwarded::{Proxies, Told},
    security::{Alarm, SecurityLog},
};
use crate::{
    config::{self, Http},
    identity::{Site, is_this_machine},
};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// A caller's own request id is kept up to this length; otherwise a new id is made.
const REQUEST_ID_BYTES_MAX: usize = 64;

/// Marks the requests of a connection that has a place of the reserve only: the guard lets health and staff through.
#[derive(Clone, Copy, Debug)]
pub struct Reserved;

/// Marks the requests of a connection that speaks TLS with this process.
#[derive(Clone, Copy, Debug)]
pub struct Encrypted;

/// How a request came, by its connection and by what trusted proxies tell; among its extensions while it is handled.
#[derive(Clone, Debug, Default)]
pub struct Came {
    pub client: Option<IpAddr>,
    pub https: bool,
    /// Whether the browser is told to come by HTTPS only.
    hsts: bool,
    /// The trusted origin that it came from.
    pub page: Option<HeaderValue>,
}

/// One reference count: both guards clone it for each request.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

pub struct Inner {
    proxies: Proxies,
    trusted_origins: Vec<String>,
    hsts: Option<HeaderValue>,
    pub security: SecurityLog,
    /// What shoppers may write.
    pub budgets: Budgets,
    request_ids: RequestIds,
}

impl Door {
    /// `random`: no two starts may have the same.
    pub fn new(limits: &Http, budgets: &config::Budgets, random: Uuid) -> Self {
        let hsts = (limits.hsts_seconds > 0).then(|| format!("max-age={}", limits.hsts_seconds));
        Self(Arc::new(Inner {
            proxies: Proxies::new(limits),
            trusted_origins: limits.trusted_origins.clone(),
            hsts: hsts.and_then(|told| told.try_into().ok()),
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
    pub fn came(&self, headers: &HeaderMap, extensions: &Extensions) -> Came {
        let told = self.told(headers, extensions);
        let https = is_https(&told, extensions);
        let hsts = https && !is_this_machine(headers);
        let page = cors::page(headers, &self.trusted_origins);
        Came { client: told.client.or_else(|| peer(extensions)), https, hsts, page }
    }

    /// The client's address, as the guard around the request found it: the connection's, or what trusted proxies tell.
    /// `None`: the server told none.
    pub fn client(&self, headers: &HeaderMap, extensions: &Extensions) -> Option<IpAddr> {
        match extensions.get::<Came>() {
            Some(came) => came.client,
            None => self.told(headers, extensions).client.or_else(|| peer(extensions)),
        }
    }

    /// Refuses what a browser sends on behalf of another site.
    pub fn same_site(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<(), Problem> {
        let told = self.told(headers, extensions);
        match Site::of(headers, told.host, is_https(&told, extensions), &self.trusted_origins) {
            Site::Own => Ok(()),
            Site::Foreign => Err(Problem::new(Code::FOREIGN_ORIGIN, "the request comes from another site").alarm()),
        }
    }

    fn told<'a>(&self, headers: &'a HeaderMap, extensions: &Extensions) -> Told<'a> {
        self.proxies.told(headers, peer(extensions))
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
    pub fn finish(&self, response: &mut Response, id: HeaderValue, came: &Came, route: &str) {
        let headers = response.headers_mut();
        dress(headers, id);
        if let (true, Some(told)) = (came.hsts, &self.hsts) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, told.clone());
        }
        cors::admit(headers, came.page.as_ref(), !self.trusted_origins.is_empty());
        if let Some(alarm) = response.extensions().get::<Alarm>() {
            self.security.record(alarm, came.client, route);
        }
    }
}

fn peer(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

/// A proxy knows better: behind it the connection may be either.
fn is_https(told: &Told<'_>, extensions: &Extensions) -> bool {
    told.https.unwrap_or_else(|| extensions.get::<Encrypted>().is_some())
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

/// Nothing in an answer may run, load or be framed, unless its handler says what may.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn dress(headers: &mut HeaderMap, id: HeaderValue) {
    headers.insert(REQUEST_ID, id);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("same-origin"));
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

    /// Digits by hand: the formatter cost as much as the routing.
    fn next(&self) -> HeaderValue {
        let mut text = [b'-'; 33];
        hexadecimal(self.start, &mut text[..16]);
        hexadecimal(self.count.fetch_add(1, Ordering::Relaxed), &mut text[17..]);
        // Hexadecimal digits and a dash are always a legal header value.
        HeaderValue::from_bytes(&text).unwrap_or(HeaderValue::from_static("-"))
    }
}

fn hexadecimal(mut number: u64, digits: &mut [u8]) {
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 0xf) as usize];
        number >>= 4;
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
    fn a_proxys_scheme_decides_over_the_connections() {
        let limits = Http { trusted_hops: 1, ..Http::default() };
        let door = Door::new(&limits, &config::Budgets::default(), Uuid::nil());
        let (mut plain, mut encrypted) = (Extensions::new(), Extensions::new());
        plain.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 9))));
        encrypted.insert(Encrypted);
        let told = |scheme: &'static str| {
            HeaderMap::from_iter([("x-forwarded-proto".parse().unwrap(), HeaderValue::from_static(scheme))])
        };
        assert!(door.came(&told("https"), &plain).hsts && !door.came(&told("http"), &encrypted).https);
        assert!(door.came(&HeaderMap::new(), &encrypted).https && !door.came(&HeaderMap::new(), &plain).https);
        let unasked = Door::new(&Http::default(), &config::Budgets::default(), Uuid::nil());
        assert!(!unasked.came(&told("https"), &plain).https, "anybody can say so");
        let here = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("localhost:8443"))]);
        assert!(!unasked.came(&here, &encrypted).hsts, "every other service of this machine would be cut off");
    }

    #[test]
    fn request_ids_begin_with_the_start_and_count() {
        let ids = RequestIds::new(Uuid::from_u128(0x0123_4567_89ab_cdef));
        assert_eq!(ids.next(), "0123456789abcdef-0000000000000000");
        ids.count.store(0x2f, Ordering::Relaxed);
        assert_eq!(ids.next(), "0123456789abcdef-000000000000002f");
    }

    #[test]
    fn a_clients_address_is_found_once() {
        let door = Door::new(&Http { trusted_hops: 1, ..Http::default() }, &config::Budgets::default(), Uuid::nil());
        let told = HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), HeaderValue::from_static("192.0.2.7"))]);
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 9))));
        let found = door.client(&told, &extensions);
        assert_eq!(found, "192.0.2.7".parse().ok());
        extensions.insert(door.came(&told, &extensions));
        assert_eq!(door.client(&HeaderMap::new(), &extensions), found, "the headers are not read again");
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
