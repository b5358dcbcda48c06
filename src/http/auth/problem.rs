//! Each `AuthError` and the problem it becomes.

use axum::response::{IntoResponse, Response};

use crate::{
    http::{Code, Problem},
    identity::{AuthError, TokenFault},
};

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        use AuthError as E;
        let detail = error.to_string();
        let problem = |code| Problem::new(code, detail);
        match error {
            E::Unauthenticated => problem(Code::UNAUTHENTICATED),
            // A token ends in every browser that stays open; one that we never wrote is an attempt.
            E::InvalidToken(
                TokenFault::Expired | TokenFault::NotBearer | TokenFault::NoRefreshToken | TokenFault::Ended,
            ) => problem(Code::INVALID_TOKEN),
            E::InvalidToken(TokenFault::Forged) => problem(Code::INVALID_TOKEN).alarm(),
            E::Disabled => problem(Code::ACCOUNT_DISABLED).alarm(),
            E::RefreshReused { by } => problem(Code::REFRESH_REUSED).alarm().about(|| by),
            E::InvalidCredentials => problem(Code::INVALID_CREDENTIALS).alarm(),
            E::NeedsSession { by } => problem(Code::SESSION_REQUIRED).alarm().about(|| by),
            E::Forbidden { permission, by } => {
                problem(Code::FORBIDDEN).with("permission", permission.name()).alarm().about(|| by)
            }
            E::SecondFactorRequired { by } => problem(Code::SECOND_FACTOR_REQUIRED).alarm().about(|| by),
            E::StepUpRequired { by_code, .. } => {
                problem(Code::STEP_UP_REQUIRED).with("by", if by_code { "code" } else { "password" })
            }
            E::WrongCode { tries_left: None } => problem(Code::WRONG_CODE).alarm(),
            E::WrongCode { tries_left: Some(left) } => problem(Code::WRONG_CODE).with("tries_left", left).alarm(),
            E::PasskeyRefused => problem(Code::PASSKEY_REFUSED).alarm(),
            E::PasskeysOff => problem(Code::PASSKEYS_OFF),
            E::LogInAgain => problem(Code::LOG_IN_AGAIN),
            E::TooManyAttempts { retry_after_ms } => {
                problem(Code::TOO_MANY_ATTEMPTS).alarm().retry_after(retry_after_ms)
            }
            E::Busy { retry_after_ms } => problem(Code::BUSY).retry_after(retry_after_ms),
            E::Unavailable { retry_after_ms } => problem(Code::UNAVAILABLE).retry_after(retry_after_ms),
            E::Internal => problem(Code::INTERNAL),
        }
    }
}

impl IntoResponse for AuthError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}
