//! The operators' routes.

mod cluster;
mod health;
mod metrics;

use axum::extract::FromRef;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Toolkit;
use crate::identity::Identity;

pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Toolkit: FromRef<S>,
    Identity: FromRef<S>,
{
    OpenApiRouter::default()
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(metrics::get_metrics))
        .routes(routes!(cluster::get_cluster))
}
