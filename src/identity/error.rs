//! Why a caller is not let in: stable code, HTTP status and a sentence for each.
//!
//! The answer itself (problem+json) is made in `http::auth`; nothing here tells whether an account exists.

use crate::domain::account::Role;

use super::principal::role_name;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    #[error("the Authorization header is not a bearer token")]
    NotBearer,
    #[error("the token is not one of ours")]
    Forged,
    #[error("the token has expired")]
    Expired,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    #[error("this needs a bearer token")]
    Unauthenticated,
    #[error("{0}")]
    InvalidToken(TokenFault),
    /// Unknown e-mail and wrong password alike.
    #[error("e-mail or password is wrong")]
    InvalidCredentials,
    #[error("this needs an operator's account, and yours is a {}'s", role_name(*.role))]
    Forbidden { role: Role },
    #[error("the request comes from another site")]
    ForeignOrigin,
    #[error("too many failed attempts, try again in {} s", .retry_after_ms.div_ceil(1000))]
    TooManyAttempts { retry_after_ms: u64 },
    /// More log-ins at once than there are places to wait for the password check.
    #[error("too many log-ins at once")]
    Busy { retry_after_ms: u64 },
    #[error("accounts cannot be read now")]
    Unavailable { retry_after_ms: u64 },
    #[error("{detail}")]
    BadRequest { status: u16, detail: String },
    /// A fault of ours; what exactly is in the log.
    #[error("the request could not be authenticated because of an internal error")]
    Internal,
}

impl AuthError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "unauthenticated",
            Self::InvalidToken(_) => "invalid_token",
            Self::InvalidCredentials => "invalid_credentials",
            Self::Forbidden { .. } => "forbidden",
            Self::ForeignOrigin => "foreign_origin",
            Self::TooManyAttempts { .. } => "too_many_attempts",
            Self::Busy { .. } => "busy",
            Self::Unavailable { .. } => "unavailable",
            Self::BadRequest { .. } => "bad_request",
            Self::Internal => "internal",
        }
    }

    pub fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated | Self::InvalidToken(_) | Self::InvalidCredentials => 401,
            Self::Forbidden { .. } | Self::ForeignOrigin => 403,
            Self::TooManyAttempts { .. } => 429,
            Self::Busy { .. } | Self::Unavailable { .. } => 503,
            Self::BadRequest { status, .. } => *status,
            Self::Internal => 500,
        }
    }

    pub fn title(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "Log in first",
            Self::InvalidToken(_) => "The access token is not valid",
            Self::InvalidCredentials => "The log-in failed",
            Self::Forbidden { .. } => "Not allowed",
            Self::ForeignOrigin => "Refused: another site sent this request",
            Self::TooManyAttempts { .. } => "Too many attempts",
            Self::Busy { .. } => "Busy",
            Self::Unavailable { .. } => "Not available now",
            Self::BadRequest { .. } => "The request is malformed",
            Self::Internal => "Internal error",
        }
    }

    pub fn detail(&self) -> String {
        self.to_string()
    }

    /// Whole seconds, at least one.
    pub fn retry_after_s(&self) -> Option<u64> {
        match self {
            Self::TooManyAttempts { retry_after_ms }
            | Self::Busy { retry_after_ms }
            | Self::Unavailable { retry_after_ms } => Some(retry_after_ms.div_ceil(1000).max(1)),
            Self::Unauthenticated
            | Self::InvalidToken(_)
            | Self::InvalidCredentials
            | Self::Forbidden { .. }
            | Self::ForeignOrigin
            | Self::BadRequest { .. }
            | Self::Internal => None,
        }
    }
}
