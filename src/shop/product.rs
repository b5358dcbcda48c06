//! Products: the shop front's lists and pages, and the SKUs on sale.
//!
//! [`catalogue`] is the read model in memory; [`wire`] describes the JSON that it writes.

pub mod catalogue;
mod codes;
pub mod projection;
pub mod routes;
mod sample_picture;
pub mod skus;
pub mod wire;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{AppState, Capability};

pub const CAPABILITY: Capability = Capability::new("product", routes, codes::ALL);

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(routes::list_products))
        .routes(routes!(routes::get_product))
        .routes(routes!(routes::list_products_of_category))
        .routes(routes!(sample_picture::get_sample_picture))
}
