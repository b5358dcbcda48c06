//! The second factors of an account: an app is set up and confirmed, recovery codes are made anew, a factor is removed.

use super::{AccountError, AuthError, Client, Identity, Principal, totp::Setup};
use crate::{
    config::Secret,
    domain::{
        account::{AccountCommand, AccountView, FactorCommand},
        ids::{FactorId, UserId},
        session::Method,
    },
};

impl Identity {
    /// A new app, which counts for nothing before it is confirmed.
    pub async fn enrol(&self, who: &Principal, name: String) -> Result<(FactorId, Setup), AccountError> {
        self.stepped_up(who)?;
        let id = FactorId(self.fresh_id());
        let view = self.factors(who.user, FactorCommand::EnrolTotp { id, name }).await?;
        let email = view.mailbox.map(|mailbox| mailbox.shown.clone()).unwrap_or_default();
        let setup = self.0.apps.setup(who.user, id, &self.0.settings.issuer, &email).ok_or(AuthError::Internal)?;
        Ok((id, setup))
    }

    /// By a code of the app. With the first factor come recovery codes, and the account's other sessions end.
    pub async fn confirm(
        &self,
        who: &Principal,
        id: FactorId,
        code: &Secret,
        client: &Client,
    ) -> Result<Option<Vec<String>>, AccountError> {
        let attempt = self.admit_code(who.user, client)?;
        let Some(step) = self.0.apps.step(who.user, id, code.expose(), self.now()) else {
            attempt.failed(self.now());
            return Err(AuthError::WrongCode { tries_left: None }.into());
        };
        let first = !self.0.accounts.account(&who.user.to_string()).await?.factors.any();
        let (shown, codes) = self.0.recovery_codes.make(who.user).map_err(no_entropy)?;
        let command = FactorCommand::ConfirmTotp { id, step, codes, keep: who.session };
        self.factors(who.user, command).await?;
        attempt.succeeded(self.now());
        self.proven(who, Method::Totp).await?;
        Ok(first.then_some(shown))
    }

    /// In place of all of before.
    pub async fn new_recovery_codes(&self, who: &Principal) -> Result<Vec<String>, AccountError> {
        self.stepped_up(who)?;
        let (shown, codes) = self.0.recovery_codes.make(who.user).map_err(no_entropy)?;
        self.factors(who.user, FactorCommand::MakeCodes { codes }).await?;
        Ok(shown)
    }

    pub async fn remove_factor(&self, who: &Principal, id: FactorId) -> Result<(), AccountError> {
        self.stepped_up(who)?;
        self.factors(who.user, FactorCommand::Remove { id }).await?;
        self.heard_here(who.user).await;
        Ok(())
    }

    pub(super) async fn factors(&self, user: UserId, command: FactorCommand) -> Result<AccountView, AccountError> {
        let command = AccountCommand::Factors(command);
        Ok(self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await?)
    }
}

pub(super) fn no_entropy(error: getrandom::Error) -> AuthError {
    tracing::error!(%error, "the system gives no random numbers");
    AuthError::Internal
}
