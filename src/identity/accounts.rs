//! Identity's port to accounts, their sessions and the claims on addresses, so that log-in is tested without the runtime.

use std::{sync::Arc, time::Duration};

use futures::future::BoxFuture;

use crate::{
    actors::{
        gateway::{AskError, Call, Gateway},
        ports::StoreError,
    },
    domain::{
        account::{Account, AccountCommand, AccountRejection, AccountStatus, AccountView},
        api_key::{ApiKey, ApiKeyCommand, ApiKeyRejection, ApiKeyView},
        email::{Email, Mailbox},
        identity_link::{IdentityLink, Subject},
        ids::{CommandId, SessionId, UserId},
        kinds::Kind,
        session::{Session, SessionCommand, SessionRejection, SessionView},
    },
};

/// How long a log-in waits for the accounts.
const WITHIN: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AccountsFault {
    #[error("the account refuses: {0}")]
    Refused(#[from] AccountRejection),
    #[error("the session refuses: {0}")]
    SessionRefused(#[from] SessionRejection),
    #[error("the key refuses: {0}")]
    KeyRefused(#[from] ApiKeyRejection),
    #[error("accounts are not available: {reason}")]
    Unavailable { retry_after_ms: u64, reason: String },
}

/// Who asks, and the id by which a repetition is known.
#[derive(Clone, Debug)]
pub struct Asking {
    pub by: Arc<str>,
    pub id: CommandId,
}

pub type Answered<'a, T> = BoxFuture<'a, Result<T, AccountsFault>>;

pub trait Accounts: Send + Sync + 'static {
    /// Which account has the address; a strong read.
    fn holder<'a>(&'a self, mailbox: &'a Mailbox) -> Answered<'a, Option<UserId>>;
    /// Which account is linked with them; a strong read.
    fn linked<'a>(&'a self, subject: &'a Subject) -> Answered<'a, Option<UserId>>;
    /// A strong read: a password that was just replaced must not be accepted. Of nobody it is the empty view.
    fn account<'a>(&'a self, id: &'a str) -> Answered<'a, AccountView>;
    /// Durable when it returns; a claim that it began is decided then, where the time sufficed.
    fn tell<'a>(&'a self, id: &'a str, command: AccountCommand, asking: Asking) -> Answered<'a, AccountView>;
    fn tell_session(&self, id: SessionId, command: SessionCommand, asking: Asking) -> Answered<'_, SessionView>;
    /// One place of the account's API keys.
    fn tell_key(&self, user: UserId, place: u8, command: ApiKeyCommand, asking: Asking) -> Answered<'_, ApiKeyView>;
    /// Ids of old accounts, after `after`.
    fn old_accounts(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, AccountsFault>;
}

impl Accounts for Gateway {
    fn holder<'a>(&'a self, mailbox: &'a Mailbox) -> Answered<'a, Option<UserId>> {
        Box::pin(async move {
            let answer = self.read::<Email>(&mailbox.key().id, WITHIN).await;
            Ok(answer.map_err(|error| unavailable(&error))?.view.holder.map(|holder| holder.user))
        })
    }

    fn linked<'a>(&'a self, subject: &'a Subject) -> Answered<'a, Option<UserId>> {
        Box::pin(async move {
            let answer = self.read::<IdentityLink>(&subject.key().id, WITHIN).await;
            Ok(answer.map_err(|error| unavailable(&error))?.view.holder.map(|holder| holder.user))
        })
    }

    fn account<'a>(&'a self, id: &'a str) -> Answered<'a, AccountView> {
        Box::pin(async move { Ok(self.read::<Account>(id, WITHIN).await.map_err(fault)?.view) })
    }

    fn tell<'a>(&'a self, id: &'a str, command: AccountCommand, asking: Asking) -> Answered<'a, AccountView> {
        Box::pin(async move {
            let decided = |view: &AccountView| {
                let links_are_made = view.links.iter().all(|link| link.held);
                view.status != AccountStatus::Registering && view.changing_to.is_none() && links_are_made
            };
            Ok(self.ask_until::<Account>(id, command, call(asking), decided).await.map_err(fault)?.view)
        })
    }

    fn tell_session(&self, id: SessionId, command: SessionCommand, asking: Asking) -> Answered<'_, SessionView> {
        Box::pin(async move {
            let asked = self.ask::<Session>(&id.to_string(), command, call(asking)).await;
            asked.map(|answer| answer.view).map_err(fault)
        })
    }

    fn tell_key(&self, user: UserId, place: u8, command: ApiKeyCommand, asking: Asking) -> Answered<'_, ApiKeyView> {
        Box::pin(async move {
            let asked = self.ask::<ApiKey>(&ApiKey::place_id(user, place), command, call(asking)).await;
            asked.map(|answer| answer.view).map_err(fault)
        })
    }

    fn old_accounts(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, AccountsFault> {
        let keys = self.keys(Kind::Account, after, limit).map_err(|StoreError(reason)| AccountsFault::Unavailable {
            retry_after_ms: 1000,
            reason: reason.to_string(),
        })?;
        Ok(keys.into_iter().map(|key| key.id.to_string()).collect())
    }
}

fn call(Asking { by, id }: Asking) -> Call {
    Call { command_id: id, by, expected_version: None, fingerprint: None, within: WITHIN }
}

fn fault<R: std::error::Error + Into<AccountsFault>>(error: AskError<R>) -> AccountsFault {
    match error {
        AskError::Refused(rejection) => rejection.into(),
        error => unavailable(&error),
    }
}

fn unavailable<R: std::error::Error>(error: &AskError<R>) -> AccountsFault {
    let retry_after_ms = match error {
        AskError::Busy { retry_after_ms }
        | AskError::Unavailable { retry_after_ms, .. }
        | AskError::NoRoom { retry_after_ms, .. } => *retry_after_ms,
        AskError::Refused(_)
        | AskError::VersionConflict { .. }
        | AskError::IdConflict
        | AskError::Quarantined
        | AskError::TooLarge { .. }
        | AskError::TimedOut => 1000,
    };
    AccountsFault::Unavailable { retry_after_ms, reason: error.to_string() }
}
