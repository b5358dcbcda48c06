//! Categories: the tree of the products.

mod codes;
mod routes;

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability};
use crate::http::auth::declared;

pub const CAPABILITY: Capability = Capability::new(routes, codes::ALL);

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(declared!(routes::list_categories))
        .routes(declared!(routes::get_category))
        .routes(declared!(routes::list_category_products))
}
