//! Accounts as staff keeps them: lists, one account, a new one, its roles, and whether it may be used.
//!
//! Nobody gives or takes what they do not have themselves (`shop::role::grant`), and nobody takes the last superadmin
//! away (`domain::superadmins`). E-mails and names are for `customers.read`. Deliberately absent: what accounts do
//! themselves (`shop::account`), and erasing one (`shop::erasure`).

mod change;
mod codes;
mod list;
mod make;
mod projection;
mod refusals;
mod routes;
pub mod superadmins;
mod wire;

pub use change::{UserRefusal, read};
pub use superadmins::demote;

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability, Front};
use crate::{actors::projection::Projection, http::auth::declared};

pub const CAPABILITY: Capability = Capability { projections, ..Capability::new(routes, codes::ALL) };

fn projections(front: &Front) -> Vec<Arc<dyn Projection>> {
    vec![Arc::new(projection::Users(front.addresses.clone()))]
}

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(declared!(list::list_users, make::make_user))
        .routes(declared!(routes::get_user, routes::change_user, routes::disable_user))
        .routes(declared!(routes::set_user_roles))
}
