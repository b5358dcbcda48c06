//! An account's factors beside the password: authenticator apps, passkeys, recovery codes, and the log-ins that wait for
//! one.
//!
//! The secret of an app is not kept: every node derives it from the shop's signing secret and the factor's id. A node
//! finds the time step that a code is of, and the account, which alone knows what was used before, takes each step once.
//! Of recovery codes it keeps keyed digests. A log-in whose password was right waits here: for minutes, and for a few
//! tries.
//!
//! Of a passkey the account keeps the public key. A node verifies the signature; the account takes each question once,
//! and no counter that does not rise.

mod decide;
mod passkey;
mod protocol;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::{
    passkey::{CosePublicKey, CredentialId, Passkey, PasskeyUse},
    protocol::{FactorCommand, FactorEvent, FactorRejection, Proof},
};
use super::Account;
use crate::domain::{
    ids::{FactorId, SessionId},
    states::states,
    time::Timestamp,
};

states! {
    FactorKind {
        /// An authenticator app (RFC 6238).
        Totp = "totp",
        /// A key pair of an authenticator (WebAuthn).
        Passkey = "passkey",
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Factors {
    list: Arc<Vec<Factor>>,
    codes: Vec<CodeDigest>,
    waiting: Vec<Waiting>,
    /// When the newest question that made a passkey was asked; none up to it makes another.
    #[serde(default)]
    passkey_asked: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    pub id: FactorId,
    pub kind: FactorKind,
    /// As its owner calls it.
    #[serde(with = "crate::domain::personal::text")]
    pub name: Arc<str>,
    pub added_at: Timestamp,
    /// Its owner has shown that it works: before, it counts for nothing.
    pub confirmed: bool,
    pub used_at: Option<Timestamp>,
    /// The newest time step that was used, or of a passkey the millisecond of the newest question that was answered; none
    /// up to it is taken again.
    pub step: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passkey: Option<Box<Passkey>>,
}

/// A keyed digest of a recovery code: nobody without the shop's signing secret can try codes against it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CodeDigest(pub String);

/// A log-in that waits for a second factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// The session that it will open.
    pub session: SessionId,
    pub until: Timestamp,
    pub tries: u8,
}

/// What the shop may know of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FactorsView {
    pub list: Arc<Vec<Factor>>,
    /// Recovery codes that are not used.
    pub codes_left: usize,
    pub waiting: Vec<Waiting>,
}

impl FactorsView {
    /// Whether a log-in needs one.
    pub fn any(&self) -> bool {
        self.confirmed().next().is_some()
    }

    pub fn confirmed(&self) -> impl Iterator<Item = &Factor> {
        self.list.iter().filter(|factor| factor.confirmed)
    }

    pub fn passkeys(&self) -> impl Iterator<Item = (&Factor, &Passkey)> {
        self.confirmed().filter_map(|factor| Some((factor, factor.passkey.as_deref()?)))
    }

    /// Tries that a waiting log-in has left; `None`: nothing waits.
    pub fn tries_left(&self, session: SessionId) -> Option<u8> {
        self.waiting.iter().find(|waiting| waiting.session == session).map(|waiting| waiting.tries)
    }
}

impl Account {
    /// Confirmed authenticator apps.
    pub const FACTORS_MAX: usize = 5;
    pub const PASSKEYS_MAX: usize = 10;
    /// Log-ins that wait at once; a further one displaces the oldest.
    pub const WAITING_MAX: usize = 5;
    /// Codes that one log-in may try; then it begins anew.
    pub const TRIES: u8 = 5;
    /// How long a log-in waits for its second factor.
    pub const SECOND_STEP_MS: i64 = 5 * 60_000;
}

impl Factors {
    pub fn view(&self) -> FactorsView {
        FactorsView { list: self.list.clone(), codes_left: self.codes.len(), waiting: self.waiting.clone() }
    }

    pub fn any(&self) -> bool {
        self.list.iter().any(|factor| factor.confirmed)
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// What was proven before a change of the password is proven no longer.
    pub fn forget_waiting(&mut self) {
        self.waiting.clear();
    }

    pub fn apply(&mut self, event: &FactorEvent) {
        match event {
            FactorEvent::Enrolled { id, kind, name, at } => self.enrol(*id, *kind, name, *at),
            FactorEvent::Confirmed { id, step, at } => self.change(*id, |factor| {
                (factor.confirmed, factor.step, factor.used_at) = (true, *step, Some(*at));
            }),
            FactorEvent::CodesMade { codes, .. } => self.codes.clone_from(codes),
            FactorEvent::Removed { id, .. } => self.remove(*id),
            FactorEvent::Cleared { .. } => *self = Self::default(),
            FactorEvent::Asked { session, until } => self.wait(*session, *until),
            FactorEvent::Failed { session } => self.fail(*session),
            FactorEvent::TotpUsed { id, step, at } => {
                self.change(*id, |factor| (factor.step, factor.used_at) = (*step, Some(*at)));
            }
            FactorEvent::PasskeyAdded { id, name, passkey, asked, at } => {
                self.passkey_asked = *asked;
                self.add_passkey(*id, name, passkey, *at);
            }
            FactorEvent::PasskeyUsed { id, used, at } => self.change(*id, |factor| {
                (factor.step, factor.used_at) = (used.asked, Some(*at));
                if let Some(passkey) = &mut factor.passkey {
                    passkey.counter = used.counter;
                }
            }),
            FactorEvent::CodeUsed { code, .. } => self.codes.retain(|known| known != code),
            FactorEvent::Passed { session } => self.waiting.retain(|waiting| waiting.session != *session),
        }
    }

    /// One that was never confirmed makes room.
    fn enrol(&mut self, id: FactorId, kind: FactorKind, name: &str, at: Timestamp) {
        let list = Arc::make_mut(&mut self.list);
        list.retain(|factor| factor.confirmed);
        list.push(Factor {
            id,
            kind,
            name: name.into(),
            added_at: at,
            confirmed: false,
            used_at: None,
            step: 0,
            passkey: None,
        });
    }

    fn add_passkey(&mut self, id: FactorId, name: &str, passkey: &Passkey, at: Timestamp) {
        let (kind, passkey) = (FactorKind::Passkey, Some(Box::new(passkey.clone())));
        let made =
            Factor { id, kind, name: name.into(), added_at: at, confirmed: true, used_at: None, step: 0, passkey };
        Arc::make_mut(&mut self.list).push(made);
    }

    fn change(&mut self, id: FactorId, change: impl FnOnce(&mut Factor)) {
        if let Some(factor) = Arc::make_mut(&mut self.list).iter_mut().find(|factor| factor.id == id) {
            change(factor);
        }
    }

    /// Without a factor there is nothing that codes could stand in for.
    fn remove(&mut self, id: FactorId) {
        Arc::make_mut(&mut self.list).retain(|factor| factor.id != id);
        if !self.any() {
            self.codes.clear();
            self.waiting.clear();
        }
    }

    fn wait(&mut self, session: SessionId, until: Timestamp) {
        if self.waiting.len() >= Account::WAITING_MAX {
            self.waiting.remove(0);
        }
        self.waiting.push(Waiting { session, until, tries: Account::TRIES });
    }

    fn fail(&mut self, session: SessionId) {
        if let Some(waiting) = self.waiting.iter_mut().find(|waiting| waiting.session == session) {
            waiting.tries = waiting.tries.saturating_sub(1);
        }
        self.waiting.retain(|waiting| waiting.tries > 0);
    }
}
