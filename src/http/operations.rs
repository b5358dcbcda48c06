//! The operators' routes.

mod cluster;
mod health;
mod metrics;

use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;

use super::Toolkit;
use crate::http::auth::declared;
use crate::identity::Identity;

pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Toolkit: FromRef<S>,
    Identity: FromRef<S>,
{
    OpenApiRouter::default()
        .routes(declared!(health::healthz))
        .routes(declared!(health::readyz))
        .routes(declared!(metrics::get_metrics))
        .routes(declared!(cluster::get_cluster))
}
