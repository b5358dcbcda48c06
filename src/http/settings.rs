//! The bounds of one request: documented values, passed in, never read from the environment here.

use serde::Deserialize;

/// The page bound in the OpenAPI document, and the most items that the catalogue renders at once.
pub const PAGE_MAX: usize = 100;

/// Bounds on what one request may ask for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpLimits {
    /// Bytes of a request's body; more is refused with 413. Default 65536.
    pub body_bytes: usize,
    /// After this long the response to a request is 504, milliseconds. Default 15000.
    pub request_timeout_ms: u64,
    /// How long a handler waits for the engine's reply, milliseconds; less than `request_timeout_ms`, so that the more
    /// precise error comes first. Default 10000.
    pub answer_within_ms: u64,
    /// Requests in flight at once; one more is refused with 503 and Retry-After. Default 4096.
    pub inflight_max: usize,
    /// Items on a page when `limit` is absent. Default 24.
    pub page_default: usize,
    /// The largest `limit`; more is refused with 400. Default 100, which is also the most.
    pub page_max: usize,
    /// Lines of one bulk change of a cart; more is refused with 422. Default 200.
    pub bulk_lines: usize,
    /// The longest hold that an operator may take by hand, seconds. Default 604800 (a week).
    pub manual_hold_seconds: u64,
    /// Guest look-ups of one order number in a minute; more are refused with 429. Default 10.
    pub lookups_a_minute: u32,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            body_bytes: 64 * 1024,
            request_timeout_ms: 15_000,
            answer_within_ms: 10_000,
            inflight_max: 4096,
            page_default: 24,
            page_max: 100,
            bulk_lines: 200,
            manual_hold_seconds: 7 * 24 * 3_600,
            lookups_a_minute: 10,
        }
    }
}
