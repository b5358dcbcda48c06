//! The claim on one person at one OpenID provider: which account they log in to.
//!
//! Two accounts that want one person are decided here, by one owner in one order, as those that want one address are
//! ([`email`]): the first has it until it gives it back. Deliberately absent: how a provider proves who has come
//! (`connectors::oidc`), and who may link (`identity::sso`).
//!
//! [`email`]: super::email

mod subject;

use serde::{Deserialize, Serialize};

pub use self::subject::{Subject, Vouched};
use super::{
    effect::NoEffect,
    email::Holder,
    entity::{Entity, Work},
    kinds::Kind,
    time::Timestamp,
};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdentityLink {
    holder: Option<Holder>,
    /// Of the newest change; zero: there never was one.
    since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityLinkCommand {
    Claim(Holder),
    Release(Holder),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityLinkEvent {
    Claimed { holder: Holder, at: Timestamp },
    Released { holder: Holder, at: Timestamp },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityLinkRejection {
    #[error("another account is linked with them")]
    Taken,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdentityLinkView {
    pub holder: Option<Holder>,
    pub since: Timestamp,
}

impl IdentityLink {
    /// What `Claimed` states for the account that asked.
    pub fn claimed_by(holder: Holder) -> String {
        format!("claimed/{}/{}", holder.user, holder.claim)
    }

    pub fn released_by(holder: Holder) -> String {
        format!("released/{}/{}", holder.user, holder.claim)
    }
}

impl Entity for IdentityLink {
    const KIND: Kind = Kind::IdentityLink;
    type Command = IdentityLinkCommand;
    type Event = IdentityLinkEvent;
    type Rejection = IdentityLinkRejection;
    type View = IdentityLinkView;
    type Effect = NoEffect;

    fn decide(
        &self,
        command: &IdentityLinkCommand,
        now: Timestamp,
    ) -> Result<Vec<IdentityLinkEvent>, IdentityLinkRejection> {
        match (command, self.holder) {
            (IdentityLinkCommand::Claim(asked), Some(holder)) if holder.user != asked.user => {
                Err(IdentityLinkRejection::Taken)
            }
            (IdentityLinkCommand::Claim(asked), Some(holder)) if holder.claim >= asked.claim => Ok(vec![]),
            (IdentityLinkCommand::Claim(asked), Some(_) | None) => {
                Ok(vec![IdentityLinkEvent::Claimed { holder: *asked, at: now }])
            }
            (IdentityLinkCommand::Release(asked), Some(holder)) if holder == *asked => {
                Ok(vec![IdentityLinkEvent::Released { holder, at: now }])
            }
            (IdentityLinkCommand::Release(_), Some(_) | None) => Ok(vec![]),
        }
    }

    fn apply(&mut self, event: &IdentityLinkEvent) {
        *self = match event {
            IdentityLinkEvent::Claimed { holder, at } => Self { holder: Some(*holder), since: *at },
            IdentityLinkEvent::Released { at, .. } => Self { holder: None, since: *at },
        }
    }

    fn view(&self) -> IdentityLinkView {
        IdentityLinkView { holder: self.holder, since: self.since }
    }

    /// Both come as an account's steps; from outside nobody sends one.
    fn work(command: &IdentityLinkCommand) -> Work {
        match command {
            IdentityLinkCommand::Claim(_) | IdentityLinkCommand::Release(_) => Work::Owed,
        }
    }

    /// Only one that nobody ever had, as with an address.
    fn is_forgotten(&self) -> bool {
        *self == Self::default()
    }

    fn states(&self, event: &IdentityLinkEvent) -> Option<(String, u8)> {
        Some(match event {
            IdentityLinkEvent::Claimed { holder, .. } => (Self::claimed_by(*holder), 0),
            IdentityLinkEvent::Released { holder, .. } => (Self::released_by(*holder), 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{ids::UserId, testing::given};

    fn by(user: u128, claim: u32) -> Holder {
        Holder { user: UserId(Uuid::from_u128(user)), claim }
    }

    fn claimed(user: u128, claim: u32) -> IdentityLinkEvent {
        IdentityLinkEvent::Claimed { holder: by(user, claim), at: Timestamp(5) }
    }

    fn released(user: u128, claim: u32) -> IdentityLinkEvent {
        IdentityLinkEvent::Released { holder: by(user, claim), at: Timestamp(5) }
    }

    #[test]
    fn the_first_has_the_person_until_it_gives_them_back() {
        let claim = |user, claim| IdentityLinkCommand::Claim(by(user, claim));
        given::<IdentityLink>([]).at(5).when(claim(1, 1)).then([claimed(1, 1)]);
        given::<IdentityLink>([claimed(1, 1)]).at(5).when(claim(1, 1)).then_nothing();
        given::<IdentityLink>([claimed(1, 1)]).at(5).when(claim(2, 1)).then_rejected(IdentityLinkRejection::Taken);
        given::<IdentityLink>([claimed(1, 1), released(1, 1)]).at(5).when(claim(2, 1)).then([claimed(2, 1)]);
    }

    #[test]
    fn nobody_gives_back_what_another_has_or_what_was_claimed_anew() {
        let release = |user, claim| IdentityLinkCommand::Release(by(user, claim));
        given::<IdentityLink>([claimed(1, 1)]).at(5).when(release(1, 1)).then([released(1, 1)]);
        given::<IdentityLink>([claimed(1, 1)]).at(5).when(release(2, 1)).then_nothing();
        given::<IdentityLink>([]).at(5).when(release(1, 1)).then_nothing();
        given::<IdentityLink>([claimed(1, 1), claimed(1, 3)]).at(5).when(release(1, 1)).then_nothing();
    }
}
