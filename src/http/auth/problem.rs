//! Each `AuthError` and the problem it becomes.

use axum::response::{IntoResponse, Response};

use crate::{
    http::{Code, Problem},
    identity::AuthError,
};

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        use AuthError as E;
        let detail = error.to_string();
        let problem = |code| Problem::new(code, detail);
        match error {
            E::Unauthenticated => problem(Code::UNAUTHENTICATED),
            E::InvalidToken(_) => problem(Code::INVALID_TOKEN),
            E::InvalidCredentials => problem(Code::INVALID_CREDENTIALS),
            E::Forbidden { .. } => problem(Code::FORBIDDEN),
            E::ForeignOrigin => problem(Code::FOREIGN_ORIGIN),
            E::TooManyAttempts { retry_after_ms } => problem(Code::TOO_MANY_ATTEMPTS).retry_after(retry_after_ms),
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
