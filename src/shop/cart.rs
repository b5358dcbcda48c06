//! Carts: the items that a shopper intends to buy. A cart holds no stock.
//!
//! [`wire`] is its one shape, `show` makes it, `routes` are the handlers, [`live`] has the topics.

mod codes;
pub mod live;
pub mod merge;
mod refusals;
mod routes;
mod show;
pub mod wire;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability, Families, Front};
use crate::http::auth::declared;

pub const CAPABILITY: Capability = Capability { topics, ..Capability::new(routes, codes::ALL) };

fn topics(front: &Front) -> Families {
    Families { one: vec![Arc::new(live::OneCart { front: front.clone() })], ..Families::default() }
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(declared!(routes::get_cart))
        .routes(declared!(routes::add_cart_lines))
        .routes(declared!(routes::set_cart_line, routes::remove_cart_line))
}
