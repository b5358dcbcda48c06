//! Passkeys (WebAuthn): a key pair in an authenticator, of which the account keeps the public half. One is a second factor
//! after a password, and by itself a whole log-in where the authenticator recognises its owner.
//!
//! A node asks and verifies, and keeps nothing; the account takes each answer once. In reading order: [`relying_party`],
//! [`ceremony`] (the question), [`cbor`], [`cose`], [`answer`].

mod answer;
mod cbor;
mod ceremony;
mod cose;
mod relying_party;
#[cfg(test)]
pub(super) mod testing;

use std::sync::Arc;

use super::{AccountError, AuthError, Client, Granted, Identity, Principal, factors::no_entropy};
use crate::domain::{
    account::{
        AccountCommand, AccountRejection, AccountView, CosePublicKey, CredentialId, Factor, FactorCommand,
        FactorRejection, PasskeyUse, Proof,
    },
    ids::{FactorId, SessionId, UserId},
    session::Method,
};

pub use answer::{Assertion, Registration};
pub use ceremony::Ceremonies;
pub(super) use ceremony::Purpose;
pub use cose::ALGORITHMS;
pub use relying_party::RelyingParty;

/// A key that no authenticator has, for passkeys that are not known: their answers take as long as any other.
const NOBODY: &str =
    "pQECAyYgASFYIGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWIlggT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";

/// What a page passes on to the browser.
pub struct Asked {
    /// For the call with the answer.
    pub token: String,
    pub challenge: Vec<u8>,
    /// The domain that passkeys belong to.
    pub domain: String,
    /// Those of the account: not to be made again, or to choose from. Empty where the authenticator knows by itself.
    pub credentials: Vec<CredentialId>,
}

/// Of a new passkey.
pub struct AskedNew {
    pub asked: Asked,
    pub user: UserId,
    /// The account's address as its owner writes it.
    pub email: Arc<str>,
}

impl Identity {
    fn shop(&self) -> Result<&RelyingParty, AuthError> {
        self.0.relying_party.as_ref().ok_or(AuthError::PasskeysOff)
    }

    pub async fn ask_new_passkey(&self, who: &Principal) -> Result<AskedNew, AccountError> {
        self.stepped_up(who)?;
        let session = Self::own_session(who)?;
        let view = self.0.accounts.account(&who.user.to_string()).await?;
        let asked = self.ask(Purpose::Register { user: who.user, session }, credentials(&view))?;
        let email = view.mailbox.map(|mailbox| mailbox.shown.clone()).unwrap_or_default();
        Ok(AskedNew { asked, user: who.user, email })
    }

    /// With the first factor come recovery codes, and the account's other sessions end.
    pub async fn add_passkey(
        &self,
        who: &Principal,
        token: &str,
        answer: &Registration,
        name: String,
    ) -> Result<(FactorId, Option<Vec<String>>), AccountError> {
        let (shop, session) = (self.shop()?, Self::own_session(who)?);
        let question = self.0.ceremonies.open(token, Purpose::Register { user: who.user, session }, self.now());
        let question = question.ok_or(AccountError::PasskeyNotTaken)?;
        let passkey = answer.verified(shop, &question).ok_or(AccountError::PasskeyNotTaken)?;
        let first = !self.0.accounts.account(&who.user.to_string()).await?.factors.any();
        let (shown, codes) = self.0.recovery_codes.make(who.user).map_err(no_entropy)?;
        let (id, asked, passkey) = (FactorId(self.fresh_id()), question.asked, Box::new(passkey));
        let command = FactorCommand::AddPasskey { id, name, passkey, asked, codes, keep: who.session };
        self.factors(who.user, command).await?;
        self.proven(who, Method::Passkey).await?;
        Ok((id, first.then_some(shown)))
    }

    /// For a log-in: of anybody, or of the account whose log-in waits for a second factor.
    pub async fn ask_passkey(&self, waits: Option<&str>) -> Result<Asked, AuthError> {
        let Some(waits) = waits else { return self.ask(Purpose::LogIn, Vec::new()) };
        let (user, session, _) = self.waiting(waits).ok_or(AuthError::LogInAgain)?;
        let view = self.0.accounts.account(&user.to_string()).await?;
        self.ask(Purpose::SecondStep { user, session }, credentials(&view))
    }

    pub async fn ask_step_up(&self, who: &Principal) -> Result<Asked, AuthError> {
        let purpose = Purpose::StepUp { user: who.user, session: Self::own_session(who)? };
        let view = self.0.accounts.account(&who.user.to_string()).await?;
        self.ask(purpose, credentials(&view))
    }

    /// A whole log-in. Errors: `PasskeyRefused`, `Disabled`, `TooManyAttempts`, `Unavailable`.
    pub async fn enter_by_passkey(
        &self,
        token: &str,
        answer: &Assertion,
        client: &Client,
    ) -> Result<Granted, AuthError> {
        let admitted = self.0.throttle.admit(client.throttled(), self.now());
        let attempt = admitted.map_err(|retry_after_ms| AuthError::TooManyAttempts { retry_after_ms })?;
        let entered = self.entered_by_passkey(token, answer).await;
        match &entered {
            Err(AuthError::PasskeyRefused) => attempt.failed(self.now()),
            Ok(_) => attempt.succeeded(self.now()),
            Err(_) => {}
        }
        let (view, user, session) = entered?;
        self.open(&view, user, session, vec![Method::Passkey], client).await
    }

    async fn entered_by_passkey(
        &self,
        token: &str,
        answer: &Assertion,
    ) -> Result<(AccountView, UserId, SessionId), AuthError> {
        // Who it is stands in the answer alone, under the authenticator's own signature of nothing of it: the account's
        // key decides whether it is true.
        let user = answer.user.ok_or(AuthError::PasskeyRefused)?;
        let view = self.0.accounts.account(&user.to_string()).await?;
        let (id, used) = self.used(&view, token, Purpose::LogIn, answer)?.ok_or(AuthError::PasskeyRefused)?;
        let session = SessionId(self.fresh_id());
        let command = AccountCommand::Factors(FactorCommand::Enter { session, id, used });
        match self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await {
            Ok(view) => Ok((view, user, session)),
            Err(super::AccountsFault::Refused(
                AccountRejection::NotRegistered | AccountRejection::Factors(FactorRejection::WrongPasskey),
            )) => Err(AuthError::PasskeyRefused),
            Err(fault) => Err(fault.into()),
        }
    }

    /// What a passkey shows in a second step, or for step-up.
    pub(super) fn shown_by_passkey(
        &self,
        view: &AccountView,
        token: &str,
        purpose: Purpose,
        answer: &Assertion,
    ) -> Result<Proof, AuthError> {
        Ok(self.used(view, token, purpose, answer)?.map_or(Proof::Wrong, |(id, used)| Proof::Passkey { id, used }))
    }

    fn used(
        &self,
        view: &AccountView,
        token: &str,
        purpose: Purpose,
        answer: &Assertion,
    ) -> Result<Option<(FactorId, PasskeyUse)>, AuthError> {
        let shop = self.shop()?;
        let Some(question) = self.0.ceremonies.open(token, purpose, self.now()) else { return Ok(None) };
        let known = view.factors.passkeys().find(|(_, passkey)| passkey.credential == answer.credential);
        let (nobody, id) = (CosePublicKey(NOBODY.to_owned()), known.map(|(Factor { id, .. }, _)| *id));
        let key = known.map_or(&nobody, |(_, passkey)| &passkey.key);
        Ok(id.zip(answer.verified(key, shop, &question)))
    }

    fn ask(&self, purpose: Purpose, credentials: Vec<CredentialId>) -> Result<Asked, AuthError> {
        let domain = self.shop()?.id.clone();
        let (token, question) = self.0.ceremonies.ask(purpose, self.now()).map_err(no_entropy)?;
        Ok(Asked { token, challenge: question.challenge.to_vec(), domain, credentials })
    }
}

fn credentials(view: &AccountView) -> Vec<CredentialId> {
    view.factors.passkeys().map(|(_, passkey)| passkey.credential.clone()).collect()
}
