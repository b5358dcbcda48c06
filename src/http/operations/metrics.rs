//! Measurements for Prometheus.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use crate::http::Toolkit;

/// Measurements, in Prometheus' text format
#[utoipa::path(get, path = "/metrics", tag = "Operations",
    responses((status = 200, description = "All metrics", content_type = "text/plain", body = String)))]
pub async fn get_metrics(State(toolkit): State<Toolkit>) -> Response {
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], (toolkit.metrics)()).into_response()
}
