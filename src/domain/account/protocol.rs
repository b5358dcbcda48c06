//! What an account is asked, what happened to it, what it refuses, and what it shows.

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    AccountMail, AccountStatus, Challenge, FactorCommand, FactorEvent, FactorRejection, FactorsView, Key, Link,
    LinkCommand, LinkEvent, LinkRejection, Password, Role, SavedAddress, Token,
};
use crate::domain::{
    email::Mailbox,
    identity_link::Subject,
    ids::{AddressId, SessionId, TokenId, UserId},
    order::Address,
    personal,
    role::RoleName,
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountCommand {
    Register {
        user: UserId,
        mailbox: Mailbox,
        name: Option<String>,
        roles: BTreeSet<RoleName>,
        password: Box<Password>,
        /// `None`: nobody is written to.
        verify: Option<NewToken>,
    },
    /// Of somebody whose address a provider vouches for: without a password, and verified.
    RegisterLinked {
        user: UserId,
        mailbox: Mailbox,
        name: Option<String>,
        roles: BTreeSet<RoleName>,
        subject: Box<Subject>,
    },
    /// The identity of an old account; `old` is that entity's id.
    CarryOver {
        user: UserId,
        mailbox: Mailbox,
        roles: BTreeSet<RoleName>,
        old: String,
    },
    EmailClaimed {
        claim: u32,
    },
    EmailRefused {
        claim: u32,
    },
    EmailReleased {
        claim: u32,
    },
    /// Opens the session, or lets it wait for a second factor where the account has one. `better`: the same password under
    /// today's parameters, where the stored one has others.
    LogIn {
        key: Key,
        session: SessionId,
        better: Option<Password>,
    },
    /// Whether the key is right; changes nothing.
    Prove {
        key: Key,
    },
    /// The same for one who has proven themselves in another way.
    OpenSession {
        session: SessionId,
    },
    EndSessions {
        sessions: Vec<SessionId>,
    },
    /// All, except the one that asks.
    EndOtherSessions {
        keep: Option<SessionId>,
    },
    /// The password that was proven at the old account.
    AdoptPassword {
        password: Password,
    },
    ChangePassword {
        key: Key,
        password: Password,
        keep: Option<SessionId>,
    },
    /// By the owner of the shop's configuration.
    SetPassword {
        password: Password,
    },
    AskReset {
        token: NewToken,
    },
    ResetPassword {
        token: TokenId,
        password: Password,
    },
    AskVerification {
        token: NewToken,
    },
    VerifyEmail {
        token: TokenId,
    },
    AskEmailChange {
        key: Key,
        to: Mailbox,
        token: NewToken,
    },
    ConfirmEmailChange {
        token: TokenId,
    },
    SetProfile {
        name: Option<String>,
        phone: Option<String>,
    },
    KeepAddress {
        id: AddressId,
        address: Box<Address>,
        make_default: bool,
    },
    RemoveAddress {
        id: AddressId,
    },
    SetRoles {
        roles: BTreeSet<RoleName>,
    },
    SetDisabled {
        disabled: bool,
    },
    /// The role superadmin is taken on or off: a step of [`Superadmins`](crate::domain::superadmins::Superadmins), which
    /// counts them.
    Promote,
    Demote,
    /// Its person is forgotten, for good.
    Erase,
    Factors(FactorCommand),
    Links(LinkCommand),
    MailQueued {
        mail: AccountMail,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewToken {
    pub id: TokenId,
    pub ttl_ms: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountEvent {
    /// Of an old account.
    Registered {
        user: UserId,
        role: Role,
        password_hash: String,
    },
    /// Of an old account.
    PasswordSet {
        password_hash: String,
    },
    Begun {
        user: UserId,
        mailbox: Mailbox,
        #[serde(default, with = "personal::optional")]
        name: Option<String>,
        roles: BTreeSet<RoleName>,
        password: Option<Box<Password>>,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "personal::optional")]
        old: Option<String>,
        at: Timestamp,
    },
    EmailClaimed {
        claim: u32,
    },
    EmailRefused {
        claim: u32,
    },
    EmailReleased {
        claim: u32,
    },
    /// The same password in another form.
    PasswordKept {
        password: Password,
    },
    PasswordChanged {
        password: Password,
        at: Timestamp,
    },
    SessionOpened {
        session: SessionId,
        at: Timestamp,
    },
    SessionsEnded {
        sessions: Vec<SessionId>,
    },
    TokenAsked {
        token: Token,
    },
    EmailVerified {
        at: Timestamp,
    },
    /// The new address is proven; it is claimed next.
    EmailChangeConfirmed {
        to: Mailbox,
        at: Timestamp,
    },
    ProfileSet {
        #[serde(default, with = "personal::optional")]
        name: Option<String>,
        #[serde(default, with = "personal::optional")]
        phone: Option<String>,
    },
    AddressKept {
        id: AddressId,
        address: Box<Address>,
        is_default: bool,
    },
    AddressRemoved {
        id: AddressId,
    },
    RolesSet {
        roles: BTreeSet<RoleName>,
    },
    Disabled {
        at: Timestamp,
    },
    Enabled {
        at: Timestamp,
    },
    Erased {
        at: Timestamp,
    },
    Factors(FactorEvent),
    MailQueued {
        mail: AccountMail,
    },
    Links(LinkEvent),
    /// The owner of an address that nobody had proven has come: passwords, factors and links of before are gone.
    Reclaimed {
        at: Timestamp,
    },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRejection {
    #[error("the account exists")]
    AlreadyRegistered,
    #[error("there is no such account")]
    NotRegistered,
    #[error("the password is wrong")]
    WrongPassword,
    #[error("the account is disabled")]
    Disabled,
    #[error("the link is unknown, used or too old")]
    BadToken,
    #[error("the address is verified already")]
    AlreadyVerified,
    #[error("a change of the e-mail is under way")]
    EmailChanging,
    #[error("an address book has at most {max} addresses")]
    TooManyAddresses { max: usize },
    #[error("an account has 1 to {max} roles")]
    BadRoles { max: usize },
    #[error("the role superadmin is given and taken by a process of its own, and protects its account")]
    Superadmin,
    #[error(transparent)]
    Factors(#[from] FactorRejection),
    #[error(transparent)]
    Links(#[from] LinkRejection),
}

/// What the shop may know of an account: no hash, no verifier.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccountView {
    pub user: Option<UserId>,
    pub status: AccountStatus,
    pub roles: BTreeSet<RoleName>,
    pub mailbox: Option<Mailbox>,
    pub verified: bool,
    pub disabled: bool,
    /// How a log-in makes its key; `None`: there is no password here.
    pub challenge: Option<Box<Challenge>>,
    /// The old account that has the password until the first log-in.
    pub old: Option<Arc<String>>,
    pub name: Option<Arc<str>>,
    pub phone: Option<Arc<str>>,
    pub addresses: Arc<Vec<SavedAddress>>,
    pub default_address: Option<AddressId>,
    /// The oldest first.
    pub sessions: Arc<Vec<SessionId>>,
    pub factors: Arc<FactorsView>,
    /// One for each provider, at most.
    pub links: Arc<Vec<Link>>,
    /// The address that a change under way leads to.
    pub changing_to: Option<Box<Mailbox>>,
    pub created_at: Timestamp,
}

impl AccountView {
    pub fn is_registered(&self) -> bool {
        self.status == AccountStatus::Registered
    }
}
