//! An account that staff makes for somebody: nobody knows its password, and a mail leads its owner to one.

use std::{collections::BTreeSet, sync::Arc};

use super::{AccountError, AccountsFault, Identity, Principal, accounts::Asking};
use crate::{
    config::Secret,
    domain::{
        account::{AccountCommand, AccountStatus, AccountView},
        email::Mailbox,
        ids::{CommandId, UserId},
        role::RoleName,
    },
};

/// How long the link to the first password is good for; after that "forgot password" makes another.
const INVITED_MS: i64 = 7 * 86_400_000;

/// For whom; parsed.
pub struct Invited {
    pub mailbox: Mailbox,
    pub name: Option<String>,
    /// Not the superadmin's: that one is given by its own process.
    pub roles: BTreeSet<RoleName>,
}

impl Identity {
    pub async fn invite(&self, by: &Principal, invited: Invited) -> Result<UserId, AccountError> {
        let Invited { mailbox, name, roles } = invited;
        if self.find(&mailbox).await?.exists() {
            return Err(AccountError::Exists);
        }
        let user = UserId(self.fresh_id());
        let password = self.0.passwords.keep(&nobodys().map_err(AccountError::from)?).await?;
        let register =
            AccountCommand::Register { user, mailbox, name, roles, password: Box::new(password), verify: None };
        match self.told(&by.by, user, register).await?.status {
            AccountStatus::Registered => {}
            // Another request took the address in this moment.
            AccountStatus::GivenUp => return Err(AccountError::Exists),
            AccountStatus::None | AccountStatus::Old | AccountStatus::Registering | AccountStatus::Erased => {
                let reason = "the address was not claimed in time".to_owned();
                return Err(AccountsFault::Unavailable { retry_after_ms: 1000, reason }.into());
            }
        }
        let ask = AccountCommand::AskReset { token: self.new_token(INVITED_MS) };
        self.told(&by.by, user, ask).await?;
        Ok(user)
    }

    async fn told(&self, by: &Arc<str>, user: UserId, command: AccountCommand) -> Result<AccountView, AccountsFault> {
        let asking = Asking { by: by.clone(), id: CommandId(self.fresh_id()) };
        self.0.accounts.tell(&user.to_string(), command, asking).await
    }
}

/// 256 random bits that nobody sees.
fn nobodys() -> Result<Secret, super::AuthError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no random numbers");
        super::AuthError::Internal
    })?;
    Ok(Secret::new(data_encoding::BASE64_NOPAD.encode(&bytes)))
}
