//! Accounts over HTTP: logging in, and checking a token. Permissions are in `identity`.

mod codes;
pub mod login;
mod refusals;

pub use login::{LoginRequest, LoginResponse, SessionUser, ValidateResponse};

use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability};

pub const CAPABILITY: Capability = Capability::new(routes, codes::ALL);

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().merge(login::routes())
}

#[cfg(test)]
mod tests;
