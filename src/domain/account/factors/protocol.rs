//! What an account is asked about its second factors, what happens to them, and what it refuses.

use serde::{Deserialize, Serialize};

use super::{CodeDigest, FactorKind, Passkey, PasskeyUse};
use crate::domain::{
    ids::{FactorId, SessionId},
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorCommand {
    EnrolTotp {
        id: FactorId,
        name: String,
    },
    /// Its owner typed the code of this time step. `codes`: the recovery codes, where it is the first factor. Sessions
    /// that were opened without it end, except the one that asks.
    ConfirmTotp {
        id: FactorId,
        step: u64,
        codes: Vec<CodeDigest>,
        keep: Option<SessionId>,
    },
    /// The answer to a question of this millisecond. As with the confirmation of an app, the first factor brings recovery
    /// codes and ends the sessions of before.
    AddPasskey {
        id: FactorId,
        name: String,
        passkey: Box<Passkey>,
        asked: u64,
        codes: Vec<CodeDigest>,
        keep: Option<SessionId>,
    },
    /// A passkey as the first factor and the second one at once: opens the session.
    Enter {
        session: SessionId,
        id: FactorId,
        used: PasskeyUse,
    },
    Remove {
        id: FactorId,
    },
    MakeCodes {
        codes: Vec<CodeDigest>,
    },
    /// Ends the waiting of a log-in: its session opens, or a try is used up.
    Pass {
        session: SessionId,
        proof: Proof,
    },
    /// For a session that is open already.
    Prove {
        proof: Proof,
    },
}

/// What a person showed, as the node understood it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// A code of this app and time step.
    Totp {
        id: FactorId,
        step: u64,
    },
    RecoveryCode(CodeDigest),
    Passkey {
        id: FactorId,
        used: PasskeyUse,
    },
    /// Nothing that any factor would say now.
    Wrong,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorEvent {
    Enrolled {
        id: FactorId,
        kind: FactorKind,
        #[serde(with = "crate::domain::personal::text")]
        name: String,
        at: Timestamp,
    },
    Confirmed {
        id: FactorId,
        step: u64,
        at: Timestamp,
    },
    /// In place of all of before.
    CodesMade {
        codes: Vec<CodeDigest>,
        at: Timestamp,
    },
    Removed {
        id: FactorId,
        at: Timestamp,
    },
    /// All of them, by the owner of the shop's configuration.
    Cleared {
        at: Timestamp,
    },
    /// A log-in waits for a second factor.
    Asked {
        session: SessionId,
        until: Timestamp,
    },
    Failed {
        session: SessionId,
    },
    TotpUsed {
        id: FactorId,
        step: u64,
        at: Timestamp,
    },
    PasskeyAdded {
        id: FactorId,
        #[serde(with = "crate::domain::personal::text")]
        name: String,
        passkey: Box<Passkey>,
        asked: u64,
        at: Timestamp,
    },
    PasskeyUsed {
        id: FactorId,
        used: PasskeyUse,
        at: Timestamp,
    },
    CodeUsed {
        code: CodeDigest,
        at: Timestamp,
    },
    /// The log-in waits no longer.
    Passed {
        session: SessionId,
    },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorRejection {
    #[error("there is no such factor")]
    Unknown,
    #[error("an account has at most {max} factors of a kind")]
    TooMany { max: usize },
    #[error("the account has this passkey already")]
    Known,
    #[error("the question was answered before")]
    AnsweredBefore,
    #[error("the passkey's answer is not taken")]
    WrongPasskey,
    #[error("the account has no second factor")]
    None,
    #[error("the code is wrong, too old or used")]
    WrongCode,
    #[error("the log-in waited too long, or tried too many codes")]
    NotWaiting,
}
