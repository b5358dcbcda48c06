//! `POST /api/auth/login` and `GET /api/auth/validate`.

use std::net::{IpAddr, SocketAddr};

use axum::{
    Extension, Json,
    extract::{ConnectInfo, FromRef, State},
    http::{HeaderMap, header},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use crate::{
    config::Secret,
    domain::{account::Role, time::Timestamp},
    http::{Body, BodyMax},
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
{
    OpenApiRouter::default().routes(routes!(login)).routes(routes!(validate))
}

/// Log in with e-mail and password
#[utoipa::path(post, path = "/api/auth/login", tag = "Identity", request_body = LoginRequest, responses(
    (status = 200, description = "an access token", body = LoginResponse),
    (status = 401, description = "`invalid_credentials`", content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`, with Retry-After", content_type = "application/problem+json"),
    (status = 503, description = "`busy`, `unavailable`, with Retry-After", content_type = "application/problem+json"),
))]
async fn login(
    State(identity): State<Identity>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
    Body(LoginRequest { email, password }): Body<LoginRequest>,
) -> Result<impl IntoResponse, AuthError> {
    let peer = peer.map(|Extension(ConnectInfo(address))| address.ip());
    let address = client_address(&headers, peer, identity.trusts_forwarded_for());
    let login = identity.login(&email, &password, address).await?;
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
#[utoipa::path(get, path = "/api/auth/validate", tag = "Identity", security(("bearer" = [])), responses(
    (status = 200, description = "the token is valid", body = ValidateResponse),
    (status = 401, description = "`unauthenticated`, `invalid_token`", content_type = "application/problem+json"),
))]
async fn validate(State(identity): State<Identity>, headers: HeaderMap) -> Result<Json<ValidateResponse>, AuthError> {
    let token = Identity::bearer(&headers)?.ok_or(AuthError::Unauthenticated)?;
    let claims = identity.claims_of_token(token)?;
    let user = SessionUser { id: claims.sub, email: claims.email, role: claims.role };
    Ok(Json(ValidateResponse { user, expires_at: Timestamp(claims.exp.saturating_mul(1000)).rfc3339() }))
}

/// The last forwarded address comes from the shop's own proxy; the client can forge the ones before it.
pub fn client_address(headers: &HeaderMap, peer: Option<IpAddr>, trust_forwarded_for: bool) -> Option<IpAddr> {
    let forwarded = || {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        last.rsplit(',').next()?.trim().parse().ok()
    };
    trust_forwarded_for.then(forwarded).flatten().or(peer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_counts_only_where_the_proxy_is_trusted() {
        let headers = HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), "1.1.1.1, 2.2.2.2".parse().unwrap())]);
        let peer = Some(IpAddr::from([127, 0, 0, 1]));
        assert_eq!(client_address(&headers, peer, false), peer);
        assert_eq!(client_address(&headers, peer, true), Some(IpAddr::from([2, 2, 2, 2])));
        assert_eq!(client_address(&HeaderMap::new(), peer, true), peer);
    }
}
