//! Categories: the tree of the products.

mod codes;
mod routes;

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{AppState, Capability};

pub const CAPABILITY: Capability = Capability::new(routes, codes::ALL);

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(routes::list_categories))
        .routes(routes!(routes::get_category))
        .routes(routes!(routes::list_category_products))
}
