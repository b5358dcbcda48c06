//! An account that may log in, named by its e-mail in lower case. Only what operators need today:
//! full identity (profiles, sessions, second factors) comes later and grows here.

use serde::{Deserialize, Serialize};

use super::ids::UserId;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Shopper,
    Operator,
    Superadmin,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountCommand {
    /// `password_hash` is a PHC string (Argon2id); the password itself never gets here.
    Register {
        user: UserId,
        role: Role,
        password_hash: String,
    },
    SetPassword {
        password_hash: String,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountEvent {
    Registered { user: UserId, role: Role, password_hash: String },
    PasswordSet { password_hash: String },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountRejection {
    #[error("the account exists")]
    AlreadyRegistered,
    #[error("there is no such account")]
    NotRegistered,
}

/// Carries the hash for the login check; never leaves the process (`http` has its own shapes).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AccountView {
    pub user: Option<UserId>,
    pub role: Role,
    pub password_hash: String,
}

// SKELETON-BEGIN: replaced by the real state, decide and apply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Account {}
impl super::entity::Entity for Account {
    const KIND: super::model::Kind = super::model::Kind::Account;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;
    type View = AccountView;
    fn decide(&self, _: &AccountCommand, _: super::time::Timestamp) -> Result<Vec<AccountEvent>, AccountRejection> {
        todo!()
    }
    fn apply(&mut self, _: &AccountEvent) {
        todo!()
    }
    fn view(&self) -> AccountView {
        todo!()
    }
}
// SKELETON-END
