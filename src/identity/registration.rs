//! A new account, with its first session.

use std::collections::BTreeSet;

use super::{AccountError, AccountsFault, Client, Granted, Identity, strength};
use crate::{
    config::Secret,
    domain::{
        account::{AccountCommand, AccountRejection, AccountStatus, AccountView, NewToken},
        email::Mailbox,
        ids::{SessionId, TokenId, UserId},
        role::RoleName,
        session::Method,
    },
};

/// How long the link of a mail that verifies an address is good for.
const VERIFY_MS: i64 = 7 * 86_400_000;

/// What a person registers with; parsed.
pub struct Applicant {
    pub mailbox: Mailbox,
    pub password: Secret,
    pub name: Option<String>,
}

impl Identity {
    pub async fn register(&self, applicant: Applicant, client: &Client) -> Result<Granted, AccountError> {
        let Applicant { mailbox, password, name } = applicant;
        self.0.registrations.take(&client.throttled(), self.now()).map_err(AccountError::too_many)?;
        self.strong(&password, &[&mailbox.address, name.as_deref().unwrap_or_default()]).await?;
        if self.find(&mailbox).await?.exists() {
            return Err(AccountError::Exists);
        }
        let (user, session) = (UserId(self.fresh_id()), SessionId(self.fresh_id()));
        let password = Box::new(self.0.passwords.keep(&password).await?);
        let roles = BTreeSet::from([RoleName::customer()]);
        let verify = Some(self.new_token(VERIFY_MS));
        let command = AccountCommand::Register { user, mailbox, name, roles, password, verify };
        let view = self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await?;
        match view.status {
            AccountStatus::Registered => {}
            // Another request took the address in this moment.
            AccountStatus::GivenUp => return Err(AccountError::Exists),
            AccountStatus::None | AccountStatus::Old | AccountStatus::Registering | AccountStatus::Erased => {
                let reason = "the address was not claimed in time".to_owned();
                return Err(AccountsFault::Unavailable { retry_after_ms: 1000, reason }.into());
            }
        }
        let command = AccountCommand::OpenSession { session };
        let view = self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await?;
        Ok(self.open(&view, user, session, vec![Method::Registration], client).await?)
    }

    /// Another mail with a link.
    pub async fn ask_verification(&self, user: UserId, client: &Client) -> Result<(), AccountError> {
        self.may_write(&user.to_string(), client)?;
        let command = AccountCommand::AskVerification { token: self.new_token(VERIFY_MS) };
        self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await?;
        Ok(())
    }

    /// By the text of a mail's link.
    pub async fn verify_email(&self, link: &str) -> Result<(), AccountError> {
        let (user, token) = self.0.links.read(link).ok_or(AccountError::BadLink)?;
        self.by_link(user, AccountCommand::VerifyEmail { token }).await.map(drop)
    }

    pub(super) async fn by_link(&self, user: UserId, command: AccountCommand) -> Result<AccountView, AccountError> {
        match self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await {
            Err(AccountsFault::Refused(AccountRejection::NotRegistered)) => Err(AccountError::BadLink),
            outcome => Ok(outcome?),
        }
    }

    /// A password that is taken, judged beside the async threads.
    pub(super) async fn strong(&self, password: &Secret, about: &[&str]) -> Result<(), AccountError> {
        let about: Vec<String> = about.iter().map(|text| (*text).to_owned()).collect();
        let password = password.clone();
        let judged = self.0.passwords.run(move || {
            let about: Vec<&str> = about.iter().map(String::as_str).collect();
            Ok(strength::weakness(password.expose(), &about))
        });
        match judged.await? {
            Some(weakness) => Err(AccountError::Weak(weakness)),
            None => Ok(()),
        }
    }

    pub(super) fn new_token(&self, ttl_ms: i64) -> NewToken {
        NewToken { id: TokenId(self.fresh_id()), ttl_ms }
    }

    /// Mails on demand, counted for whom they are and from where they are asked for.
    pub(super) fn may_write(&self, to: &str, client: &Client) -> Result<(), AccountError> {
        let to = super::ThrottleKey::Email(to.to_owned());
        self.0.letters.take(&[to], self.now()).map_err(AccountError::too_many)?;
        self.0.registrations.take(&client.throttled(), self.now()).map_err(AccountError::too_many)
    }
}
