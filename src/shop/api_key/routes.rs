//! `/api/api-keys`: the account's own.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::wire::{ApiKeyBody, ApiKeyListBody, NewApiKeyBody, RotationBody};
use crate::{
    domain::{api_key::Issued, ids::ApiKeyId},
    http::{Body, Code, Path, Problem, auth::SignedIn},
    identity::{MadeKey, PermissionSet, Principal},
    shop::{AppState, role::grant},
};

/// The account's API keys
#[utoipa::path(get, path = "/api/api-keys", tag = "API keys", responses(
    (status = 200, description = "At most 20; without their texts", body = ApiKeyListBody),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
    (status = 403, description = "`session_required`"),
))]
pub async fn list_api_keys(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
) -> Result<Json<ApiKeyListBody>, Problem> {
    state.toolkit.read_your_writes().await;
    let (identity, now) = (&state.toolkit.identity, state.gateway.now());
    let items = identity.keys_of(who.user).iter().filter_map(|view| ApiKeyBody::of(view, now)).collect();
    Ok(Json(ApiKeyListBody { items }))
}

/// Make an API key
///
/// Its text is in this answer and can never be read again. It may do what is asked for here, as long as its maker may.
#[utoipa::path(post, path = "/api/api-keys", tag = "API keys", request_body = NewApiKeyBody, responses(
    (status = 201, description = "The key, shown this once", body = ApiKeyBody),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
    (status = 403, description = "`grants_too_much` with `permissions`, `session_required`, `step_up_required`"),
    (status = 409, description = "`too_many_api_keys`"),
    (status = 422, description = "`invalid_field`"),
))]
pub async fn make_api_key(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Body(body): Body<NewApiKeyBody>,
) -> Result<Response, Problem> {
    state.toolkit.identity.stepped_up(&who)?;
    let (wanted, granted) = body.parse()?;
    grant::allowed(&who, granted)?;
    let made = state.toolkit.identity.make_key(who.user, wanted).await?;
    shown(&state, StatusCode::CREATED, made)
}

/// Give an API key another text
///
/// The text before it stays good for the overlap, so that programs can change over.
#[utoipa::path(post, path = "/api/api-keys/{id}/rotate", tag = "API keys", request_body = RotationBody,
    params(("id" = Uuid, Path)), responses(
        (status = 200, description = "The key, shown this once", body = ApiKeyBody),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
        (status = 403, description = "`grants_too_much` with `permissions`, `session_required`, `step_up_required`"),
        (status = 404, description = "`unknown_api_key`"),
        (status = 422, description = "`invalid_field`"),
    ))]
pub async fn rotate_api_key(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
    Body(body): Body<RotationBody>,
) -> Result<Response, Problem> {
    let overlap_ms = body.overlap_seconds.saturating_mul(1_000);
    let identity = &state.toolkit.identity;
    identity.stepped_up(&who)?;
    let made = identity.rotate_key(who.user, ApiKeyId(id), overlap_ms, |key| has_all(&who, key)).await?;
    shown(&state, StatusCode::OK, made)
}

/// End an API key
#[utoipa::path(delete, path = "/api/api-keys/{id}", tag = "API keys", params(("id" = Uuid, Path)), responses(
    (status = 204, description = "Ended, on every node, with the sockets that it opened"),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
    (status = 403, description = "`session_required`"),
    (status = 404, description = "`unknown_api_key`"),
))]
pub async fn revoke_api_key(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    state.toolkit.identity.revoke_key(who.user, ApiKeyId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whoever has lost a permission does not give it a new text.
fn has_all(who: &Principal, key: &Issued) -> Result<(), Problem> {
    Ok(grant::allowed(who, PermissionSet::named(&key.permissions))?)
}

fn shown(state: &AppState, status: StatusCode, made: MadeKey) -> Result<Response, Problem> {
    let gone = || Problem::new(Code::UNKNOWN_API_KEY, "the key was ended in this moment");
    let body = ApiKeyBody::made(made, state.gateway.now()).ok_or_else(gone)?;
    Ok((status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
