//! Log-in by another's word: a provider vouches for a person, and here is judged which account that opens.
//!
//! - A person who is linked opens the account that they are linked with. Its second factor is asked for as after a
//!   password.
//! - Else their address decides, where the provider vouches for it: one that no account has makes an account; the owner
//!   of one that has it is asked by a mail, for who made an account need not be who owns its address.
//! - Whoever is signed in links by a fresh proof, whatever the provider says of an address.
//!
//! Deliberately absent: the providers (`connectors::oidc`).

mod flow;
mod links;

use std::collections::BTreeSet;

use axum::http::HeaderMap;

use super::{AccountError, AccountsFault, Client, Entered, Identity, Principal, cookies};
use crate::domain::{
    account::{AccountCommand, AccountStatus, AccountView, LinkCommand, LinkRejection},
    email::Mailbox,
    identity_link::{Subject, Vouched},
    ids::{SessionId, UserId},
    role::RoleName,
    session::Method,
};

pub(super) use self::flow::Flows;
pub use self::flow::{Begun, Purpose, Resumed, is_own_path};

/// How long the link of a mail that asks an account's owner is good for.
const ASK_MS: i64 = 60 * 60_000;

impl Identity {
    /// Who has come from a provider logs in. Errors: `Unverified`, `OwnerAsked`, `Disabled`, `TooManyAttempts`,
    /// `Unavailable`.
    pub async fn enter_by_provider(&self, vouched: Vouched, client: &Client) -> Result<Entered, AccountError> {
        let subject = self.subject(&vouched);
        if let Some(user) = self.0.accounts.linked(&subject).await? {
            return self.enter_linked(user, &subject, &vouched, client).await;
        }
        let verified = vouched.verified.then_some(vouched.mailbox.as_ref()).flatten();
        // As this shop names it: the provider's word is an address.
        let mailbox = &verified.and_then(|told| self.mailbox(&told.shown)).ok_or(AccountError::Unverified)?;
        let found = self.find(mailbox).await?;
        match found.exists() {
            // Its owner has just agreed, and the claim is on its way.
            true if found.view.links.iter().any(|link| link.subject == subject) => {
                self.tell_link(found.user, LinkCommand::Begin { subject: subject.clone() }).await?;
                self.enter_linked(found.user, &subject, &vouched, client).await
            }
            true => self.ask_owner(found.user, mailbox, subject, client).await,
            false => {
                let user = self.register_linked(mailbox, &subject, &vouched, client).await?;
                self.enter_linked(user, &subject, &vouched, client).await
            }
        }
    }

    /// A log-in begins, in this browser. `linking`: it is to link the account of who is signed in. `None`: the page to
    /// return to is none of the shop's own.
    pub fn begin_flow(&self, provider: &str, return_to: &str, linking: Option<&Principal>) -> Option<Begun> {
        let purpose = match linking {
            None => Purpose::LogIn,
            Some(who) => Purpose::Link { user: who.user, session: Self::own_session(who).ok()? },
        };
        self.0.flows.begin(self.fresh_id(), provider, return_to, purpose, self.now())
    }

    /// It is back in the browser that it began in. Not counted as a guess: another site can make any browser come here.
    pub fn resume_flow(&self, headers: &HeaderMap, provider: &str, state: &str) -> Result<Resumed, AccountError> {
        let resumed =
            cookies::flow(headers).and_then(|cookie| self.0.flows.resume(cookie, provider, state, self.now()));
        resumed.ok_or(AccountError::NotBegun)
    }

    /// `work` asks a provider about what a browser brought: each that comes to nothing by the browser's doing counts for its
    /// address, and each further one waits longer.
    pub async fn asking_provider<T, E>(
        &self,
        client: &Client,
        work: impl Future<Output = Result<T, E>>,
        is_their_doing: fn(&E) -> bool,
    ) -> Result<Result<T, E>, AccountError> {
        let attempt = self.0.throttle.admit(client.throttled(), self.now()).map_err(AccountError::too_many)?;
        let done = work.await;
        match &done {
            Ok(_) => attempt.succeeded(self.now()),
            Err(error) if is_their_doing(error) => attempt.failed(self.now()),
            Err(_) => {}
        }
        Ok(done)
    }

    /// As this shop names them.
    pub fn subject(&self, vouched: &Vouched) -> Subject {
        self.0.addresses.subject(vouched)
    }

    async fn enter_linked(
        &self,
        user: UserId,
        subject: &Subject,
        vouched: &Vouched,
        client: &Client,
    ) -> Result<Entered, AccountError> {
        let session = SessionId(self.fresh_id());
        let command = LinkCommand::Enter { subject: subject.clone(), session };
        let view = self.tell_link(user, command).await.map_err(|error| match error {
            // Given back, or given to another, in this moment.
            AccountError::Link(LinkRejection::Unknown) => in_this_moment("the link was changed"),
            error => error,
        })?;
        // A provider that does not tell when it last asked them may have done so long ago.
        let proven_at = Some(vouched.authenticated_at.unwrap_or_default().min(self.now()));
        Ok(self.entered_by(&view, user, session, Method::Sso, proven_at, client).await?)
    }

    async fn register_linked(
        &self,
        mailbox: &Mailbox,
        subject: &Subject,
        vouched: &Vouched,
        client: &Client,
    ) -> Result<UserId, AccountError> {
        self.0.registrations.take(&client.throttled(), self.now()).map_err(AccountError::too_many)?;
        let user = UserId(self.fresh_id());
        let command = AccountCommand::RegisterLinked {
            user,
            mailbox: mailbox.clone(),
            name: vouched.name.clone(),
            roles: BTreeSet::from([RoleName::customer()]),
            subject: Box::new(subject.clone()),
        };
        let view = self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await?;
        match view.status {
            AccountStatus::Registered => Ok(user),
            AccountStatus::GivenUp => Err(in_this_moment("another request took the address")),
            AccountStatus::None | AccountStatus::Old | AccountStatus::Registering | AccountStatus::Erased => {
                Err(in_this_moment("the address was not claimed in time"))
            }
        }
    }

    /// The caller is told that a mail is on its way: the provider has proven that the address is theirs.
    async fn ask_owner(
        &self,
        user: UserId,
        mailbox: &Mailbox,
        subject: Subject,
        client: &Client,
    ) -> Result<Entered, AccountError> {
        self.may_write(&mailbox.address, client)?;
        let token = self.new_token(ASK_MS);
        self.tell_link(user, LinkCommand::Ask { subject, token }).await?;
        Err(AccountError::OwnerAsked)
    }

    async fn tell_link(&self, user: UserId, command: LinkCommand) -> Result<AccountView, AccountError> {
        let command = AccountCommand::Links(command);
        Ok(self.0.accounts.tell(&user.to_string(), command, self.asking_of(user)).await?)
    }
}

/// The next try finds it otherwise.
fn in_this_moment(reason: &str) -> AccountError {
    AccountsFault::Unavailable { retry_after_ms: 1000, reason: reason.to_owned() }.into()
}
