//! The second step of a log-in, and step-up: a fresh proof for what is dangerous.

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
    passkeys::wire::AssertionBody,
    wire::{self, Handed, SessionAnswer},
};
use crate::{
    config::Secret,
    http::{
        Body, Problem,
        auth::{Public, SignedIn},
    },
    identity::{Shown, Waits},
    shop::AppState,
};

/// What a log-in answers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum LoginAnswer {
    SecondFactor(SecondFactorAnswer),
    Session(SessionAnswer),
}

/// The password was right, and the account has a second factor.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SecondFactorAnswer {
    /// Always true.
    pub mfa_required: bool,
    /// For the second step: for five minutes and five tries.
    pub mfa_token: String,
    /// What the account's owner can show.
    #[schema(example = json!(["totp", "recovery_code"]))]
    pub methods: Vec<String>,
    /// Seconds that the token is good for.
    pub expires_in: u32,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SecondStep)]
pub struct SecondStepBody {
    #[schema(value_type = String)]
    pub mfa_token: Secret,
    /// Six digits of an authenticator app.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "287082")]
    pub code: Option<Secret>,
    /// Instead of a code; good for one use.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub recovery_code: Option<Secret>,
    /// Instead of a code.
    #[serde(default)]
    pub passkey: Option<PasskeyProof>,
    /// For pages: the tokens come as cookies that no script can read, and not in the body.
    #[serde(default)]
    pub cookies: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StepUp)]
pub struct StepUpBody {
    /// Of an account without a second factor.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Password, max_length = 1024)]
    pub password: Option<Secret>,
    /// Six digits of an authenticator app.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub code: Option<Secret>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub recovery_code: Option<Secret>,
    #[serde(default)]
    pub passkey: Option<PasskeyProof>,
}

/// A passkey's answer, with the token of its question.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeyProof {
    #[schema(value_type = String)]
    pub token: Secret,
    pub credential: AssertionBody,
}

/// The second step of a log-in
///
/// Takes a code of an authenticator app, a recovery code, or a passkey's answer to a question of
/// `POST /api/auth/passkeys/login/start`, each once. After five wrong ones, or five minutes, the log-in begins anew.
/// A guest's cart goes into the account's, as at every log-in.
#[utoipa::path(post, path = "/api/auth/mfa/verify", tag = "Identity", request_body = SecondStepBody, responses(
    (status = 200, description = "A session", body = SessionAnswer),
    (status = 401, description = "`wrong_code` with `tries_left`, `log_in_again`"),
    (status = 403, description = "`account_disabled`"),
    (status = 422, description = "`invalid_field`"),
    (status = 429, description = "`too_many_attempts`, with Retry-After"),
    (status = 503, description = "`unavailable`, with Retry-After"),
))]
pub async fn verify_second_factor(
    _: Public,
    State(state): State<AppState>,
    headers: HeaderMap,
    asker: Asker,
    Body(body): Body<SecondStepBody>,
) -> Result<Response, Problem> {
    let identity = &state.toolkit.identity;
    let shown = one_of(None, body.code, body.recovery_code, body.passkey)?;
    let granted = identity.pass_second_factor(body.mfa_token.expose(), &shown, &asker.client).await?;
    let handed = Handed::new(body.cookies, identity, &headers, asker.https);
    Ok(wire::opened(&state, &headers, StatusCode::OK, &granted, handed).await?)
}

/// Prove anew who you are, for what is dangerous
///
/// By a code of an authenticator app, a recovery code or a passkey where the account has a second factor, else by the password.
/// What answered `step_up_required` is then done for `identity.step_up_minutes`.
#[utoipa::path(post, path = "/api/auth/step-up", tag = "Identity", request_body = StepUpBody, responses(
    (status = 204, description = "Proven"),
    (status = 401, description = "`unauthenticated`, `invalid_token`, `invalid_credentials`, `wrong_code`"),
    (status = 403, description = "`second_factor_required`: a password is not enough for this account"),
    (status = 422, description = "`invalid_field`"),
    (status = 429, description = "`too_many_attempts`, with Retry-After"),
    (status = 503, description = "`busy`, `unavailable`, with Retry-After"),
))]
pub async fn step_up(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    asker: Asker,
    Body(body): Body<StepUpBody>,
) -> Result<StatusCode, Problem> {
    let shown = one_of(body.password, body.code, body.recovery_code, body.passkey)?;
    let proven = state.toolkit.identity.step_up(&who, &shown, &asker.client).await;
    proven.map_err(|refused| Problem::from(refused).about(|| who.by.clone()))?;
    Ok(StatusCode::NO_CONTENT)
}

/// The log-in's answer where it waits.
pub fn asked(Waits { token, methods, expires_in }: Waits) -> Response {
    let methods = methods.into_iter().map(|method| method.name().to_owned()).collect();
    let body = SecondFactorAnswer { mfa_required: true, mfa_token: token, methods, expires_in };
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

fn one_of(
    password: Option<Secret>,
    code: Option<Secret>,
    recovery: Option<Secret>,
    passkey: Option<PasskeyProof>,
) -> Result<Shown, Problem> {
    match (password, code, recovery, passkey) {
        (Some(password), None, None, None) => Ok(Shown::Password(password)),
        (None, Some(code), None, None) => Ok(Shown::Code(code)),
        (None, None, Some(code), None) => Ok(Shown::RecoveryCode(code)),
        (None, None, None, Some(PasskeyProof { token, credential })) => {
            Ok(Shown::Passkey { question: token, answer: Box::new(credential.parsed()) })
        }
        _ => Err(Problem::field("code", "exactly one proof is shown at a time")),
    }
}
