//! The account's e-mail: proven by a mail, and changed by one.

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{client::Asker, register::mailbox};
use crate::{
    config::Secret,
    http::{
        Body, Problem,
        auth::{Public, SignedIn},
    },
    shop::AppState,
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailLink)]
pub struct LinkBody {
    /// What stands behind `#` in the mail's link.
    #[schema(value_type = String)]
    pub token: Secret,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmailChange)]
pub struct EmailChangeBody {
    #[schema(example = "ada@example.org", max_length = 254)]
    pub email: String,
    #[schema(value_type = String, format = Password, max_length = 1024)]
    pub password: Secret,
}

/// Prove the account's e-mail by its mail's link
#[utoipa::path(post, path = "/api/auth/email/verify", tag = "Identity", request_body = LinkBody, responses(
    (status = 204, description = "The e-mail is verified; the link is used"),
    (status = 410, description = "`bad_link`"),
    (status = 429, description = "`too_many_attempts`, with Retry-After"),
    (status = 503, description = "`unavailable`, with Retry-After"),
))]
pub async fn verify_email(
    _: Public,
    State(state): State<AppState>,
    asker: Asker,
    Body(body): Body<LinkBody>,
) -> Result<StatusCode, Problem> {
    let identity = &state.toolkit.identity;
    identity.following(&asker.client, identity.verify_email(body.token.expose())).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ask for another mail that proves the e-mail
#[utoipa::path(post, path = "/api/auth/email/resend", tag = "Identity", responses(
    (status = 202, description = "A mail is on its way"),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
    (status = 409, description = "`email_already_verified`"),
    (status = 429, description = "`too_many_attempts`, with Retry-After"),
))]
pub async fn resend_verification(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    asker: Asker,
) -> Result<StatusCode, Problem> {
    state.toolkit.identity.ask_verification(who.user, &asker.client).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Ask for another e-mail
///
/// A mail goes to the new address; the account keeps the one it has until that mail's link was followed.
#[utoipa::path(post, path = "/api/auth/email/change", tag = "Identity", request_body = EmailChangeBody, responses(
        (status = 202, description = "A mail is on its way to the new address"),
        (status = 401, description = "`unauthenticated`, `invalid_token`, `invalid_credentials`"),
        (status = 403, description = "`step_up_required`: of an account with a second factor"),
        (status = 422, description = "`invalid_field`"),
        (status = 429, description = "`too_many_attempts`, with Retry-After"),
        (status = 503, description = "`busy`, `unavailable`, with Retry-After"),
    ))]
pub async fn change_email(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    asker: Asker,
    Body(body): Body<EmailChangeBody>,
) -> Result<StatusCode, Problem> {
    let identity = &state.toolkit.identity;
    let to = mailbox(identity, &body.email)?;
    let asked = identity.ask_email_change(&who, to, &body.password, &asker.client).await;
    asked.map_err(|refused| Problem::from(refused).about(|| who.by.clone()))?;
    Ok(StatusCode::ACCEPTED)
}

/// Take the new e-mail by its mail's link
#[utoipa::path(post, path = "/api/auth/email/confirm", tag = "Identity", request_body = LinkBody, responses(
    (status = 204, description = "The account has the new e-mail; the old address is told"),
    (status = 409, description = "`email_taken`, `email_change_under_way`"),
    (status = 410, description = "`bad_link`"),
    (status = 429, description = "`too_many_attempts`, with Retry-After"),
    (status = 503, description = "`unavailable`, with Retry-After"),
))]
pub async fn confirm_email(
    _: Public,
    State(state): State<AppState>,
    asker: Asker,
    Body(body): Body<LinkBody>,
) -> Result<StatusCode, Problem> {
    let identity = &state.toolkit.identity;
    identity.following(&asker.client, identity.confirm_email_change(body.token.expose())).await?;
    Ok(StatusCode::NO_CONTENT)
}
