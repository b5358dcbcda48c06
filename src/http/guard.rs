//! The layer around every request, one because each layer costs: request id, time-out, a caught panic, headers of every
//! response, a span and a measurement.
//!
//! The span names the route's pattern and never the address: queries hold e-mails. Deliberately
//! absent: CORS (the fronts are served from here) and compression (a proxy's work).

use std::{
    panic::AssertUnwindSafe,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use tracing::Instrument;
use uuid::Uuid;

use super::{Code, Problem, Toolkit};

pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// A caller's own request id is kept up to this length; otherwise a new id is made.
const REQUEST_ID_BYTES_MAX: usize = 64;

pub async fn around(State(toolkit): State<Toolkit>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers(), &toolkit);
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let method = method_name(request.method());
    let span = tracing::info_span!("request", method, route, id = id.to_str().unwrap_or_default());

    if !toolkit.gateway.connected() && needs_the_cluster(request.uri().path()) {
        let problem = Problem::new(Code::UNAVAILABLE, "this node is cut off from the cluster; ask another");
        let mut response = span.in_scope(|| problem.retry_after(1000).into_response());
        dress(response.headers_mut(), id);
        return response;
    }
    let Some(_inside) = Inside::enter(&toolkit) else {
        let mut response = span
            .in_scope(|| Problem::new(Code::BUSY, "too many requests are under way").retry_after(1000).into_response());
        dress(response.headers_mut(), id);
        return response;
    };
    let answer = AssertUnwindSafe(next.run(request).instrument(span.clone())).catch_unwind();
    let limit = toolkit.limits.request_timeout();
    let mut response = match tokio::time::timeout(limit, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => span.in_scope(|| Problem::internal(&text_of(&*panic)).into_response()),
        Err(_) => {
            let detail = format!("no answer within {} ms; ask again with the same key", limit.as_millis());
            Problem::new(Code::TIMED_OUT, detail).retry_after(1000).into_response()
        }
    };
    dress(response.headers_mut(), id);
    let status = response.status().as_u16();
    metrics::histogram!("souk_http_request_seconds", "method" => method, "route" => route.to_owned(), "status" => status_name(status))
        .record(began.elapsed().as_secs_f64());
    response
}

/// Whether a node must refuse the path while others may serve its shards and its views stand still: true for the shop,
/// false for the operator's routes about this node.
fn needs_the_cluster(path: &str) -> bool {
    path.starts_with("/api/") && path != "/api/cluster" && !path.starts_with("/api/docs")
}

/// One request in flight (G7): counted during its life, refused beyond the bound.
struct Inside(Toolkit);

impl Inside {
    fn enter(toolkit: &Toolkit) -> Option<Self> {
        let inside = Self(toolkit.clone());
        // Counted first: a refused one gives its count back by its own drop.
        let before = toolkit.inflight.fetch_add(1, Ordering::AcqRel);
        (before < toolkit.limits.inflight_max).then_some(inside)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.inflight.fetch_sub(1, Ordering::AcqRel);
    }
}

pub async fn nothing_here() -> Problem {
    Problem::new(Code::NOT_FOUND, "there is nothing at this address; see /api/docs")
}

pub async fn wrong_method() -> Problem {
    Problem::new(Code::METHOD_NOT_ALLOWED, "this address does not take this method")
}

/// Ids for requests that bring none: this start's random part and a count. A random id for each would cost a system
/// call, and these ids need not be unguessable.
pub struct RequestIds {
    start: u64,
    count: AtomicU64,
}

impl RequestIds {
    pub fn new(random: Uuid) -> Self {
        // The half of a UUIDv7 that holds no time.
        Self { start: random.as_u64_pair().1, count: AtomicU64::new(0) }
    }

    fn next(&self) -> HeaderValue {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        // Hexadecimal digits and a dash are always a legal header value.
        HeaderValue::try_from(format!("{:016x}-{count:x}", self.start)).unwrap_or(HeaderValue::from_static("-"))
    }
}

fn request_id(headers: &HeaderMap, toolkit: &Toolkit) -> HeaderValue {
    let legible = |value: &&HeaderValue| {
        (1..=REQUEST_ID_BYTES_MAX).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic)
    };
    match headers.get(REQUEST_ID).filter(legible) {
        Some(theirs) => theirs.clone(),
        None => toolkit.request_ids.next(),
    }
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

/// A caller may invent methods; a metric's label must not grow with them.
fn method_name(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn status_name(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a text".to_owned())
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, routing::get};
    use tower::Service;

    use super::*;

    #[tokio::test]
    async fn a_wrong_method_is_a_problem_that_names_the_right_ones() {
        let mut routes: Router = Router::new()
            .route("/x", get(async || "x"))
            .fallback(nothing_here)
            .method_not_allowed_fallback(wrong_method);
        let mut send = async |method: &str, path: &str| {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            routes.call(request).await.unwrap()
        };
        let wrong = send("DELETE", "/x").await;
        assert_eq!(
            (wrong.status().as_u16(), &wrong.headers()["content-type"]),
            (405, &HeaderValue::from_static("application/problem+json"))
        );
        assert_eq!(wrong.headers()["allow"], "GET,HEAD");
        assert_eq!(send("GET", "/y").await.status(), 404);
        assert_eq!(send("GET", "/x").await.status(), 200);
    }

    #[test]
    fn an_answer_is_private_unless_its_handler_says_otherwise() {
        let id = HeaderValue::from_static("r1");
        let mut headers = HeaderMap::new();
        dress(&mut headers, id.clone());
        assert_eq!(headers[header::CACHE_CONTROL], "private, no-cache");
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=1"));
        dress(&mut headers, id);
        assert_eq!(headers[header::CACHE_CONTROL], "public, max-age=1");
    }

    #[test]
    fn labels_are_bounded_and_panics_keep_their_text() {
        assert_eq!(method_name(&Method::from_bytes(b"BREW").unwrap()), "other");
        assert_eq!((status_name(201), status_name(504)), ("2xx", "5xx"));
        assert_eq!(text_of(&String::from("boom")), "boom");
        assert_eq!(text_of(&17_u8), "a panic without a text");
    }
}
