//! Liveness and readiness. A process that lives but is not ready must not be restarted, only not be sent requests:
//! hence two endpoints.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::{Code, Problem, Toolkit};

#[derive(Serialize, ToSchema)]
pub struct Ready {
    #[schema(example = "ready")]
    status: &'static str,
    /// What an acknowledgement means here: `local-synced`, `replicated-unsynced` or `replicated-synced`.
    durability: &'static str,
    /// What nobody may overlook here, such as payments without money; mostly empty.
    #[schema(value_type = Vec<String>)]
    notices: Vec<&'static str>,
}

/// The process answers
#[utoipa::path(get, path = "/healthz", tag = "Operations",
    responses((status = 200, description = "Always `ok`", content_type = "text/plain", body = String)))]
pub async fn healthz() -> &'static str {
    "ok"
}

/// The shop takes commands
#[utoipa::path(get, path = "/readyz", tag = "Operations",
    responses(
        (status = 200, description = "Every shard takes commands", body = Ready),
        (status = 503, description = "`unavailable`; `detail` says why"),
    ))]
pub async fn readyz(State(toolkit): State<Toolkit>) -> Response {
    match toolkit.gateway.ready() {
        Ok(()) => {
            let (durability, notices) = (toolkit.durability, toolkit.notices.clone());
            (StatusCode::OK, Json(Ready { status: "ready", durability, notices })).into_response()
        }
        Err(why) => Problem::new(Code::UNAVAILABLE, why).retry_after(1000).into_response(),
    }
}
