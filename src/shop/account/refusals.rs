//! Each refusal of the domain and of identity, and the problem it becomes: exhaustive tables.
//!
//! A new refusal stops the build here until it has a code.

use crate::{
    domain::{
        account::{AccountRejection, LinkRejection},
        session::SessionRejection,
    },
    http::{Code, Problem},
    identity::{AccountError, AccountsFault, AuthError, PASSWORD_LEN_MIN, TokenFault, Weakness},
};

impl From<AccountRejection> for Problem {
    fn from(refusal: AccountRejection) -> Self {
        let detail = refusal.to_string();
        match refusal {
            AccountRejection::AlreadyRegistered => AccountError::Exists.into(),
            // Never "no such account": this would reveal registered e-mails.
            AccountRejection::NotRegistered | AccountRejection::WrongPassword => AuthError::InvalidCredentials.into(),
            AccountRejection::Disabled => AuthError::Disabled.into(),
            AccountRejection::BadToken => AccountError::BadLink.into(),
            AccountRejection::AlreadyVerified => AccountError::AlreadyVerified.into(),
            AccountRejection::EmailChanging => AccountError::EmailChanging.into(),
            AccountRejection::TooManyAddresses { max } => {
                Problem::new(Code::TOO_MANY_ADDRESSES, detail).with("max", max)
            }
            AccountRejection::Superadmin => Problem::new(Code::STILL_SUPERADMIN, detail),
            AccountRejection::Factors(refusal) => AccountError::from(AccountsFault::Refused(refusal.into())).into(),
            AccountRejection::Links(refusal) => refusal.into(),
            AccountRejection::BadRoles { max } => Problem::field("roles", detail).with("max", max),
        }
    }
}

impl From<SessionRejection> for Problem {
    fn from(refusal: SessionRejection) -> Self {
        match refusal {
            SessionRejection::Ended => AuthError::InvalidToken(TokenFault::Ended).into(),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let detail = error.to_string();
        match error {
            AccountError::Auth(error) => error.into(),
            AccountError::Exists => Problem::new(Code::ACCOUNT_EXISTS, detail),
            AccountError::Weak(weakness) => Problem::new(Code::PASSWORD_TOO_WEAK, detail)
                .with("reason", reason(weakness))
                .with("min", PASSWORD_LEN_MIN),
            AccountError::BadLink => Problem::new(Code::BAD_LINK, detail).alarm(),
            AccountError::AlreadyVerified => Problem::new(Code::EMAIL_VERIFIED, detail),
            AccountError::EmailChanging => Problem::new(Code::EMAIL_CHANGING, detail),
            AccountError::UnknownKey => Problem::new(Code::UNKNOWN_API_KEY, detail),
            AccountError::TooManyKeys { max } => Problem::new(Code::TOO_MANY_API_KEYS, detail).with("max", max),
            AccountError::Key(refusal) => refusal.into(),
            AccountError::UnknownFactor => Problem::new(Code::UNKNOWN_FACTOR, detail),
            AccountError::NoFactor => Problem::new(Code::NO_FACTOR, detail),
            AccountError::TooManyFactors { max } => Problem::new(Code::TOO_MANY_FACTORS, detail).with("max", max),
            AccountError::Link(refusal) => refusal.into(),
            AccountError::LinkTaken => Problem::new(Code::LINK_TAKEN, detail),
            AccountError::Unverified => Problem::new(Code::SSO_UNVERIFIED, detail),
            AccountError::OwnerAsked => Problem::new(Code::OWNER_ASKED, detail),
            AccountError::NotBegun => Problem::new(Code::SSO_NOT_BEGUN, detail).alarm(),
            AccountError::PasskeyNotTaken => Problem::new(Code::PASSKEY_NOT_TAKEN, detail).alarm(),
            AccountError::PasskeyKnown => Problem::new(Code::PASSKEY_KNOWN, detail),
            AccountError::EmailTaken => Problem::new(Code::EMAIL_TAKEN, detail),
        }
    }
}

impl From<LinkRejection> for Problem {
    fn from(refusal: LinkRejection) -> Self {
        let detail = refusal.to_string();
        match refusal {
            LinkRejection::Linked => Problem::new(Code::LINK_EXISTS, detail),
            LinkRejection::Unknown => Problem::new(Code::UNKNOWN_LINK, detail),
            LinkRejection::TooMany { max } => Problem::new(Code::TOO_MANY_LINKS, detail).with("max", max),
            LinkRejection::UnderWay => Problem::new(Code::LINK_UNDER_WAY, detail),
        }
    }
}

fn reason(weakness: Weakness) -> &'static str {
    match weakness {
        Weakness::TooShort => "too_short",
        Weakness::TooLong => "too_long",
        Weakness::Common => "common",
        Weakness::Guessable => "guessable",
    }
}
