//! Refresh, log-out, and the list of an account's sessions.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    client::Asker,
    wire::{self, Handed, SessionAnswer},
};
use crate::{
    domain::{
        account::Account,
        ids::SessionId,
        session::{Method, Session, SessionView},
    },
    http::{
        Body, Code, Path, Problem,
        auth::{Public, SignedIn},
    },
    identity::{AuthError, Identity, TokenFault, cookies},
    shop::AppState,
};

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Refresh)]
pub struct RefreshBody {
    /// Absent: the one in the browser's cookie, and the new tokens are cookies again.
    #[serde(default)]
    pub refresh_token: Option<String>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LogOut)]
pub struct LogOutBody {
    /// All sessions of the account, and not only this one.
    #[serde(default)]
    pub everywhere: bool,
}

/// One session, as its owner sees it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionBody {
    pub id: Uuid,
    /// The one that asks.
    pub current: bool,
    /// What the client calls itself.
    pub device: String,
    /// The network address that it was used from last.
    pub address: String,
    /// How its owner proved who they are.
    #[schema(example = json!(["password"]))]
    pub methods: Vec<String>,
    /// RFC 3339, UTC.
    pub opened_at: String,
    /// RFC 3339, UTC; of the newest refresh.
    pub used_at: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SessionList {
    pub items: Vec<SessionBody>,
}

/// New tokens for a refresh token
///
/// Each refresh token is good for one use. A repetition within ten seconds gets the same answer again, for the first one
/// may have been lost; later a second use ends the session, because one of its two users is a thief.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "Identity", request_body = RefreshBody, responses(
    (status = 200, description = "The session's new tokens", body = SessionAnswer),
    (status = 401, description = "`invalid_token`, `refresh_token_reused`"),
    (status = 503, description = "`unavailable`, with Retry-After"),
))]
pub async fn refresh(
    _: Public,
    State(state): State<AppState>,
    headers: HeaderMap,
    asker: Asker,
    Body(body): Body<RefreshBody>,
) -> Result<Response, AuthError> {
    let identity = &state.toolkit.identity;
    let by_cookie = body.refresh_token.is_none();
    let token = body.refresh_token.as_deref().or_else(|| cookies::refresh(&headers));
    let granted =
        identity.refresh(token.ok_or(AuthError::InvalidToken(TokenFault::NoRefreshToken))?, &asker.client).await?;
    wire::granted(StatusCode::OK, identity, &granted, Handed::new(by_cookie, identity, &headers, asker.https))
}

/// End this session, or all
#[utoipa::path(post, path = "/api/auth/logout", tag = "Identity", request_body = LogOutBody, responses(
        (status = 204, description = "Ended, on every node; cookies are taken away"),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
    ))]
pub async fn log_out(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Body(LogOutBody { everywhere }): Body<LogOutBody>,
) -> Result<Response, AuthError> {
    let (identity, own) = (&state.toolkit.identity, Identity::own_session(&who)?);
    match everywhere {
        true => identity.log_out_everywhere(who.user, own).await?,
        false => identity.log_out(who.user, own).await?,
    }
    wire::gone()
}

/// The account's sessions, the newest first
#[utoipa::path(get, path = "/api/auth/sessions", tag = "Identity", responses(
    (status = 200, description = "At most 50: a further one ends the oldest", body = SessionList),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
))]
pub async fn list_sessions(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
) -> Result<Json<SessionList>, Problem> {
    let id = who.user.to_string();
    let account = state.gateway.read::<Account>(&id, state.command_timeout).await?;
    let mut items = Vec::new();
    for session in account.view.sessions.iter().rev() {
        let known = state.gateway.read_local::<Session>(&session.to_string())?;
        items.extend(known.and_then(|known| body(*session, known.view, who.session)));
    }
    Ok(Json(SessionList { items }))
}

/// End one session of the account
#[utoipa::path(delete, path = "/api/auth/sessions/{id}", tag = "Identity",
    params(("id" = Uuid, Path)), responses(
        (status = 204, description = "Ended, on every node"),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
        (status = 404, description = "`unknown_session`"),
    ))]
pub async fn end_session(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Path(session): Path<Uuid>,
) -> Result<Response, Problem> {
    let (id, session) = (who.user.to_string(), SessionId(session));
    let account = state.gateway.read::<Account>(&id, state.command_timeout).await?;
    if !account.view.sessions.contains(&session) {
        return Err(Problem::new(Code::UNKNOWN_SESSION, "the account has no such session"));
    }
    state.toolkit.identity.log_out(who.user, session).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `None`: ended, or not here yet.
fn body(id: SessionId, view: SessionView, own: Option<SessionId>) -> Option<SessionBody> {
    let opened = view.opened.filter(|_| view.ended.is_none())?;
    Some(SessionBody {
        id: id.0,
        current: own == Some(id),
        device: opened.device,
        address: view.address,
        methods: view.methods.into_iter().map(Method::name).map(str::to_owned).collect(),
        opened_at: opened.at.rfc3339(),
        used_at: view.used_at.rfc3339(),
    })
}
