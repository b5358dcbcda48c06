//! Products: the shop front's lists and pages, and which SKUs are sold.
//!
//! [`catalogue`] is the read model in memory; [`wire`] describes the JSON that it writes.

pub mod catalogue;
mod codes;
pub mod projection;
pub mod routes;
mod sample_picture;
pub mod skus;
pub mod wire;

use std::sync::Arc;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{AppState, Capability};

pub const CAPABILITY: Capability =
    Capability { name: "product", routes, codes: codes::ALL, projections: || vec![Arc::new(projection::Products)] };

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(routes::list_products))
        .routes(routes!(routes::get_product))
        .routes(routes!(routes::list_products_of_category))
        .routes(routes!(sample_picture::get_sample_picture))
}
