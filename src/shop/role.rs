//! Roles and permissions: what there is, and the roles of the shop's own.
//!
//! The built-in roles are a table (`identity::permission`); own ones are entities. Nobody grants more than they have:
//! whoever makes or changes a role has all of its permissions, before and after. A changed role holds for its accounts at
//! once, on each node as soon as its tail has the change. Deliberately absent: who has which role (`shop::user`).

pub mod codes;
pub mod grant;
mod keep;
mod refusals;
mod routes;
mod wire;

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability};
use crate::http::auth::declared;

pub use keep::{KeepRefusal, granted, known};

pub const CAPABILITY: Capability = Capability::new(routes, codes::ALL);

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(declared!(routes::list_permissions))
        .routes(declared!(routes::list_roles, routes::make_role))
        .routes(declared!(routes::get_role, routes::change_role, routes::delete_role))
}
