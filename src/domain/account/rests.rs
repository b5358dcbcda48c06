//! The outcomes that an account's events rest on: of its claims, its releases and its mails.

use super::{Account, AccountEvent, Claim, LinkEvent, effects::holder};
use crate::domain::{
    email::{Email, Holder},
    identity_link::IdentityLink,
    ids::UserId,
    mail::Mail,
    rests::Rest,
    role::RoleName,
};

impl Account {
    /// What a change of roles states for the entity that counts superadmins.
    pub const PROMOTED: &str = "promoted";
    pub const DEMOTED: &str = "demoted";

    pub(super) fn stated(&self, event: &AccountEvent) -> Option<&'static str> {
        let AccountEvent::RolesSet { roles } = event else { return None };
        match (self.is_superadmin(), roles.contains(RoleName::SUPERADMIN)) {
            (false, true) => Some(Self::PROMOTED),
            (true, false) => Some(Self::DEMOTED),
            (true, true) | (false, false) => None,
        }
    }

    pub(super) fn outcomes(&self, event: &AccountEvent) -> Vec<Rest> {
        let Some(user) = self.user else { return Vec::new() };
        let of = |claim: Option<Claim>, what: fn(Holder) -> String| {
            claim.map(|claim| Rest::on(claim.mailbox.key(), what(holder(user, &claim))))
        };
        let rest = match event {
            AccountEvent::EmailClaimed { .. } => of(self.claiming(), Email::claimed_by),
            AccountEvent::EmailReleased { claim } => {
                let releasing = self.releasing.iter().find(|releasing| releasing.claim == *claim);
                // An address that was claimed anew meanwhile is given back in silence.
                of(releasing.cloned(), Email::released_by).map(Rest::perhaps)
            }
            AccountEvent::MailQueued { mail } => Some(Rest::on(mail.id(user).key(), Mail::QUEUED.to_owned())),
            AccountEvent::Links(event) => self.outcome_of_link(user, event),
            AccountEvent::Registered { .. }
            | AccountEvent::PasswordSet { .. }
            | AccountEvent::Begun { .. }
            | AccountEvent::EmailRefused { .. }
            | AccountEvent::PasswordKept { .. }
            | AccountEvent::PasswordChanged { .. }
            | AccountEvent::SessionOpened { .. }
            | AccountEvent::SessionsEnded { .. }
            | AccountEvent::TokenAsked { .. }
            | AccountEvent::EmailVerified { .. }
            | AccountEvent::EmailChangeConfirmed { .. }
            | AccountEvent::ProfileSet { .. }
            | AccountEvent::AddressKept { .. }
            | AccountEvent::AddressRemoved { .. }
            | AccountEvent::RolesSet { .. }
            | AccountEvent::Disabled { .. }
            | AccountEvent::Enabled { .. }
            | AccountEvent::Erased { .. }
            | AccountEvent::Reclaimed { .. }
            | AccountEvent::Factors(_) => None,
        };
        rest.into_iter().collect()
    }

    fn outcome_of_link(&self, user: UserId, event: &LinkEvent) -> Option<Rest> {
        match event {
            LinkEvent::Claimed { claim } => {
                let claiming = self.links.claiming().find(|claiming| claiming.claim == *claim)?;
                Some(Rest::on(claiming.subject.key(), IdentityLink::claimed_by(claiming.holder(user))))
            }
            LinkEvent::Released { claim } => {
                let releasing = self.links.releasing(*claim)?;
                Some(Rest::on(releasing.subject.key(), IdentityLink::released_by(releasing.holder(user))).perhaps())
            }
            LinkEvent::Begun { .. } | LinkEvent::Refused { .. } | LinkEvent::Removed { .. } => None,
        }
    }
}
