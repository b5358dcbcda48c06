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

use utoipa_axum::{router::OpenApiRouter, routes};

use super::{AppState, Capability};

pub const CAPABILITY: Capability = Capability::new(routes, codes::ALL);

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(shipping::list_shipping_methods))
        .routes(routes!(routes::check_out))
        .routes(routes!(routes::create_order))
}
