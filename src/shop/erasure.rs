//! What a person may ask of the shop about themselves: to be told all that it has, and to be forgotten.
//!
//! An export reads every kind ([`kinds`] says of each how a person's are found). An erasure is asked by a route and done
//! by [`Eraser`], the connector of the entity that remembers it: so it goes on after a crash, and is done again after a
//! restore. What stays is what the books need: an order's lines, sums and country.

mod ask;
mod codes;
mod export;
mod find;
mod kinds;
mod perform;
mod refusals;
mod routes;
mod wire;

pub use perform::{Eraser, Erasing, Forgets};

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability};
use crate::http::auth::declared;

pub const CAPABILITY: Capability = Capability::new(all_routes, codes::ALL);

fn all_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(declared!(routes::export_me))
        .routes(declared!(routes::erase_me))
        .routes(declared!(routes::export_user))
        .routes(declared!(routes::erase_user))
        .routes(declared!(routes::erase_order))
        .routes(declared!(routes::erase_guest_order))
        .routes(declared!(routes::list_erasures, routes::erase_again))
}
