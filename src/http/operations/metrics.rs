//! Measurements for Prometheus: for staff, and for whoever has the token of `http.metrics_token`.
//!
//! They tell sales, load and failures, so they are nobody's by default. A comparison of hashes takes as long for any
//! wrong token.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::{
    http::{Problem, Toolkit, auth::Staff},
    identity::{AuthError, Identity},
};

/// Measurements, in Prometheus' text format
#[utoipa::path(get, path = "/metrics", tag = "Operations", security(("bearer" = [])),
    responses((status = 200, description = "All metrics, for staff and for the token `http.metrics_token`",
        content_type = "text/plain", body = String)))]
pub async fn get_metrics(State(toolkit): State<Toolkit>, headers: HeaderMap) -> Result<Response, Problem> {
    may_read(&toolkit, &headers)?;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], (toolkit.metrics)()).into_response())
}

/// Staff, or the token's holder.
pub(super) fn may_read(toolkit: &Toolkit, headers: &HeaderMap) -> Result<(), AuthError> {
    let configured = toolkit.limits.metrics_token.expose();
    let shown = Identity::bearer(headers)?.unwrap_or_default();
    let hash = |text: &str| Sha256::digest(text.as_bytes());
    if !configured.is_empty() && hash(shown) == hash(configured) {
        return Ok(());
    }
    Staff::of(&toolkit.identity, headers).map(drop)
}
