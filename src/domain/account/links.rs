//! An account's links to persons at OpenID providers, with whose word alone its owner may log in.
//!
//! A link is had once the person's own entity ([`identity_link`]) has granted it, so no two accounts have one; before, it
//! opens nothing. Of one provider an account has one link. It is begun by its owner: signed in, by the link of a mail to
//! the account's address, or by the very registration.
//!
//! [`identity_link`]: crate::domain::identity_link

mod decide;
mod protocol;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::protocol::{LinkCommand, LinkEvent, LinkRejection};
use super::{Account, AccountEffect};
use crate::domain::{email::Holder, identity_link::Subject, ids::UserId, time::Timestamp};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Links {
    list: Arc<Vec<Link>>,
    /// What is to be given back.
    releasing: Vec<LinkClaim>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    pub subject: Subject,
    /// Counts the account's claims, those of addresses too.
    pub claim: u32,
    /// Granted: before, it opens nothing.
    pub held: bool,
    pub since: Timestamp,
}

/// One person on their way into an account, or out of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkClaim {
    pub subject: Subject,
    pub claim: u32,
}

impl LinkClaim {
    pub(super) fn holder(&self, user: UserId) -> Holder {
        Holder { user, claim: self.claim }
    }
}

impl Account {
    /// Links at once; a further one is refused.
    pub const LINKS_MAX: usize = 10;

    pub(super) fn pending_links(&self, user: UserId) -> impl Iterator<Item = AccountEffect> {
        let claims = self.links.claiming().map(move |claim| AccountEffect::ClaimLink { user, claim });
        let releases = self.links.releasing.iter().cloned();
        claims.chain(releases.map(move |claim| AccountEffect::ReleaseLink { user, claim }))
    }
}

impl Links {
    pub fn view(&self) -> Arc<Vec<Link>> {
        self.list.clone()
    }

    pub fn any_held(&self) -> bool {
        self.list.iter().any(|link| link.held)
    }

    pub fn claiming(&self) -> impl Iterator<Item = LinkClaim> {
        let begun = self.list.iter().filter(|link| !link.held);
        begun.map(|link| LinkClaim { subject: link.subject.clone(), claim: link.claim })
    }

    pub fn releasing(&self, claim: u32) -> Option<&LinkClaim> {
        self.releasing.iter().find(|releasing| releasing.claim == claim)
    }

    pub fn apply(&mut self, event: &LinkEvent) {
        match event {
            LinkEvent::Begun { subject, claim, at } => Arc::make_mut(&mut self.list).push(Link {
                subject: subject.clone(),
                claim: *claim,
                held: false,
                since: *at,
            }),
            LinkEvent::Claimed { claim } => self.hold(*claim),
            LinkEvent::Refused { claim } => Arc::make_mut(&mut self.list).retain(|link| link.claim != *claim),
            LinkEvent::Removed { claim, .. } => self.release(|link| link.claim == *claim),
            LinkEvent::Released { claim } => self.releasing.retain(|releasing| releasing.claim != *claim),
        }
    }

    /// Everything that is held is to be given back.
    pub fn release_all(&mut self) {
        self.release(|link| link.held);
    }

    /// The same with what is still on its way to this account.
    pub fn given_back(mut self) -> Self {
        self.release(|_| true);
        self
    }

    fn hold(&mut self, claim: u32) {
        if let Some(link) = Arc::make_mut(&mut self.list).iter_mut().find(|link| link.claim == claim) {
            link.held = true;
        }
    }

    fn release(&mut self, which: impl Fn(&Link) -> bool) {
        let list = Arc::make_mut(&mut self.list);
        let gone = list.iter().filter(|link| which(link));
        self.releasing.extend(gone.map(|link| LinkClaim { subject: link.subject.clone(), claim: link.claim }));
        list.retain(|link| !which(link));
    }
}
