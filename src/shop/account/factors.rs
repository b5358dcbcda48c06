//! The account's own second factors: an authenticator app is set up and confirmed, recovery codes, removal.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::client::Asker;
use crate::{
    config::Secret,
    domain::{
        account::{Account, Factor},
        ids::FactorId,
        time::Timestamp,
    },
    http::{Body, Path, Problem, auth::SignedIn},
    shop::{AppState, checkout::address::line},
};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Factors)]
pub struct FactorsBody {
    pub items: Vec<FactorBody>,
    /// Recovery codes that are not used yet.
    pub recovery_codes_left: usize,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Factor)]
pub struct FactorBody {
    pub id: Uuid,
    #[serde(rename = "type")]
    #[schema(example = "totp")]
    pub kind: String,
    pub name: String,
    /// Before, it counts for nothing.
    pub confirmed: bool,
    /// RFC 3339, UTC.
    pub added_at: String,
    /// RFC 3339, UTC.
    pub used_at: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApp)]
pub struct NewAppBody {
    /// How the list calls it.
    #[serde(default)]
    #[schema(max_length = 120, example = "My phone")]
    pub name: Option<String>,
}

/// What an authenticator app is set up with; shown once.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = AppSetup)]
pub struct SetupBody {
    pub id: Uuid,
    /// Base 32, for who types it.
    pub secret: String,
    #[schema(example = "otpauth://totp/souk:ada%40example%2Eorg?secret=..")]
    pub uri: String,
    /// The address as a QR code: an SVG element.
    pub qr: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AppConfirmation)]
pub struct ConfirmationBody {
    pub id: Uuid,
    /// Six digits of the app.
    #[schema(value_type = String, example = "287082")]
    pub code: Secret,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub struct CodesBody {
    /// Each is good for one use in place of a code; shown once. Absent where the account has some already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_codes: Option<Vec<String>>,
}

/// The account's second factors
#[utoipa::path(get, path = "/api/auth/factors", tag = "Identity", responses(
    (status = 200, description = "At most 5 apps and 10 passkeys, and an app that waits to be confirmed", body = FactorsBody),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
))]
pub async fn list_factors(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
) -> Result<Json<FactorsBody>, Problem> {
    let account = state.gateway.read::<Account>(&who.user.to_string(), state.command_timeout).await?;
    let factors = account.view.factors;
    let items = factors.list.iter().map(body).collect();
    Ok(Json(FactorsBody { items, recovery_codes_left: factors.codes_left }))
}

/// Set up an authenticator app
///
/// It counts from its confirmation on; one that was never confirmed is replaced.
#[utoipa::path(post, path = "/api/auth/mfa/enroll", tag = "Identity", request_body = NewAppBody, responses(
        (status = 201, description = "What the app reads", body = SetupBody),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
        (status = 403, description = "`step_up_required`"),
        (status = 409, description = "`too_many_factors`: `max`"),
        (status = 422, description = "`invalid_field`"),
    ))]
pub async fn enrol_app(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Body(NewAppBody { name }): Body<NewAppBody>,
) -> Result<Response, Problem> {
    let name = line("name", name.unwrap_or_else(|| "Authenticator app".to_owned()))?;
    let (id, setup) = state.toolkit.identity.enrol(&who, name).await?;
    let body = SetupBody { id: id.0, secret: setup.secret, uri: setup.uri, qr: setup.qr };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// Confirm an authenticator app by a code of it
///
/// With the first factor the account gets recovery codes, its other sessions end, and every log-in has a second step.
#[utoipa::path(post, path = "/api/auth/mfa/confirm", tag = "Identity", request_body = ConfirmationBody, responses(
        (status = 200, description = "Confirmed", body = CodesBody),
        (status = 401, description = "`unauthenticated`, `invalid_token`, `wrong_code`"),
        (status = 404, description = "`unknown_factor`: also one that is confirmed already"),
        (status = 429, description = "`too_many_attempts`, with Retry-After"),
    ))]
pub async fn confirm_app(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    asker: Asker,
    Body(body): Body<ConfirmationBody>,
) -> Result<Response, Problem> {
    let confirmed = state.toolkit.identity.confirm(&who, FactorId(body.id), &body.code, &asker.client).await;
    let codes = confirmed.map_err(|refused| Problem::from(refused).about(|| who.by.clone()))?;
    Ok(codes_shown(codes))
}

/// New recovery codes in place of all of before
#[utoipa::path(post, path = "/api/auth/mfa/recovery-codes", tag = "Identity", responses(
    (status = 200, description = "Ten codes; shown once", body = CodesBody),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
    (status = 403, description = "`step_up_required`"),
    (status = 409, description = "`no_second_factor`"),
))]
pub async fn make_recovery_codes(State(state): State<AppState>, SignedIn(who): SignedIn) -> Result<Response, Problem> {
    let codes = state.toolkit.identity.new_recovery_codes(&who).await?;
    Ok(codes_shown(Some(codes)))
}

/// Remove a second factor
///
/// With the last one the recovery codes go, too.
#[utoipa::path(delete, path = "/api/auth/mfa/{id}", tag = "Identity", params(("id" = Uuid, Path)), responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
        (status = 403, description = "`step_up_required`"),
        (status = 404, description = "`unknown_factor`"),
    ))]
pub async fn remove_factor(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    state.toolkit.identity.remove_factor(&who, FactorId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn codes_shown(recovery_codes: Option<Vec<String>>) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], Json(CodesBody { recovery_codes })).into_response()
}

fn body(factor: &Factor) -> FactorBody {
    FactorBody {
        id: factor.id.0,
        kind: factor.kind.name().to_owned(),
        name: factor.name.to_string(),
        confirmed: factor.confirmed,
        added_at: factor.added_at.rfc3339(),
        used_at: factor.used_at.map(Timestamp::rfc3339),
    }
}
