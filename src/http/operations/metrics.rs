//! Measurements for Prometheus: for whoever has `operations.read`, and for whoever has the token of `http.metrics_token`.
//!
//! They tell sales, load and failures, so they are nobody's by default. A comparison of hashes takes as long for any
//! wrong token.

use axum::{
    extract::{FromRef, FromRequestParts, State},
    http::{HeaderMap, HeaderValue, header, request::Parts},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::{
    http::{
        Problem, Toolkit,
        auth::{Staff, declare::Argument},
    },
    identity::{Access, AuthError, Identity, Permission, may},
};

/// Measurements, in Prometheus' text format
#[utoipa::path(get, path = "/metrics", tag = "Operations",
    responses((status = 200, description = "All metrics, for `operations.read` and for the token `http.metrics_token`",
        content_type = "text/plain", body = String)))]
pub async fn get_metrics(_: Measurer, State(toolkit): State<Toolkit>) -> Result<Response, Problem> {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], (toolkit.metrics)()).into_response())
}

/// Whoever has the permission, or the token.
pub struct Measurer;

impl<S> FromRequestParts<S> for Measurer
where
    S: Send + Sync,
    Toolkit: FromRef<S>,
{
    type Rejection = AuthError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthError> {
        may_read(&Toolkit::from_ref(state), &parts.headers).await.map(|()| Self)
    }
}

impl Argument for Measurer {
    const ACCESS: Option<Access> = Some(Access::Permission(Permission::OperationsRead));
}

/// The permission's or the token's holder.
pub(super) async fn may_read(toolkit: &Toolkit, headers: &HeaderMap) -> Result<(), AuthError> {
    let configured = toolkit.limits.metrics_token.expose();
    let shown = Identity::bearer(headers)?.unwrap_or_default();
    let hash = |text: &str| Sha256::digest(text.as_bytes());
    if !configured.is_empty() && hash(shown) == hash(configured) {
        return Ok(());
    }
    Staff::<may::OperationsRead>::of(&toolkit.identity, headers).await.map(drop)
}
