//! A person's account, named by its user id: how they prove who they are, their roles, sessions, profile and addresses.
//!
//! Registration is a process: the account begins, claims its e-mail at the entity of that address ([`email`]), and is
//! registered once it has it, or given up where another account has. A change of the e-mail is the same process: the new
//! address is proven by a mail, claimed, taken, and the old one given back. Invariant: a registered account's address is
//! claimed by it, so no two accounts have one, whatever races.
//!
//! In `account/`: `protocol`, `decide`, `apply`, `effects`, `mails`, `password` (what is kept of one), `factors`, `links` (to
//! persons at OpenID providers), `shapes`, `old` (accounts as they were first kept).
//!
//! [`email`]: super::email

mod apply;
mod decide;
mod effects;
mod factors;
mod links;
mod mails;
mod old;
mod password;
mod protocol;
mod rests;
mod shapes;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::{
    effects::AccountEffect,
    factors::{
        CodeDigest, CosePublicKey, CredentialId, Factor, FactorCommand, FactorEvent, FactorKind, FactorRejection,
        FactorsView, Passkey, PasskeyUse, Proof, Waiting,
    },
    links::{Link, LinkClaim, LinkCommand, LinkEvent, LinkRejection},
    mails::AccountMail,
    old::Role,
    password::{Challenge, Key, Password},
    protocol::{AccountCommand, AccountEvent, AccountRejection, AccountView, NewToken},
    shapes::{AccountStatus, Claim, Right, SavedAddress, Token},
};
use self::{factors::Factors, links::Links, mails::OwedMail};
use super::{
    email::Mailbox,
    entity::{Entity, Work},
    ids::{AddressId, SessionId, UserId},
    kinds::Kind,
    personal::{self, Subject},
    rests::Rest,
    role::RoleName,
    time::Timestamp,
};

/// What is large and mostly absent is boxed: every state, message and cache has room for the largest kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Account {
    user: Option<UserId>,
    status: AccountStatus,
    roles: BTreeSet<RoleName>,
    mailbox: Option<Mailbox>,
    /// The number of the claim on the mailbox, and of the newest one.
    claim: u32,
    claims: u32,
    /// The claim that leads to another address.
    changing: Option<Box<Claim>>,
    /// Claims that are to be given back.
    releasing: Vec<Claim>,
    verified: bool,
    disabled: bool,
    password: Option<Box<Password>>,
    /// The old account that this one was carried over from.
    #[serde(default, with = "personal::optional")]
    old: Option<Arc<str>>,
    #[serde(default, with = "personal::optional")]
    name: Option<Arc<str>>,
    #[serde(default, with = "personal::optional")]
    phone: Option<Arc<str>>,
    addresses: Arc<Vec<SavedAddress>>,
    default_address: Option<AddressId>,
    sessions: Arc<Vec<SessionId>>,
    tokens: Vec<Token>,
    mails: Vec<OwedMail>,
    #[serde(default)]
    factors: Box<Factors>,
    #[serde(default)]
    links: Box<Links>,
    created_at: Timestamp,
    /// Of an old account.
    old_role: Role,
    password_hash: String,
}

impl Account {
    /// Sessions at once; a further one displaces the oldest.
    pub const SESSIONS_MAX: usize = 50;
    pub const ADDRESSES_MAX: usize = 20;
    pub const ROLES_MAX: usize = 16;
    /// Tokens of one right at once; a further one displaces the oldest.
    pub const TOKENS_MAX: usize = 3;
    /// Addresses that wait to be given back; until then no further change begins.
    pub const RELEASING_MAX: usize = 4;

    /// The claim whose outcome is awaited.
    fn claiming(&self) -> Option<Claim> {
        match self.status {
            AccountStatus::Registering => self.mailbox.clone().map(|mailbox| Claim { mailbox, claim: self.claim }),
            AccountStatus::Registered => self.changing.as_deref().cloned(),
            AccountStatus::None | AccountStatus::Old | AccountStatus::GivenUp | AccountStatus::Erased => None,
        }
    }

    fn has_room_for(&self, id: AddressId) -> bool {
        self.addresses.len() < Self::ADDRESSES_MAX || self.addresses.iter().any(|known| known.id == id)
    }

    fn is_superadmin(&self) -> bool {
        self.roles.contains(RoleName::SUPERADMIN)
    }

    fn prove_old(&self, key: &Key) -> Result<Vec<AccountEvent>, AccountRejection> {
        match old::password(&self.password_hash).is_some_and(|password| password.is(key)) {
            true => Ok(vec![]),
            false => Err(AccountRejection::WrongPassword),
        }
    }
}

impl Entity for Account {
    const KIND: Kind = Kind::Account;
    const SECRETS: &'static [&'static str] = &["password_hash", "password", "codes", "code"];
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;
    type View = AccountView;
    type Effect = AccountEffect;

    fn decide(&self, command: &AccountCommand, now: Timestamp) -> Result<Vec<AccountEvent>, AccountRejection> {
        self.decided(command, now)
    }

    fn apply(&mut self, event: &AccountEvent) {
        self.applied(event);
    }

    fn view(&self) -> AccountView {
        let is_old = self.status == AccountStatus::Old;
        let challenge = match is_old {
            true => old::password(&self.password_hash).map(|password| password.challenge),
            false => self.password.as_ref().map(|password| password.challenge.clone()),
        };
        AccountView {
            user: self.user,
            status: self.status,
            roles: if is_old { BTreeSet::from([self.old_role.name()]) } else { self.roles.clone() },
            mailbox: self.mailbox.clone(),
            verified: self.verified,
            disabled: self.disabled,
            challenge: challenge.map(Box::new),
            old: self.old.as_deref().map(|old| Arc::new(old.to_owned())),
            name: self.name.clone(),
            phone: self.phone.clone(),
            addresses: self.addresses.clone(),
            default_address: self.default_address,
            sessions: self.sessions.clone(),
            factors: Arc::new(self.factors.view()),
            links: self.links.view(),
            changing_to: self.changing.as_ref().map(|changing| Box::new(changing.mailbox.clone())),
            created_at: self.created_at,
        }
    }

    fn owner(view: &AccountView) -> Option<UserId> {
        view.user
    }

    fn subject(&self) -> Option<Subject> {
        self.user.map(Subject::User)
    }

    fn subject_of(event: &AccountEvent) -> Option<Subject> {
        match event {
            AccountEvent::Begun { user, .. } | AccountEvent::Registered { user, .. } => Some(Subject::User(*user)),
            _later => None,
        }
    }

    fn work(command: &AccountCommand) -> Work {
        match command {
            AccountCommand::Register { .. }
            | AccountCommand::RegisterLinked { .. }
            | AccountCommand::SetProfile { .. }
            | AccountCommand::KeepAddress { .. }
            | AccountCommand::AskEmailChange { .. }
            | AccountCommand::AskVerification { .. }
            | AccountCommand::Links(LinkCommand::Begin { .. } | LinkCommand::Ask { .. })
            | AccountCommand::Factors(FactorCommand::EnrolTotp { .. } | FactorCommand::AddPasskey { .. }) => Work::New,
            // Staff has to log in to make room, and what ends a right is never put off.
            AccountCommand::LogIn { .. }
            | AccountCommand::OpenSession { .. }
            | AccountCommand::CarryOver { .. }
            | AccountCommand::EmailClaimed { .. }
            | AccountCommand::EmailRefused { .. }
            | AccountCommand::EmailReleased { .. }
            | AccountCommand::Prove { .. }
            | AccountCommand::EndSessions { .. }
            | AccountCommand::EndOtherSessions { .. }
            | AccountCommand::AdoptPassword { .. }
            | AccountCommand::ChangePassword { .. }
            | AccountCommand::SetPassword { .. }
            | AccountCommand::AskReset { .. }
            | AccountCommand::ResetPassword { .. }
            | AccountCommand::VerifyEmail { .. }
            | AccountCommand::ConfirmEmailChange { .. }
            | AccountCommand::RemoveAddress { .. }
            | AccountCommand::SetRoles { .. }
            | AccountCommand::SetDisabled { .. }
            | AccountCommand::Promote
            | AccountCommand::Demote
            | AccountCommand::Erase
            | AccountCommand::Factors(_)
            | AccountCommand::Links(_)
            | AccountCommand::MailQueued { .. } => Work::Owed,
        }
    }

    /// One that nobody ever registered: a log-in that names it makes no actor.
    fn is_forgotten(&self) -> bool {
        self.status == AccountStatus::None
    }

    fn effects(&self) -> Vec<AccountEffect> {
        self.pending_effects()
    }

    fn states(&self, event: &AccountEvent) -> Option<(String, u8)> {
        self.stated(event).map(|what| (what.to_owned(), 0))
    }

    fn rests_on(&self, event: &AccountEvent) -> Vec<Rest> {
        self.outcomes(event)
    }
}
