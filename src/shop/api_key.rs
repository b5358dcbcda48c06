//! API keys: an account makes them for programs, with some of its own permissions, and shows each text once.
//!
//! The flows are `identity`'s (`identity/api_keys.rs`). Only a session makes, changes or ends a key, never a key.
//! Deliberately absent: keys of other accounts. Whoever disables an account ends what its keys may do.

mod codes;
mod refusals;
mod routes;
mod wire;

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability};
use crate::http::auth::declared;

pub const CAPABILITY: Capability = Capability::new(routes, codes::ALL);

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(declared!(routes::list_api_keys, routes::make_api_key))
        .routes(declared!(routes::revoke_api_key))
        .routes(declared!(routes::rotate_api_key))
}
