//! Problems: the one shape of every error response (RFC 9457).
//!
//! A refusal is an ordinary response and carries its numbers; a failure carries the time of a retry. Each capability
//! has its exhaustive table (`shop/<capability>/refusals.rs`), so that no refusal becomes a 500 by accident.
//! Deliberately absent: texts of inner errors in a 500 (they go to the log).

pub mod codes;

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json,
    extract::rejection::PathRejection,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use codes::codes;
pub use codes::{ALL, Code};

use super::security::Alarm;
use crate::actors::{gateway::AskError, ports::StoreError, projection::ReadError};

#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub code: Code,
    detail: Cow<'static, str>,
    numbers: Map<String, Value>,
    retry_after_ms: Option<u64>,
    /// A security event, and whose account it was about.
    alarm: Option<Box<Option<Arc<str>>>>,
}

/// What a problem looks like on the wire; further members carry a refusal's numbers.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// Where this code is explained.
    #[serde(rename = "type")]
    #[schema(example = "/api/docs/errors#out_of_stock")]
    pub kind: String,
    pub title: &'a str,
    pub status: u16,
    /// Stable; what a program matches on.
    #[schema(example = "out_of_stock")]
    pub code: &'a str,
    pub detail: &'a str,
    #[serde(flatten)]
    #[schema(ignore)]
    numbers: &'a Map<String, Value>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), numbers: Map::new(), retry_after_ms: None, alarm: None }
    }

    /// Adds a member with a refusal's numbers. A value that JSON cannot hold is left out.
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.numbers.insert(name.to_owned(), value);
        }
        self
    }

    /// Only what the code says: for who may not see the numbers of the refusal.
    pub fn bare(self) -> Self {
        Self { detail: self.code.title().into(), numbers: Map::new(), ..self }
    }

    pub fn retry_after(mut self, ms: u64) -> Self {
        self.retry_after_ms = Some(ms);
        self
    }

    /// Marks a security event: the guard notes it with address and route.
    pub fn alarm(mut self) -> Self {
        self.alarm.get_or_insert_default();
        self
    }

    /// Whose account a security event was about; without effect on other problems.
    pub fn about(mut self, account: impl FnOnce() -> Arc<str>) -> Self {
        self.alarm = self.alarm.map(|_| Box::new(Some(account())));
        self
    }

    /// The security event that this problem is, where it is one.
    pub fn raised(&self) -> Option<Alarm> {
        self.alarm.as_deref().map(|account| Alarm { code: self.code.name(), account: account.clone() })
    }

    /// A fault of the server: `what` goes to the log, not to the caller.
    pub fn internal(what: &dyn std::fmt::Display) -> Self {
        tracing::error!(error = %what, "a request failed");
        Self::new(Code::INTERNAL, "the server's log has the details under the request's id")
    }

    /// Something does not work at the moment: `reason` goes to the log, not to the caller.
    pub fn unavailable(reason: &str, retry_after_ms: u64) -> Self {
        log_reason(reason);
        Self::new(Code::UNAVAILABLE, "not available now; the server's log has the reason").retry_after(retry_after_ms)
    }

    pub fn field(field: &str, problem: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::INVALID_FIELD, problem).with("field", field)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            kind: format!("/api/docs/errors#{}", self.code.name()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            code: self.code.name(),
            detail: &self.detail,
            numbers: &self.numbers,
        };
        let mut response = (self.code.status(), Json(body)).into_response();
        if let Some(alarm) = self.raised() {
            response.extensions_mut().insert(alarm);
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(ms) = self.retry_after_ms {
            // The header counts whole seconds; 0 would invite a tight loop.
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000).max(1)));
        }
        if self.code.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl<R: std::error::Error + Into<Problem>> From<AskError<R>> for Problem {
    fn from(error: AskError<R>) -> Self {
        let detail = error.to_string();
        match error {
            AskError::Refused(refusal) => refusal.into(),
            AskError::VersionConflict { expected, actual } => {
                Self::new(Code::VERSION_CONFLICT, detail).with("expected", expected).with("actual", actual)
            }
            AskError::IdConflict => Self::new(Code::IDEMPOTENCY_KEY_REUSED, detail),
            AskError::Busy { retry_after_ms } => Self::new(Code::BUSY, detail).retry_after(retry_after_ms),
            AskError::Quarantined => Self::new(Code::QUARANTINED, detail),
            AskError::TooLarge { bytes, max } => {
                Self::new(Code::TOO_LARGE, detail).with("bytes", bytes).with("max", max)
            }
            AskError::Unavailable { retry_after_ms, reason } => Self::unavailable(&reason, retry_after_ms),
            AskError::NoRoom { retry_after_ms, reason } => {
                log_reason(&reason);
                Self::new(Code::NO_ROOM, detail).retry_after(retry_after_ms)
            }
            AskError::TimedOut => Self::new(Code::TIMED_OUT, detail).retry_after(1000),
        }
    }
}

/// Paths, free bytes and addresses of servers are the operator's to know. One line a second: an outage refuses
/// thousands of requests for one reason.
fn log_reason(reason: &str) {
    static NEWEST_S: AtomicU64 = AtomicU64::new(0);
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if NEWEST_S.swap(now_s, Ordering::Relaxed) != now_s {
        tracing::warn!(reason, "commands are refused as unavailable");
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the read models cannot be read");
        Self::new(Code::UNAVAILABLE, "the read models cannot be read").retry_after(1000)
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Store(error) => error.into(),
            ReadError::Building { projection } => {
                Self::new(Code::INDEX_BUILDING, error.to_string()).with("projection", projection).retry_after(2000)
            }
            ReadError::UnknownTable(_) => Self::internal(&error),
        }
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(Code::BAD_PATH, rejection.body_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stock::StockRejection;

    async fn shown(problem: Problem) -> (u16, Option<String>, Value) {
        let response = problem.into_response();
        let (status, retry) = (response.status().as_u16(), response.headers().get(header::RETRY_AFTER).cloned());
        let bytes = axum::body::to_bytes(response.into_body(), 65_536).await.unwrap();
        (status, retry.map(|r| r.to_str().unwrap().to_owned()), serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn a_refusal_carries_its_numbers() {
        let refusal = StockRejection::AdjustsBelowZero { delta: -5, available: 2 };
        let (status, retry, body) = shown(AskError::Refused(refusal).into()).await;
        assert_eq!((status, retry), (409, None));
        assert_eq!(body["code"], "adjusts_below_zero");
        assert_eq!((&body["delta"], &body["available"]), (&Value::from(-5), &Value::from(2)));
        assert_eq!(body["type"], "/api/docs/errors#adjusts_below_zero");
    }

    #[tokio::test]
    async fn overload_says_when_to_ask_again() {
        let busy = AskError::<StockRejection>::Busy { retry_after_ms: 1 };
        let (status, retry, body) = shown(busy.into()).await;
        assert_eq!((status, retry.as_deref(), &body["code"]), (503, Some("1"), &Value::from("busy")));
        let gone = AskError::<StockRejection>::Unavailable { retry_after_ms: 2500, reason: "no owner".into() };
        let (_, retry, body) = shown(gone.into()).await;
        assert_eq!(retry.as_deref(), Some("3"));
        assert!(!body.to_string().contains("no owner"), "the reason is the log's: {body}");
        let (status, retry, body) = shown(ReadError::Building { projection: "orders" }.into()).await;
        assert_eq!((status, retry.as_deref(), &body["code"]), (503, Some("2"), &Value::from("index_building")));
    }
}
