//! What an account answers about its links.

use super::{LinkCommand as C, LinkEvent as L, LinkRejection as R};
use crate::domain::{
    account::{Account, AccountEvent as E, AccountRejection, Right, decide::asked},
    identity_link::Subject,
    ids::TokenId,
    time::Timestamp,
};

type Decided = Result<Vec<E>, AccountRejection>;

impl Account {
    pub(in crate::domain::account) fn decide_links(&self, command: &C, now: Timestamp) -> Decided {
        match command {
            C::Begin { subject } => self.link(subject, now),
            C::Ask { subject, token } => {
                self.enabled()?;
                Ok(asked(*token, Right::Link { subject: subject.clone() }, now))
            }
            C::Confirm { token } => self.confirm_link(*token, now),
            C::Remove { provider } => {
                let known = self.links.list.iter().find(|link| link.held && link.subject.provider == *provider);
                Ok(vec![L::Removed { claim: known.ok_or(R::Unknown)?.claim, at: now }.into()])
            }
            C::Enter { subject, session } => {
                let held = self.links.list.iter().any(|link| link.held && link.subject == *subject);
                held.then_some(()).ok_or(R::Unknown)?;
                self.enabled()?;
                Ok(self.entered(*session, now))
            }
            C::Claimed { claim } => Ok(self.granted(*claim, L::Claimed { claim: *claim })),
            C::Refused { claim } => Ok(self.granted(*claim, L::Refused { claim: *claim })),
            C::Released { claim } => {
                let known = self.links.releasing(*claim).is_some();
                Ok(known.then(|| L::Released { claim: *claim }.into()).into_iter().collect())
            }
        }
    }

    /// The first step of a link: its claim is made next. A repetition changes nothing.
    fn link(&self, subject: &Subject, now: Timestamp) -> Decided {
        self.enabled()?;
        let (list, max) = (&self.links.list, Self::LINKS_MAX);
        match list.iter().find(|link| link.subject.provider == subject.provider) {
            Some(link) if link.subject == *subject => Ok(vec![]),
            Some(_) => Err(R::Linked.into()),
            None if list.len() + self.links.releasing.len() >= max => Err(R::TooMany { max }.into()),
            None => Ok(vec![self.begun_link(subject, self.claims, now)]),
        }
    }

    /// `claims`: those of before.
    pub(in crate::domain::account) fn begun_link(&self, subject: &Subject, claims: u32, now: Timestamp) -> E {
        L::Begun { subject: subject.clone(), claim: claims.saturating_add(1), at: now }.into()
    }

    /// Whoever follows the mail's link owns the address. Where nobody had proven it, the account may have been made by
    /// another who knew the address only, and waits for its owner: what that one can log in with ends first.
    fn confirm_link(&self, token: TokenId, now: Timestamp) -> Decided {
        let of = |right: &Right| match right {
            Right::Link { subject } => Some(subject.clone()),
            Right::VerifyEmail | Right::ResetPassword | Right::ChangeEmail { .. } => None,
        };
        let subject = self.right(token, now, of)?;
        if self.links.list.iter().any(|link| link.subject == subject) {
            return Err(R::Linked.into());
        }
        if self.verified {
            return self.link(&subject, now);
        }
        self.enabled()?;
        if self.links.claiming().next().is_some() {
            return Err(R::UnderWay.into());
        }
        let mut events = vec![E::Reclaimed { at: now }];
        events.extend(self.ending(|_| true));
        events.push(self.begun_link(&subject, self.claims, now));
        Ok(events)
    }

    /// An outcome of a claim that is under way, and of no other.
    fn granted(&self, claim: u32, event: L) -> Vec<E> {
        self.links.claiming().any(|claiming| claiming.claim == claim).then(|| event.into()).into_iter().collect()
    }
}

impl From<L> for E {
    fn from(event: L) -> Self {
        Self::Links(event)
    }
}
