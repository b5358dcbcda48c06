//! Path and body, with every refusal a problem.
//!
//! Bodies are read up to the limit of `http.body_bytes_max`, which a layer sets, and must be declared
//! as JSON: that also keeps other sites' plain forms out.

use axum::{
    body::Bytes,
    extract::{FromRef, FromRequest, FromRequestParts, Request},
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;

use super::{Code, Problem};
use crate::strict;

#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub struct Path<T>(pub T);

/// `http.body_bytes_max`, for the refusal.
pub struct BodyMax(pub usize);

/// A JSON body.
pub struct Body<T>(pub T);

/// A body's error where its bytes stopped coming; the server's stream makes it.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body came too slowly")]
pub struct TooSlow;

/// Whether this is the error, below whatever wraps it.
fn is_too_slow(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<TooSlow>())
}

impl<S, T> FromRequest<S> for Body<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
    BodyMax: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(Code::UNSUPPORTED_MEDIA_TYPE, "content-type is not application/json"));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let BodyMax(max) = BodyMax::from_ref(state);
                Problem::new(Code::BODY_TOO_LARGE, format!("the body is larger than {max} bytes")).with("max", max)
            }
            _ if is_too_slow(&rejection) => Problem::new(Code::BODY_TOO_SLOW, TooSlow.to_string()),
            _ => Problem::new(Code::BAD_JSON, rejection.body_text()),
        })?;
        parse(&bytes).map(Self)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    strict::from_slice(bytes).map_err(|error| {
        Problem::new(Code::BAD_JSON, error.to_string()).with("line", error.line()).with("column", error.column())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shop::cart::wire::QuantityBody;

    #[test]
    fn bad_json_says_where() {
        let problem = parse::<QuantityBody>(b"{\n \"quantity\": }").err().unwrap();
        let at = |problem: Problem| problem.code == Code::BAD_JSON && problem == problem.clone().with("line", 2);
        assert!(at(problem));
    }

    #[test]
    fn unknown_members_and_other_types_are_refused() {
        for text in [r#"{"quantity":1,"price":0}"#, r#"{"quantity":"1"}"#, r#"{}"#, r#"[1]x"#, ""] {
            assert!(parse::<QuantityBody>(text.as_bytes()).is_err(), "{text}");
        }
        assert!(
            parse::<QuantityBody>(br#"{"quantity":-1}"#).is_ok(),
            "bounds are a refusal with numbers, not bad JSON"
        );
    }

    #[test]
    fn only_declared_json_is_read() {
        let with = |kind: &'static str| HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        assert!(is_json(&with("application/json; charset=utf-8")));
        assert!(!is_json(&with("text/plain")));
        assert!(!is_json(&HeaderMap::new()));
    }
}
