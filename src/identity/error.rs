//! Why a caller is refused: a sentence for each reason.
//!
//! Code, status and response (problem+json) are in `http::auth`; no error here reveals whether an account exists.

use std::sync::Arc;

use super::{AccountsFault, PasswordFault, Weakness, permission::Permission};
use crate::domain::{
    account::{AccountRejection, FactorRejection, LinkRejection},
    api_key::ApiKeyRejection,
};

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    #[error("the Authorization header is not a bearer token")]
    NotBearer,
    #[error("the token is not one of ours")]
    Forged,
    #[error("the token has expired")]
    Expired,
    #[error("there is no refresh token")]
    NoRefreshToken,
    /// Logged out, revoked, disabled.
    #[error("the session has ended")]
    Ended,
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
    /// Only told to who has proven to be its owner.
    #[error("the account is disabled")]
    Disabled,
    /// A refresh token that was replaced: it, or the one after it, was stolen.
    #[error("the refresh token was used before; its session is ended")]
    RefreshReused { by: Arc<str> },
    /// A program's key, where a person is asked for.
    #[error("this needs a session: an API key cannot do it")]
    NeedsSession { by: Arc<str> },
    #[error("this needs the permission {permission}")]
    Forbidden { permission: Permission, by: Arc<str> },
    /// It has an account's role whose permissions need a second factor.
    #[error("this needs a session with a second factor")]
    SecondFactorRequired { by: Arc<str> },
    /// It is long ago that the caller proved who they are.
    #[error("this needs a fresh proof of who you are")]
    StepUpRequired { by: Arc<str>, by_code: bool },
    /// Of an authenticator app, or for recovery.
    #[error("the code is wrong, too old or used")]
    WrongCode { tries_left: Option<u8> },
    /// Unknown passkeys and answers that are not true alike.
    #[error("the passkey is not known, or its answer is not one to this question")]
    PasskeyRefused,
    /// The shop has no domain that passkeys could belong to.
    #[error("the shop has no passkeys: its address is not one that browsers give them to")]
    PasskeysOff,
    #[error("the log-in waited too long, or tried too many codes")]
    LogInAgain,
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

/// Why an account is not made or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error("there is an account with this e-mail")]
    Exists,
    #[error(transparent)]
    Weak(Weakness),
    #[error("the link is unknown, used or too old")]
    BadLink,
    #[error("the e-mail is verified already")]
    AlreadyVerified,
    #[error("a change of the e-mail is under way")]
    EmailChanging,
    #[error("another account has this e-mail")]
    EmailTaken,
    #[error("the account has no such key")]
    UnknownKey,
    #[error("an account has at most {max} keys")]
    TooManyKeys { max: u8 },
    #[error(transparent)]
    Key(ApiKeyRejection),
    #[error("there is no such second factor")]
    UnknownFactor,
    #[error("an account has at most {max} factors of a kind")]
    TooManyFactors { max: usize },
    #[error("the account has no second factor")]
    NoFactor,
    #[error(transparent)]
    Link(LinkRejection),
    #[error("another account is linked with them")]
    LinkTaken,
    /// Nobody vouches that the address is theirs.
    #[error("the provider does not say that the e-mail is verified")]
    Unverified,
    #[error("an account has this e-mail; its owner has a mail that asks whether this is them")]
    OwnerAsked,
    #[error("this was not begun here, or too long ago")]
    NotBegun,
    #[error("the passkey is not taken: it answers no question of this session, or is of a kind that is not known")]
    PasskeyNotTaken,
    #[error("the account has this passkey already")]
    PasskeyKnown,
}

impl AccountError {
    pub(super) fn too_many(retry_after_ms: u64) -> Self {
        AuthError::TooManyAttempts { retry_after_ms }.into()
    }
}

impl From<AccountsFault> for AccountError {
    fn from(fault: AccountsFault) -> Self {
        match fault {
            AccountsFault::Refused(AccountRejection::AlreadyRegistered) => Self::Exists,
            AccountsFault::Refused(AccountRejection::BadToken) => Self::BadLink,
            AccountsFault::Refused(AccountRejection::AlreadyVerified) => Self::AlreadyVerified,
            AccountsFault::Refused(AccountRejection::EmailChanging) => Self::EmailChanging,
            AccountsFault::KeyRefused(ApiKeyRejection::Unknown) => Self::UnknownKey,
            AccountsFault::KeyRefused(refusal) => Self::Key(refusal),
            AccountsFault::Refused(AccountRejection::Factors(FactorRejection::Unknown)) => Self::UnknownFactor,
            AccountsFault::Refused(AccountRejection::Factors(FactorRejection::None)) => Self::NoFactor,
            AccountsFault::Refused(AccountRejection::Factors(FactorRejection::TooMany { max })) => {
                Self::TooManyFactors { max }
            }
            AccountsFault::Refused(AccountRejection::Links(refusal)) => Self::Link(refusal),
            AccountsFault::Refused(AccountRejection::Factors(FactorRejection::Known)) => Self::PasskeyKnown,
            AccountsFault::Refused(AccountRejection::Factors(FactorRejection::AnsweredBefore)) => Self::PasskeyNotTaken,
            other => Self::Auth(other.into()),
        }
    }
}

impl From<PasswordFault> for AccountError {
    fn from(fault: PasswordFault) -> Self {
        Self::Auth(fault.into())
    }
}
