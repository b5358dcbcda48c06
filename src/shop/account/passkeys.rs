//! Passkeys over HTTP: one is made, and one is a whole log-in. As a second step and for step-up it is shown where codes
//! are ([`second_step`](super::second_step)); it is listed and removed as every factor is.

pub mod wire;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use self::wire::{AssertionBody, CreationBody, QuestionBody, RegistrationBody};
use super::{
    client::Asker,
    wire::{Handed, SessionAnswer, opened},
};
use crate::{
    config::Secret,
    http::{
        Body, Problem,
        auth::{Public, SignedIn},
    },
    identity::AccountError,
    shop::{AppState, checkout::address::line},
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPasskey)]
pub struct NewPasskeyBody {
    /// Of the question.
    pub token: String,
    pub credential: RegistrationBody,
    /// How the list calls it.
    #[serde(default)]
    #[schema(max_length = 120, example = "My laptop")]
    pub name: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = MadePasskey)]
pub struct MadePasskeyBody {
    pub id: Uuid,
    /// Each is good for one use in place of the passkey; shown once. Absent where the account has some already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_codes: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasskeyLoginStart)]
pub struct StartBody {
    /// Of a log-in that waits for its second step. Absent: the passkey is the whole log-in.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub mfa_token: Option<Secret>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasskeyLogin)]
pub struct FinishBody {
    /// Of the question.
    #[schema(value_type = String)]
    pub token: Secret,
    pub credential: AssertionBody,
    /// For pages: the tokens come as cookies that no script can read, and not in the body.
    #[serde(default)]
    pub cookies: bool,
}

/// Begin to make a passkey
///
/// `public_key` is for the browser's `PublicKeyCredential.parseCreationOptionsFromJSON`. Nothing is kept: the token is
/// good for five minutes, for this session, and for one passkey.
#[utoipa::path(post, path = "/api/auth/passkeys/register/start", tag = "Identity", responses(
    (status = 200, description = "What the browser asks its authenticator", body = CreationBody),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
    (status = 403, description = "`step_up_required`"),
    (status = 409, description = "`passkeys_off`"),
))]
pub async fn start_passkey(State(state): State<AppState>, SignedIn(who): SignedIn) -> Result<Response, Problem> {
    let identity = &state.toolkit.identity;
    let asked = identity.ask_new_passkey(&who).await?;
    Ok(shown(StatusCode::OK, CreationBody::new(asked, &identity.settings().issuer)))
}

/// Keep a new passkey
///
/// With the first factor the account gets recovery codes, its other sessions end, and every log-in by password has a
/// second step. An account has ten passkeys at most.
#[utoipa::path(post, path = "/api/auth/passkeys/register/finish", tag = "Identity", request_body = NewPasskeyBody,
    responses(
        (status = 201, description = "It can be used from now on", body = MadePasskeyBody),
        (status = 401, description = "`unauthenticated`, `invalid_token`"),
        (status = 409, description = "`too_many_factors`: `max`; `passkey_known`, `passkeys_off`"),
        (status = 422, description = "`passkey_not_taken`, `invalid_field`"),
    ))]
pub async fn add_passkey(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Body(NewPasskeyBody { token, credential, name }): Body<NewPasskeyBody>,
) -> Result<Response, Problem> {
    let name = line("name", name.unwrap_or_else(|| "Passkey".to_owned()))?;
    let answer = credential.parsed().ok_or(AccountError::PasskeyNotTaken);
    let identity = &state.toolkit.identity;
    let added = match answer {
        Ok(answer) => identity.add_passkey(&who, &token, &answer, name).await,
        Err(refused) => Err(refused),
    };
    let (id, recovery_codes) = added.map_err(|refused| Problem::from(refused).about(|| who.by.clone()))?;
    Ok(shown(StatusCode::CREATED, MadePasskeyBody { id: id.0, recovery_codes }))
}

/// Begin a log-in by passkey
///
/// `public_key` is for the browser's `PublicKeyCredential.parseRequestOptionsFromJSON`. Without an `mfa_token` nobody is
/// named: the authenticator knows whose passkeys it has.
#[utoipa::path(post, path = "/api/auth/passkeys/login/start", tag = "Identity", request_body = StartBody, responses(
    (status = 200, description = "What the browser asks its authenticator", body = QuestionBody),
    (status = 401, description = "`log_in_again`"),
    (status = 409, description = "`passkeys_off`"),
    (status = 503, description = "`unavailable`, with Retry-After"),
))]
pub async fn start_login(
    _: Public,
    State(state): State<AppState>,
    Body(StartBody { mfa_token }): Body<StartBody>,
) -> Result<Response, Problem> {
    let waits = mfa_token.as_ref().map(Secret::expose);
    let asked = state.toolkit.identity.ask_passkey(waits).await?;
    Ok(shown(StatusCode::OK, QuestionBody::new(asked, waits.is_none())))
}

/// Log in by passkey, without a password
///
/// The authenticator has recognised its owner (PIN, finger, face), so that there is no second step. A guest's cart goes
/// into the account's, as at every log-in.
#[utoipa::path(post, path = "/api/auth/passkeys/login/finish", tag = "Identity", request_body = FinishBody, responses(
    (status = 200, description = "A session", body = SessionAnswer),
    (status = 401, description = "`passkey_refused`"),
    (status = 403, description = "`account_disabled`"),
    (status = 409, description = "`passkeys_off`"),
    (status = 429, description = "`too_many_attempts`, with Retry-After"),
    (status = 503, description = "`unavailable`, with Retry-After"),
))]
pub async fn finish_login(
    _: Public,
    State(state): State<AppState>,
    headers: HeaderMap,
    asker: Asker,
    Body(body): Body<FinishBody>,
) -> Result<Response, Problem> {
    let identity = &state.toolkit.identity;
    let granted = identity.enter_by_passkey(body.token.expose(), &body.credential.parsed(), &asker.client).await?;
    let handed = Handed::new(body.cookies, identity, &headers, asker.https);
    Ok(opened(&state, &headers, StatusCode::OK, &granted, handed).await?)
}

/// Begin to prove anew who you are by a passkey
///
/// The answer goes to `POST /api/auth/step-up`.
#[utoipa::path(post, path = "/api/auth/passkeys/step-up/start", tag = "Identity", responses(
    (status = 200, description = "What the browser asks its authenticator", body = QuestionBody),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
    (status = 409, description = "`passkeys_off`"),
    (status = 503, description = "`unavailable`, with Retry-After"),
))]
pub async fn start_step_up(State(state): State<AppState>, SignedIn(who): SignedIn) -> Result<Response, Problem> {
    let asked = state.toolkit.identity.ask_step_up(&who).await?;
    Ok(shown(StatusCode::OK, QuestionBody::new(asked, false)))
}

fn shown(status: StatusCode, body: impl Serialize) -> Response {
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
