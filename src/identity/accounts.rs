//! Identity's port to accounts: two operations on the entities, so that log-in is tested without the runtime.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::{
    actors::gateway::{AskError, Call, Gateway},
    domain::{
        account::{Account, AccountCommand, AccountRejection, AccountView},
        ids::CommandId,
    },
};

/// How long a log-in waits for the accounts.
const WITHIN: Duration = Duration::from_secs(5);

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AccountsFault {
    #[error("the account refuses: {0}")]
    Refused(#[from] AccountRejection),
    #[error("accounts are not available: {reason}")]
    Unavailable { retry_after_ms: u64, reason: String },
}

pub trait Accounts: Send + Sync + 'static {
    /// `None`: there is no such account. `email` is in lower case.
    fn find<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Result<Option<AccountView>, AccountsFault>>;
    /// Durable when it returns.
    fn tell<'a>(
        &'a self,
        email: &'a str,
        command: AccountCommand,
        id: CommandId,
    ) -> BoxFuture<'a, Result<(), AccountsFault>>;
}

impl Accounts for Gateway {
    fn find<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Result<Option<AccountView>, AccountsFault>> {
        Box::pin(async move {
            // A strong read: a password that was just replaced must not be accepted.
            let answer = self.read::<Account>(email, WITHIN).await.map_err(fault)?;
            Ok(answer.view.user.is_some().then_some(answer.view))
        })
    }

    fn tell<'a>(
        &'a self,
        email: &'a str,
        command: AccountCommand,
        id: CommandId,
    ) -> BoxFuture<'a, Result<(), AccountsFault>> {
        let call =
            Call { command_id: id, by: "system".into(), expected_version: None, fingerprint: None, within: WITHIN };
        Box::pin(async move { self.ask::<Account>(email, command, call).await.map(|_| ()).map_err(fault) })
    }
}

fn fault(error: AskError<AccountRejection>) -> AccountsFault {
    let reason = error.to_string();
    let retry_after_ms = match error {
        AskError::Refused(rejection) => return AccountsFault::Refused(rejection),
        AskError::Busy { retry_after_ms }
        | AskError::Unavailable { retry_after_ms, .. }
        | AskError::NoRoom { retry_after_ms, .. } => retry_after_ms,
        AskError::VersionConflict { .. }
        | AskError::IdConflict
        | AskError::Quarantined
        | AskError::TooLarge { .. }
        | AskError::TimedOut => 1000,
    };
    AccountsFault::Unavailable { retry_after_ms, reason }
}
