//! Checkout: from a cart to an order whose stock is held until it is paid.

pub mod address;
pub mod cart_lines;
mod codes;
mod country;
pub mod place;
pub mod refusals;
mod routes;
mod shipping;
mod unpaid;
pub mod wire;

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability};
use crate::http::auth::declared;

pub const CAPABILITY: Capability = Capability::new(routes, codes::ALL);

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(declared!(shipping::list_shipping_methods))
        .routes(declared!(routes::check_out))
        .routes(declared!(routes::create_order))
}
