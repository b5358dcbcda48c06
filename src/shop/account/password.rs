//! A password that was forgotten, or is to be another.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
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
#[schema(as = ForgottenPassword)]
pub struct ForgotBody {
    #[schema(example = "ada@example.org", max_length = 254)]
    pub email: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordReset)]
pub struct ResetBody {
    /// What stands behind `#` in the mail's link.
    #[schema(value_type = String)]
    pub token: Secret,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    pub password: Secret,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordChange)]
pub struct ChangeBody {
    #[schema(value_type = String, format = Password, max_length = 1024)]
    pub old_password: Secret,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 1024)]
    pub password: Secret,
}

/// Ask for a mail with a link that sets a new password
///
/// The answer is the same whether there is such an account or not.
#[utoipa::path(post, path = "/api/auth/password/forgot", tag = "Identity", request_body = ForgotBody, responses(
    (status = 202, description = "A mail is on its way, if there is such an account"),
    (status = 422, description = "`invalid_field`: no address"),
    (status = 429, description = "`too_many_attempts`, with Retry-After"),
    (status = 503, description = "`unavailable`, with Retry-After"),
))]
pub async fn forgot_password(
    _: Public,
    State(state): State<AppState>,
    asker: Asker,
    Body(body): Body<ForgotBody>,
) -> Result<StatusCode, Problem> {
    let identity = &state.toolkit.identity;
    mailbox(identity, &body.email)?;
    identity.forgot(&body.email, &asker.client).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Set a new password by a mail's link; every session ends
#[utoipa::path(post, path = "/api/auth/password/reset", tag = "Identity", request_body = ResetBody, responses(
    (status = 204, description = "The password is set; the link is used"),
    (status = 410, description = "`bad_link`"),
    (status = 422, description = "`password_too_weak` with `reason`"),
    (status = 429, description = "`too_many_attempts`, with Retry-After"),
    (status = 503, description = "`busy`, `unavailable`, with Retry-After"),
))]
pub async fn reset_password(
    _: Public,
    State(state): State<AppState>,
    asker: Asker,
    Body(body): Body<ResetBody>,
) -> Result<Response, Problem> {
    let identity = &state.toolkit.identity;
    identity.following(&asker.client, identity.reset(body.token.expose(), &body.password)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Set a new password by the old one; every other session ends
#[utoipa::path(post, path = "/api/auth/password/change", tag = "Identity", request_body = ChangeBody, responses(
        (status = 204, description = "The password is set"),
        (status = 401, description = "`unauthenticated`, `invalid_token`, `invalid_credentials`"),
        (status = 403, description = "`step_up_required`: of an account with a second factor"),
        (status = 422, description = "`password_too_weak` with `reason`"),
        (status = 429, description = "`too_many_attempts`, with Retry-After"),
        (status = 503, description = "`busy`, `unavailable`, with Retry-After"),
    ))]
pub async fn change_password(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    asker: Asker,
    Body(body): Body<ChangeBody>,
) -> Result<Response, Problem> {
    let identity = &state.toolkit.identity;
    let changed = identity.change_password(&who, &body.old_password, &body.password, &asker.client).await;
    changed.map_err(|refused| Problem::from(refused).about(|| who.by.clone()))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
