//! An account that may log in, named by its e-mail in lower case. Only what operators need today:
//! full identity (profiles, sessions, second factors) comes later and grows here.

use serde::{Deserialize, Serialize};

use super::{
    effect::NoEffect,
    entity::{Entity, Work},
    ids::UserId,
    kinds::Kind,
    time::Timestamp,
};

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
    /// `password_hash` is a PHC string (Argon2id); the password itself never enters the domain.
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

/// State. `user` is `None` until registered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    user: Option<UserId>,
    role: Role,
    password_hash: String,
}

impl Entity for Account {
    const KIND: Kind = Kind::Account;
    const SECRETS: &'static [&'static str] = &["password_hash"];
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;
    type View = AccountView;
    type Effect = NoEffect;

    fn work(command: &AccountCommand) -> Work {
        match command {
            AccountCommand::Register { role: Role::Shopper, .. } => Work::New,
            AccountCommand::Register { role: Role::Operator | Role::Superadmin, .. } => Work::Owed,
            AccountCommand::SetPassword { .. } => Work::Owed,
        }
    }

    fn decide(&self, command: &AccountCommand, _now: Timestamp) -> Result<Vec<AccountEvent>, AccountRejection> {
        match command {
            AccountCommand::Register { user, role, password_hash } => match self.user {
                // A retry: the same account exists already.
                Some(known) if known == *user && self.role == *role && self.password_hash == *password_hash => {
                    Ok(vec![])
                }
                Some(_) => Err(AccountRejection::AlreadyRegistered),
                None => Ok(vec![AccountEvent::Registered {
                    user: *user,
                    role: *role,
                    password_hash: password_hash.clone(),
                }]),
            },
            AccountCommand::SetPassword { .. } if self.user.is_none() => Err(AccountRejection::NotRegistered),
            AccountCommand::SetPassword { password_hash } if self.password_hash == *password_hash => Ok(vec![]),
            AccountCommand::SetPassword { password_hash } => {
                Ok(vec![AccountEvent::PasswordSet { password_hash: password_hash.clone() }])
            }
        }
    }

    fn apply(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Registered { user, role, password_hash } => {
                *self = Self { user: Some(*user), role: *role, password_hash: password_hash.clone() };
            }
            AccountEvent::PasswordSet { password_hash } => self.password_hash.clone_from(password_hash),
        }
    }

    fn view(&self) -> AccountView {
        AccountView { user: self.user, role: self.role, password_hash: self.password_hash.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(events: &[AccountEvent]) -> Account {
        let mut account = Account::default();
        events.iter().for_each(|event| account.apply(event));
        account
    }

    fn register(hash: &str) -> AccountCommand {
        AccountCommand::Register { user: UserId::default(), role: Role::Superadmin, password_hash: hash.into() }
    }

    fn registered(hash: &str) -> AccountEvent {
        AccountEvent::Registered { user: UserId::default(), role: Role::Superadmin, password_hash: hash.into() }
    }

    #[test]
    fn registers_once() {
        assert_eq!(given(&[]).decide(&register("a"), Timestamp(0)), Ok(vec![registered("a")]));
        assert_eq!(given(&[registered("a")]).decide(&register("a"), Timestamp(0)), Ok(vec![]));
        assert_eq!(
            given(&[registered("a")]).decide(&register("b"), Timestamp(0)),
            Err(AccountRejection::AlreadyRegistered)
        );
    }

    #[test]
    fn a_password_needs_an_account() {
        let command = AccountCommand::SetPassword { password_hash: "b".into() };
        let event = AccountEvent::PasswordSet { password_hash: "b".into() };
        assert_eq!(given(&[]).decide(&command, Timestamp(0)), Err(AccountRejection::NotRegistered));
        assert_eq!(given(&[registered("a")]).decide(&command, Timestamp(0)), Ok(vec![event.clone()]));
        assert_eq!(given(&[registered("a"), event.clone()]).decide(&command, Timestamp(0)), Ok(vec![]));
        let view = given(&[registered("a"), event]).view();
        assert_eq!((view.role, view.password_hash.as_str()), (Role::Superadmin, "b"));
    }
}
