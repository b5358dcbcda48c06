//! `POST /api/auth/login` and `GET /api/auth/validate`.

use axum::{
    Json,
    extract::{FromRef, State},
    http::{Extensions, HeaderMap, header},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::{
    config::Secret,
    domain::{account::Role, time::Timestamp},
    http::auth::declared,
    http::{
        Body, BodyMax, Door, Problem,
        auth::{Public, SignedIn},
    },
    identity::{AuthError, Identity},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoginRequest {
    #[schema(example = "admin@souk.local")]
    pub email: String,
    #[schema(value_type = String, format = Password)]
    pub password: Secret,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LoginResponse {
    pub access_token: String,
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// Seconds.
    pub expires_in: u32,
    pub user: SessionUser,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionUser {
    pub id: Uuid,
    pub email: Option<String>,
    /// `shopper`, `operator` or `superadmin`.
    #[schema(value_type = String, example = "operator")]
    pub role: Role,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ValidateResponse {
    pub user: SessionUser,
    /// RFC 3339, UTC.
    pub expires_at: String,
}

pub fn routes<S>() -> OpenApiRouter<S>
where
    S: Clone + Send + Sync + 'static,
    Identity: FromRef<S>,
    BodyMax: FromRef<S>,
    Door: FromRef<S>,
{
    OpenApiRouter::default().routes(declared!(login)).routes(declared!(validate))
}

/// Log in with e-mail and password
#[utoipa::path(post, path = "/api/auth/login", tag = "Identity", request_body = LoginRequest, responses(
    (status = 200, description = "an access token", body = LoginResponse),
    (status = 401, description = "`invalid_credentials`", content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`, with Retry-After", content_type = "application/problem+json"),
    (status = 503, description = "`busy`, `unavailable`, with Retry-After", content_type = "application/problem+json"),
))]
async fn login(
    _: Public,
    State(identity): State<Identity>,
    State(door): State<Door>,
    headers: HeaderMap,
    extensions: Extensions,
    Body(LoginRequest { email, password }): Body<LoginRequest>,
) -> Result<impl IntoResponse, Problem> {
    let address = door.client(&headers, &extensions);
    let login = identity.login(&email, &password, address).await;
    let login = login.map_err(|refused| Problem::from(refused).about(|| identity.tag_of_email(&email)))?;
    let user = SessionUser { id: login.user.0, email: Some(login.email), role: login.role };
    let answer = LoginResponse {
        access_token: login.access_token,
        token_type: "Bearer".to_owned(),
        expires_in: login.expires_in,
        user,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)))
}

/// Whose token this is, and until when
#[utoipa::path(get, path = "/api/auth/validate", tag = "Identity", responses(
    (status = 200, description = "the token is valid", body = ValidateResponse),
    (status = 401, description = "`unauthenticated`, `invalid_token`", content_type = "application/problem+json"),
))]
async fn validate(
    _: SignedIn,
    State(identity): State<Identity>,
    headers: HeaderMap,
) -> Result<Json<ValidateResponse>, AuthError> {
    let token = Identity::bearer(&headers)?.ok_or(AuthError::Unauthenticated)?;
    let claims = identity.claims_of_token(token)?;
    let user = SessionUser { id: claims.sub, email: claims.email, role: claims.role };
    Ok(Json(ValidateResponse { user, expires_at: Timestamp(claims.exp.saturating_mul(1000)).rfc3339() }))
}
