//! A password that was forgotten or is to be another, and an e-mail that is to be another.

use super::{AccountError, Client, Identity, Principal, ThrottleKey};
use crate::{
    config::Secret,
    domain::{
        account::{AccountCommand, AccountRejection},
        email::Mailbox,
        ids::{SessionId, UserId},
    },
    identity::{AccountsFault, AuthError, strength},
};

/// How long the link of a mail that resets a password is good for, and of one that changes an e-mail.
const RESET_MS: i64 = 60 * 60_000;
const CHANGE_MS: i64 = 24 * 60 * 60_000;

impl Identity {
    /// Writes to the account of the address, if there is one. The caller is told the same either way.
    pub async fn forgot(&self, email: &str, client: &Client) -> Result<(), AccountError> {
        let Some(mailbox) = self.mailbox(email) else { return Ok(()) };
        self.0.registrations.take(&client.throttled(), self.now()).map_err(AccountError::too_many)?;
        let found = self.find(&mailbox).await?;
        // An account that is written to often enough is written to no more: in silence, as for nobody.
        let key = ThrottleKey::Email(mailbox.address.to_string());
        if self.0.letters.take(&[key], self.now()).is_err() {
            return Ok(());
        }
        // Nobody's account refuses: both ask one.
        let command = AccountCommand::AskReset { token: self.new_token(RESET_MS) };
        match self.0.accounts.tell(&found.user.to_string(), command, self.asking_of(found.user)).await {
            Ok(_) | Err(AccountsFault::Refused(AccountRejection::NotRegistered | AccountRejection::Disabled)) => Ok(()),
            Err(fault) => Err(fault.into()),
        }
    }

    /// A new password by the text of a mail's link; every session ends.
    pub async fn reset(&self, link: &str, password: &Secret) -> Result<(), AccountError> {
        if let Some(fault) = strength::length_fault(password.expose()) {
            return Err(AccountError::Weak(fault));
        }
        let (user, token) = self.0.links.read(link).ok_or(AccountError::BadLink)?;
        let view = self.0.accounts.account(&user.to_string()).await?;
        let address = view.mailbox.map(|mailbox| mailbox.address.clone()).unwrap_or_default();
        self.strong(password, &[&address, view.name.as_deref().unwrap_or_default()]).await?;
        let password = self.0.passwords.keep(password).await?;
        self.by_link(user, AccountCommand::ResetPassword { token, password }).await?;
        self.heard_here(user).await;
        Ok(())
    }

    /// Every other session ends.
    pub async fn change_password(
        &self,
        who: &Principal,
        old: &Secret,
        new: &Secret,
        client: &Client,
    ) -> Result<(), AccountError> {
        self.stepped_up_by_factor(who)?;
        let view = self.0.accounts.account(&who.user.to_string()).await?;
        let address = view.mailbox.map(|mailbox| mailbox.address.clone()).unwrap_or_default();
        self.strong(new, &[&address, view.name.as_deref().unwrap_or_default()]).await?;
        let changing = async {
            let key = self.key_of(who.user, old).await?;
            let password = self.0.passwords.keep(new).await?;
            let command = AccountCommand::ChangePassword { key, password, keep: who.session };
            Ok(self.0.accounts.tell(&who.user.to_string(), command, self.asking_of(who.user)).await?)
        };
        self.guess(who.user, client, changing).await?;
        self.heard_here(who.user).await;
        Ok(())
    }

    /// Writes to the new address; the account has the old one until the mail's link was followed.
    pub async fn ask_email_change(
        &self,
        who: &Principal,
        to: Mailbox,
        password: &Secret,
        client: &Client,
    ) -> Result<(), AccountError> {
        self.stepped_up_by_factor(who)?;
        self.may_write(&to.address, client)?;
        // An old account that nobody has named yet claims its address here.
        self.find(&to).await?;
        let asking = async {
            let key = self.key_of(who.user, password).await?;
            let command = AccountCommand::AskEmailChange { key, to, token: self.new_token(CHANGE_MS) };
            Ok(self.0.accounts.tell(&who.user.to_string(), command, self.asking_of(who.user)).await?)
        };
        self.guess(who.user, client, asking).await?;
        Ok(())
    }

    /// By the text of the mail's link. The new address is claimed; where another account has it, nothing changes.
    pub async fn confirm_email_change(&self, link: &str) -> Result<(), AccountError> {
        let (user, token) = self.0.links.read(link).ok_or(AccountError::BadLink)?;
        let before = self.0.accounts.account(&user.to_string()).await?;
        let after = self.by_link(user, AccountCommand::ConfirmEmailChange { token }).await?;
        if after.changing_to.is_some() {
            let reason = "the new address was not claimed in time".to_owned();
            return Err(AccountsFault::Unavailable { retry_after_ms: 1000, reason }.into());
        }
        if after.mailbox == before.mailbox { Err(AccountError::EmailTaken) } else { Ok(()) }
    }

    /// Whoever has a second factor shows more than the password.
    fn stepped_up_by_factor(&self, who: &Principal) -> Result<(), AuthError> {
        if who.proven.has_factor { self.stepped_up(who) } else { Ok(()) }
    }

    /// Work that tells by its refusal whether a password is right: counted as a log-in is.
    pub(super) async fn guess<T>(
        &self,
        user: UserId,
        client: &Client,
        work: impl Future<Output = Result<T, AuthError>>,
    ) -> Result<T, AuthError> {
        let keys = std::iter::once(ThrottleKey::Email(user.to_string())).chain(client.throttled()).collect();
        let attempt = self.0.throttle.admit(keys, self.now());
        let attempt = attempt.map_err(|retry_after_ms| AuthError::TooManyAttempts { retry_after_ms })?;
        let done = work.await;
        match &done {
            Ok(_) => attempt.succeeded(self.now()),
            Err(AuthError::InvalidCredentials) => attempt.failed(self.now()),
            Err(_) => {}
        }
        done
    }

    /// This node has folded what the account just did.
    pub(super) async fn heard_here(&self, user: UserId) {
        self.0.standings.caught_up(SessionId::default(), user).await;
    }
}
