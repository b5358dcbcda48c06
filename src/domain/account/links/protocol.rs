//! What an account is asked about its links, what happens to them, and what it refuses.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::{
    account::NewToken,
    identity_link::Subject,
    ids::{SessionId, TokenId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkCommand {
    /// Its owner is signed in and wants it.
    Begin {
        subject: Subject,
    },
    /// Somebody wants it whom a provider calls the address's owner: the account's owner is asked by a mail.
    Ask {
        subject: Subject,
        token: NewToken,
    },
    /// By that mail's link.
    Confirm {
        token: TokenId,
    },
    Remove {
        provider: Arc<str>,
    },
    /// A provider vouches for this person: opens the session, or lets it wait for a second factor.
    Enter {
        subject: Subject,
        session: SessionId,
    },
    Claimed {
        claim: u32,
    },
    Refused {
        claim: u32,
    },
    Released {
        claim: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkEvent {
    Begun { subject: Subject, claim: u32, at: Timestamp },
    Claimed { claim: u32 },
    Refused { claim: u32 },
    Removed { claim: u32, at: Timestamp },
    Released { claim: u32 },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkRejection {
    #[error("the account is linked with somebody at this provider")]
    Linked,
    #[error("the account has no such link")]
    Unknown,
    #[error("an account has at most {max} links")]
    TooMany { max: usize },
    #[error("a link is being made")]
    UnderWay,
}
