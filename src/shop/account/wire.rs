//! The shapes of sessions and accounts on the wire.

use std::collections::BTreeSet;

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    domain::{account::Role, ids::UserId, role::RoleName},
    identity::{AuthError, Granted, Identity, cookies, role_of},
    shop::{
        AppState,
        cart::merge::{MergeBody, merge},
    },
};

/// A session's tokens. With cookies the tokens are absent here: no script can read them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionAnswer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// Good for one use, which gives the next one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    #[schema(example = "Bearer")]
    pub token_type: String,
    /// Seconds that the access token is good for.
    pub expires_in: u32,
    pub user: SessionUser,
    /// What became of the guest's cart; absent where there was nothing in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart: Option<MergeBody>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionUser {
    pub id: Uuid,
    pub email: Option<String>,
    /// The e-mail is proven.
    #[serde(default)]
    pub email_verified: bool,
    /// `shopper`, `operator` or `superadmin`: the highest of `roles`, for clients of before there were many.
    #[schema(value_type = String, example = "operator")]
    pub role: Role,
    #[schema(example = json!(["manager"]))]
    pub roles: Vec<String>,
}

impl SessionUser {
    pub fn new(user: UserId, email: &str, email_verified: bool, roles: &BTreeSet<RoleName>) -> Self {
        Self {
            id: user.0,
            email: Some(email.to_owned()),
            email_verified,
            role: role_of(roles),
            roles: roles.iter().map(ToString::to_string).collect(),
        }
    }
}

/// How the tokens are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handed {
    InBody,
    /// In cookies, for pages; `secure`: marked for HTTPS only.
    InCookies {
        secure: bool,
    },
}

impl Handed {
    pub fn new(cookies: bool, identity: &Identity, headers: &HeaderMap, https: bool) -> Self {
        if cookies { Self::InCookies { secure: identity.wants_secure(headers, https) } } else { Self::InBody }
    }
}

/// The answer to every way of logging in: a guest's cart comes along.
pub async fn opened(
    state: &AppState,
    headers: &HeaderMap,
    status: StatusCode,
    granted: &Granted,
    handed: Handed,
) -> Result<Response, AuthError> {
    let identity = &state.toolkit.identity;
    let cart = merge(&state.services, identity, headers, granted).await;
    answer(status, identity, granted, handed, cart)
}

/// The answer that renews a session.
pub fn granted(
    status: StatusCode,
    identity: &Identity,
    granted: &Granted,
    handed: Handed,
) -> Result<Response, AuthError> {
    answer(status, identity, granted, handed, None)
}

fn answer(
    status: StatusCode,
    identity: &Identity,
    granted: &Granted,
    handed: Handed,
    cart: Option<MergeBody>,
) -> Result<Response, AuthError> {
    let shown = |token: &String| (handed == Handed::InBody).then(|| token.clone());
    let body = SessionAnswer {
        access_token: shown(&granted.access_token),
        refresh_token: shown(&granted.refresh_token),
        token_type: "Bearer".to_owned(),
        expires_in: granted.expires_in,
        user: SessionUser::new(granted.user, &granted.email, granted.verified, &granted.roles),
        cart,
    };
    let mut response = (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response();
    if let Handed::InCookies { secure } = handed {
        add(&mut response, cookies::set(granted, identity.settings().session_idle_ms, secure))?;
    }
    Ok(response)
}

/// Nothing to say, and no session any more.
pub fn gone() -> Result<Response, AuthError> {
    let mut response = (StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, "no-store")]).into_response();
    add(&mut response, cookies::clear())?;
    Ok(response)
}

fn add(response: &mut Response, cookies: impl IntoIterator<Item = String>) -> Result<(), AuthError> {
    for cookie in cookies {
        let cookie = HeaderValue::try_from(cookie).map_err(|_| AuthError::Internal)?;
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(())
}
