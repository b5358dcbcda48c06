//! Accounts over HTTP: registration, log-in and sessions, password, e-mail, profile and address book. The flows are
//! `identity`'s; permissions are in `identity`, too.
//!
//! A program gets its tokens in the body; a page asks for `cookies`, which the existing check of origins guards against
//! other sites. Some calls have a second path for clients of before (`/login`, `/mfa/verify`, `/register`,
//! `/profile`).

mod client;
mod codes;
mod email;
mod factors;
mod links;
mod login;
pub mod mail;
mod passkeys;
mod password;
mod profile;
mod refusals;
mod register;
mod second_step;
mod sessions;
mod sso;
mod wire;

pub use login::ValidateResponse;
pub use register::mailbox;
pub use wire::{SessionAnswer, SessionUser};

use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;

use super::{AppState, Capability};
use crate::http::auth::declared;

pub const CAPABILITY: Capability = Capability::new(routes, codes::ALL);

fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(declared!(register::register))
        .routes(declared!(login::login))
        .routes(declared!(login::validate))
        .routes(declared!(login::list_keys))
        .routes(declared!(sessions::refresh))
        .routes(declared!(sessions::log_out))
        .routes(declared!(sessions::list_sessions))
        .routes(declared!(sessions::end_session))
        .routes(declared!(second_step::verify_second_factor))
        .routes(declared!(second_step::step_up))
        .routes(declared!(factors::list_factors))
        .routes(declared!(factors::enrol_app))
        .routes(declared!(factors::confirm_app))
        .routes(declared!(factors::make_recovery_codes))
        .routes(declared!(factors::remove_factor))
        .routes(declared!(sso::list_oidc_providers))
        .routes(declared!(sso::start_oidc))
        .routes(declared!(sso::finish_oidc))
        .routes(declared!(links::list_links))
        .routes(declared!(links::begin_link))
        .routes(declared!(links::confirm_link))
        .routes(declared!(links::remove_link))
        .routes(declared!(passkeys::start_passkey))
        .routes(declared!(passkeys::add_passkey))
        .routes(declared!(passkeys::start_login))
        .routes(declared!(passkeys::finish_login))
        .routes(declared!(passkeys::start_step_up))
        .routes(declared!(password::forgot_password))
        .routes(declared!(password::reset_password))
        .routes(declared!(password::change_password))
        .routes(declared!(email::verify_email))
        .routes(declared!(email::resend_verification))
        .routes(declared!(email::change_email))
        .routes(declared!(email::confirm_email))
        .routes(declared!(profile::get_profile, profile::put_profile))
        .routes(declared!(profile::add_saved_address))
        .routes(declared!(profile::put_saved_address, profile::remove_saved_address))
        // Aliases, which the document does not have twice.
        .route("/register", post(register::register))
        .route("/login", post(login::login))
        .route("/mfa/verify", post(second_step::verify_second_factor))
        .route("/profile", get(profile::get_profile).put(profile::put_profile))
}

#[cfg(test)]
mod tests;
