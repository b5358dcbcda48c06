//! The layer around every request, one because each layer costs: request id, other sites' writes refused, time-out, a
//! caught panic, headers of every response and a new guest's cookie, a span and a measurement.
//!
//! The span names the route's pattern and never the address: queries hold e-mails. Deliberately
//! absent: compression (a proxy's work).

use std::{net::IpAddr, panic::AssertUnwindSafe, sync::atomic::Ordering, time::Instant};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, Method},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use tracing::Instrument;

use super::{
    Code, Problem, Toolkit, auth, cors,
    door::{Door, Reserved, one_host},
    staleness::marked,
};
use crate::network::{Bucket, Place};

pub async fn around(State(toolkit): State<Toolkit>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = toolkit.door.request_id(request.headers());
    let came = toolkit.door.came(request.headers(), request.extensions());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let method = method_name(request.method());
    let span = tracing::info_span!("request", method, route, id = id.to_str().unwrap_or_default());

    let inside = match admit(&toolkit, &request, came.client) {
        Ok(inside) => inside,
        Err(problem) => {
            let mut response = span.in_scope(|| problem.into_response());
            toolkit.door.finish(&mut response, id, &came, route);
            return response;
        }
    };
    if let Some(mut granted) = cors::preflight(&request, came.page.as_ref()) {
        toolkit.door.finish(&mut granted, id, &came, route);
        measure(method, route, &granted, began);
        return granted;
    }
    request.extensions_mut().insert(came.clone());
    let guest = auth::GuestSlot::attach(&mut request);
    let answer = marked(handled(&toolkit, request, next)).instrument(span.clone());
    let answer = AssertUnwindSafe(answer).catch_unwind();
    let limit = toolkit.limits.request_timeout();
    let mut response = match tokio::time::timeout(limit, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(panic)) => span.in_scope(|| Problem::internal(&text_of(&*panic)).into_response()),
        Err(_) => {
            let detail = format!("no answer within {} ms; ask again with the same key", limit.as_millis());
            Problem::new(Code::TIMED_OUT, detail).retry_after(1000).into_response()
        }
    };
    drop(inside);
    span.in_scope(|| toolkit.door.finish(&mut response, id, &came, route));
    // Outside the time-out: the request may still be executed, and the retry must come from the same guest.
    guest.add_cookie(&mut response);
    measure(method, route, &response, began);
    response
}

async fn handled(toolkit: &Toolkit, request: Request, next: Next) -> Response {
    match auth::same_origin(&toolkit.door, &toolkit.identity, request).await {
        Ok(request) => next.run(request).await,
        Err(refused) => refused,
    }
}

fn measure(method: &'static str, route: &str, response: &Response, began: Instant) {
    super::measured::record(method, route, status_name(response.status().as_u16()), began.elapsed());
}

/// The layer around the live feed, whose connections last longer than any request: the same id, `Host`, headers and
/// security events, without the bounds of requests in flight. `[live]` has its own.
pub async fn around_live(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let id = door.request_id(request.headers());
    let came = door.came(request.headers(), request.extensions());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match (one_host(&request), request.extensions().get::<Reserved>()) {
        (Ok(()), None) => match cors::preflight(&request, came.page.as_ref()) {
            Some(granted) => granted,
            None => {
                request.extensions_mut().insert(came.clone());
                next.run(request).await
            }
        },
        (Ok(()), Some(Reserved)) => no_place().into_response(),
        (Err(problem), _) => problem.into_response(),
    };
    door.finish(&mut response, id, &came, route.as_ref().map_or("none", MatchedPath::as_str));
    response
}

/// Lets the request in, with its place among the requests in flight. Health and staff are outside the shared bounds: a
/// flood of other requests must not hide the shop from those who end it. Their own bound is the connections'.
fn admit(toolkit: &Toolkit, request: &Request, address: Option<IpAddr>) -> Result<Option<Inside>, Problem> {
    one_host(request)?;
    let path = request.uri().path();
    if let Some(why) = toolkit.gateway.standing().why()
        && needs_the_cluster(path)
    {
        return Err(Problem::new(Code::UNAVAILABLE, format!("{why}; ask another")).retry_after(1000));
    }
    if is_health(path) {
        return Ok(None);
    }
    let reserved = request.extensions().get::<Reserved>().is_some();
    match Inside::enter(toolkit, address) {
        Ok(inside) if !reserved => Ok(Some(inside)),
        // Verified here only where it decides, and without waiting for anybody's word.
        entered if is_staff(toolkit, request.headers()) => Ok(entered.ok()),
        Ok(_) => Err(no_place()),
        Err(full) => Err(full),
    }
}

fn no_place() -> Problem {
    Problem::new(Code::BUSY, "all connections are taken").retry_after(1000)
}

fn is_health(path: &str) -> bool {
    matches!(path, "/healthz" | "/readyz" | "/metrics")
}

fn is_staff(toolkit: &Toolkit, headers: &HeaderMap) -> bool {
    toolkit.identity.account_now(headers).is_some_and(|principal| principal.is_staff())
}

/// Whether a node must refuse the path while others may serve its shards and its views stand still: true for the shop,
/// false for the operator's routes about this node.
fn needs_the_cluster(path: &str) -> bool {
    path.starts_with("/api/") && path != "/api/cluster" && !path.starts_with("/api/docs")
}

/// One request in flight (G7): counted during its life, in all and for its address, and refused beyond the bounds.
struct Inside {
    toolkit: Toolkit,
    /// `None`: the server told no address.
    _place: Option<Place>,
}

impl Inside {
    fn enter(toolkit: &Toolkit, address: Option<IpAddr>) -> Result<Self, Problem> {
        let place = match address.map(|address| toolkit.inflight_of_address.take(Bucket::of(address))) {
            None => None,
            Some(Some(place)) => Some(place),
            Some(None) => {
                let problem = Problem::new(Code::TOO_MANY_REQUESTS, "too many requests of your address are under way");
                return Err(problem.retry_after(1000));
            }
        };
        let inside = Self { toolkit: toolkit.clone(), _place: place };
        // Counted first: a refused one gives its count back by its own drop.
        let before = toolkit.inflight.fetch_add(1, Ordering::AcqRel);
        if before < toolkit.limits.inflight_max {
            return Ok(inside);
        }
        Err(Problem::new(Code::BUSY, "too many requests are under way").retry_after(1000))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.toolkit.inflight.fetch_sub(1, Ordering::AcqRel);
    }
}

pub async fn nothing_here() -> Problem {
    Problem::new(Code::NOT_FOUND, "there is nothing at this address; see /api/docs")
}

pub async fn wrong_method() -> Problem {
    Problem::new(Code::METHOD_NOT_ALLOWED, "this address does not take this method")
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
    use axum::{Router, body::Body, http::HeaderValue, routing::get};
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
    fn labels_are_bounded_and_panics_keep_their_text() {
        assert_eq!(method_name(&Method::from_bytes(b"BREW").unwrap()), "other");
        assert_eq!((status_name(201), status_name(504)), ("2xx", "5xx"));
        assert_eq!(text_of(&String::from("boom")), "boom");
        assert_eq!(text_of(&17_u8), "a panic without a text");
    }
}
