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
            E::Unauthenticated => problem(Code::Unauthenticated),
            E::InvalidToken(_) => problem(Code::InvalidToken),
            E::InvalidCredentials => problem(Code::InvalidCredentials),
            E::Forbidden { .. } => problem(Code::Forbidden),
            E::ForeignOrigin => problem(Code::ForeignOrigin),
            E::TooManyAttempts { retry_after_ms } => problem(Code::TooManyAttempts).retry_after(retry_after_ms),
            E::Busy { retry_after_ms } => problem(Code::Busy).retry_after(retry_after_ms),
            E::Unavailable { retry_after_ms } => problem(Code::Unavailable).retry_after(retry_after_ms),
            E::BadRequest { status: 413, .. } => problem(Code::BodyTooLarge),
            E::BadRequest { status: 415, .. } => problem(Code::UnsupportedMediaType),
            E::BadRequest { .. } => problem(Code::BadRequest),
            E::Internal => problem(Code::Internal),
        }
    }
}

impl IntoResponse for AuthError {
    fn into_response(self) -> Response {
        Problem::from(self).into_response()
    }
}
