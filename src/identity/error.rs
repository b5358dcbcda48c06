//! Why a caller is refused: a sentence for each reason.
//!
//! Code, status and response (problem+json) are in `http::auth`; no error here reveals whether an account exists.

use std::sync::Arc;

use super::permission::Permission;

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
    #[error("this needs the permission {permission}")]
    Forbidden { permission: Permission, by: Arc<str> },
    #[error("too many failed attempts, try again in {} s", .retry_after_ms.div_ceil(1000))]
    TooManyAttempts { retry_after_ms: u64 },
    /// More log-ins at once than there are places to wait for the password check.
    #[error("too many log-ins at once")]
    Busy { retry_after_ms: u64 },
    #[error("accounts cannot be read now")]
    Unavailable { retry_after_ms: u64 },
    /// A fault of the server; the log has the details.
    #[error("the request could not be authenticated because of an internal error")]
    Internal,
}
