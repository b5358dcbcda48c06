//! `POST /api/auth/register`: a new account and its first session.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    client::Asker,
    wire::{self, Handed, SessionAnswer},
};
use crate::{
    config::Secret,
    domain::email::Mailbox,
    http::{Body, Problem, auth::Public},
    identity::{Applicant, Identity},
    shop::{
        AppState,
        checkout::address::{email, line_if_any},
    },
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Registration)]
pub struct RegistrationBody {
    #[schema(example = "ada@example.org", max_length = 254)]
    pub email: String,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    pub password: Secret,
    #[serde(default)]
    #[schema(max_length = 120, example = "Ada Lovelace")]
    pub name: Option<String>,
    /// For pages: the tokens come as cookies that no script can read, and not in the body.
    #[serde(default)]
    pub cookies: bool,
}

/// Make an account
///
/// It can be used at once; a mail asks its owner to verify the address.
#[utoipa::path(post, path = "/api/auth/register", tag = "Identity", request_body = RegistrationBody, responses(
    (status = 201, description = "The new account's session", body = SessionAnswer),
    (status = 409, description = "`account_exists`"),
    (status = 422, description = "`password_too_weak` with `reason`, `invalid_field`"),
    (status = 429, description = "`too_many_attempts`, with Retry-After"),
    (status = 503, description = "`busy`, `unavailable`, `no_room`, with Retry-After"),
))]
pub async fn register(
    _: Public,
    State(state): State<AppState>,
    headers: HeaderMap,
    asker: Asker,
    Body(body): Body<RegistrationBody>,
) -> Result<Response, Problem> {
    let identity = &state.toolkit.identity;
    let name = line_if_any("name", body.name)?;
    let applicant = Applicant { mailbox: mailbox(identity, &body.email)?, password: body.password, name };
    let granted = identity.register(applicant, &asker.client).await?;
    let handed = Handed::new(body.cookies, identity, &headers, asker.https);
    Ok(wire::opened(&state, &headers, StatusCode::CREATED, &granted, handed).await?)
}

/// By the syntax that a checkout demands, too.
pub fn mailbox(identity: &Identity, written: &str) -> Result<Mailbox, Problem> {
    let written = email(written)?;
    let wrong = || Problem::field("email", "an e-mail reads name@domain.tld").with("max", Mailbox::BYTES_MAX);
    identity.mailbox(&written).ok_or_else(wrong)
}
