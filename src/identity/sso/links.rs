//! An account's own links: made by who is signed in, or by a mail's link, and removed.

use super::{
    AccountCommand, AccountError, AccountView, Identity, LinkCommand, Principal, Subject, UserId, in_this_moment,
};
use crate::{
    domain::{account::Link, ids::SessionId},
    identity::{AuthError, TokenFault},
};

impl Identity {
    /// Whoever began it is signed in still, and it comes back to their own browser ([`Flows`](super::Flows)).
    pub async fn link(&self, user: UserId, session: SessionId, subject: Subject) -> Result<(), AccountError> {
        if self.0.standings.of(session, user).is_none() {
            return Err(AuthError::InvalidToken(TokenFault::Ended).into());
        }
        let view = self.tell_link(user, LinkCommand::Begin { subject: subject.clone() }).await?;
        made(&view, |link| link.subject == subject)
    }

    /// By the text of a mail's link, which the account's owner alone has.
    pub async fn confirm_link(&self, text: &str) -> Result<(), AccountError> {
        let (user, token) = self.0.links.read(text).ok_or(AccountError::BadLink)?;
        let before = self.0.accounts.account(&user.to_string()).await?.links;
        let view = self.by_link(user, AccountCommand::Links(LinkCommand::Confirm { token })).await?;
        // Sessions of before may have ended.
        self.heard_here(user).await;
        made(&view, |link| before.iter().all(|known| known.claim != link.claim))
    }

    pub async fn remove_link(&self, who: &Principal, provider: &str) -> Result<(), AccountError> {
        self.stepped_up(who)?;
        self.tell_link(who.user, LinkCommand::Remove { provider: provider.into() }).await?;
        Ok(())
    }
}

/// What became of a link that was begun.
fn made(view: &AccountView, is_it: impl Fn(&Link) -> bool) -> Result<(), AccountError> {
    match view.links.iter().find(|link| is_it(link)) {
        Some(link) if link.held => Ok(()),
        Some(_) => Err(in_this_moment("the link was not claimed in time")),
        None => Err(AccountError::LinkTaken),
    }
}
