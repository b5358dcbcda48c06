//! What browsers are told about pages of other origins (CORS): those of `http.trusted_origins` may call the API with
//! cookies and read its answers; of all others nothing is said, which browsers take for no.
//!
//! Deliberately absent: `*`, and a list of its own; who may write may read, and the other way round.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const ASKED_WITH: &str =
    "authorization, content-type, idempotency-key, if-match, if-none-match, last-event-id, x-request-id";
const SHOWN: &str = "etag, link, location, retry-after, souk-stale, x-request-id";
/// Seconds for which a browser need not ask again: short, for an origin may leave the list.
const REMEMBERED_S: &str = "600";

/// The request's page, where it is one of these.
pub fn page(headers: &HeaderMap, trusted: &[String]) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    trusted.iter().any(|ours| ours.as_bytes().eq_ignore_ascii_case(origin.as_bytes())).then(|| origin.clone())
}

/// The answer to a browser that asks before it sends a trusted page's request; `None`: this request is no such question.
pub fn preflight(request: &Request, page: Option<&HeaderValue>) -> Option<Response> {
    let asks = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        && page.is_some();
    let grant = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, METHODS),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, ASKED_WITH),
        (header::ACCESS_CONTROL_MAX_AGE, REMEMBERED_S),
    ];
    asks.then(|| (StatusCode::NO_CONTENT, grant).into_response())
}

/// Lets the page read the answer. `listed`: there are trusted origins, so that the answer depends on who asks.
pub fn admit(headers: &mut HeaderMap, page: Option<&HeaderValue>, listed: bool) {
    if listed {
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    if let Some(page) = page {
        let said: [(HeaderName, HeaderValue); 3] = [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, page.clone()),
            (header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true")),
            (header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(SHOWN)),
        ];
        headers.extend(said);
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    const OURS: &str = "https://www.shop.example";

    fn asked(method: Method, origin: &str) -> (Request, Option<HeaderValue>) {
        let request = Request::builder().method(method).header("origin", origin);
        let request = request.header("access-control-request-method", "PUT").body(Body::empty()).unwrap();
        let page = page(request.headers(), &[OURS.to_owned()]);
        (request, page)
    }

    #[test]
    fn a_listed_page_is_answered_and_nobody_else() {
        let (request, page) = asked(Method::OPTIONS, OURS);
        let answer = preflight(&request, page.as_ref()).expect("an answer");
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        for origin in ["https://evil.example", "http://www.shop.example", "https://www.shop.example.evil", "null"] {
            let (request, page) = asked(Method::OPTIONS, origin);
            assert!(page.is_none() && preflight(&request, page.as_ref()).is_none(), "{origin}");
        }
        let (request, page) = asked(Method::PUT, OURS);
        assert!(page.is_some() && preflight(&request, page.as_ref()).is_none(), "the request itself");
    }

    #[test]
    fn an_answer_names_the_page_that_may_read_it() {
        let (mut listed, mut unlisted) = (HeaderMap::new(), HeaderMap::new());
        admit(&mut listed, Some(&HeaderValue::from_static(OURS)), true);
        admit(&mut unlisted, None, true);
        assert_eq!(
            (&listed["access-control-allow-origin"], &listed["vary"]),
            (&OURS.parse().unwrap(), &"origin".parse().unwrap())
        );
        assert_eq!(unlisted.keys().collect::<Vec<_>>(), [header::VARY], "a cache must not give it to the other");
    }
}
