//! `POST /api/auth/login`, `GET /api/auth/validate`, and the public keys of access tokens.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    client::Asker,
    second_step::{self, LoginAnswer},
    wire::{self, Handed, SessionUser},
};
use crate::{
    config::Secret,
    domain::time::Timestamp,
    http::{
        Body, Problem,
        auth::{Public, SignedIn},
    },
    identity::{AuthError, Entered, Identity, PublicKey, cookies},
    shop::AppState,
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login)]
pub struct LoginBody {
    #[schema(example = "admin@souk.local", max_length = 254)]
    pub email: String,
    #[schema(value_type = String, format = Password, max_length = 1024)]
    pub password: Secret,
    /// For pages: the tokens come as cookies that no script can read, and not in the body.
    #[serde(default)]
    pub cookies: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ValidateResponse {
    pub user: SessionUser,
    /// RFC 3339, UTC.
    pub expires_at: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct KeySet {
    pub keys: Vec<PublicKey>,
}

/// Log in with e-mail and password
///
/// A guest's cart goes into the account's: units are summed, as far as the stock and the cart's bounds allow.
///
/// An account with a second factor gets no session yet: the answer has `mfa_required` and an `mfa_token` for
/// `POST /api/auth/mfa/verify`.
#[utoipa::path(post, path = "/api/auth/login", tag = "Identity", request_body = LoginBody, responses(
    (status = 200, description = "A session, or the question for a second factor", body = LoginAnswer),
    (status = 401, description = "`invalid_credentials`"),
    (status = 403, description = "`account_disabled`"),
    (status = 429, description = "`too_many_attempts`, with Retry-After"),
    (status = 503, description = "`busy`, `unavailable`, with Retry-After"),
))]
pub async fn login(
    _: Public,
    State(state): State<AppState>,
    headers: HeaderMap,
    asker: Asker,
    Body(LoginBody { email, password, cookies }): Body<LoginBody>,
) -> Result<Response, Problem> {
    let identity = &state.toolkit.identity;
    let entered = identity.login(&email, &password, &asker.client).await;
    let entered = entered.map_err(|refused| Problem::from(refused).about(|| identity.tag_of_email(&email)))?;
    let handed = Handed::new(cookies, identity, &headers, asker.https);
    match entered {
        Entered::Session(granted) => Ok(wire::opened(&state, &headers, StatusCode::OK, &granted, handed).await?),
        Entered::SecondFactor(waits) => Ok(second_step::asked(waits)),
    }
}

/// Whose token this is, and until when
#[utoipa::path(get, path = "/api/auth/validate", tag = "Identity", responses(
    (status = 200, description = "The token is valid", body = ValidateResponse),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
))]
pub async fn validate(
    _: SignedIn,
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Json<ValidateResponse>, AuthError> {
    let identity = &state.toolkit.identity;
    let token = Identity::bearer(&headers)?.or_else(|| cookies::access(&headers)).ok_or(AuthError::Unauthenticated)?;
    let claims = identity.claims_of_token(token)?;
    let standing = identity.standing(&claims).await?;
    let user = SessionUser::new(claims.user(), &standing.email, standing.verified, &standing.roles);
    Ok(Json(ValidateResponse { user, expires_at: Timestamp(claims.exp.saturating_mul(1000)).rfc3339() }))
}

/// The public keys of access tokens: the current one, the next, the one before
#[utoipa::path(get, path = "/.well-known/jwks.json", tag = "Identity", responses(
    (status = 200, description = "A JSON Web Key Set (RFC 7517)", body = KeySet),
))]
pub async fn list_keys(_: Public, State(state): State<AppState>) -> impl IntoResponse {
    // The next key is published a period ahead: a copy of an hour is never too old.
    ([(header::CACHE_CONTROL, "public, max-age=3600")], Json(KeySet { keys: state.toolkit.identity.public_keys() }))
}
