//! Who is superadmin, as far as there must always be one: one entity decides each promotion and each demotion, so that two
//! who take the role from each other at once do not both succeed.
//!
//! The account carries the role and takes it on and off only as a step of this entity; while it has the role it cannot be
//! disabled. Promotion and demotion are processes: asked here, done by the account, known here. Invariant: of those whose
//! promotion is confirmed and whose demotion was not asked, at least one is left, once there was one. Deliberately
//! absent: whether the author may (the use case asks), and what the role grants (`identity::permission`).

mod effects;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::effects::SuperadminsEffect;
use super::{
    entity::{Entity, Work},
    ids::UserId,
    key::EntityKey,
    kinds::Kind,
    rests::Rest,
    time::Timestamp,
};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Superadmins {
    holders: BTreeMap<UserId, Holder>,
    /// Promotions and demotions so far: each step has a number of its own.
    steps: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub standing: Standing,
    step: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The account does not have the role yet.
    Promoting,
    Superadmin,
    /// The account may still have the role; nobody counts on it.
    Demoting,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuperadminsCommand {
    Promote { user: UserId },
    Demote { user: UserId },
    Promoted { user: UserId, step: u32 },
    PromotionRefused { user: UserId, step: u32 },
    Demoted { user: UserId, step: u32 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuperadminsEvent {
    PromotionAsked { user: UserId, step: u32 },
    Promoted { user: UserId, step: u32 },
    PromotionRefused { user: UserId, step: u32 },
    DemotionAsked { user: UserId, step: u32 },
    Demoted { user: UserId, step: u32 },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuperadminsRejection {
    #[error("there must always be a superadmin, and this is the last one")]
    Last,
    #[error("there are at most {max} superadmins")]
    TooMany { max: usize },
    #[error("a promotion or demotion of this account is under way")]
    UnderWay,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SuperadminsView {
    pub holders: BTreeMap<UserId, Holder>,
}

impl SuperadminsView {
    pub fn standing(&self, user: UserId) -> Option<Standing> {
        self.holders.get(&user).map(|holder| holder.standing)
    }

    /// Nothing of this account is under way.
    pub fn is_settled(&self, user: UserId) -> bool {
        self.standing(user).is_none_or(|standing| standing == Standing::Superadmin)
    }
}

impl Superadmins {
    /// The one entity of the kind.
    pub const ID: &str = "all";
    pub const MAX: usize = 100;

    pub fn key() -> EntityKey {
        EntityKey::new(Kind::Superadmins, Self::ID)
    }

    fn has_another_than(&self, user: UserId) -> bool {
        self.holders.iter().any(|(of, holder)| *of != user && holder.standing == Standing::Superadmin)
    }

    /// An outcome of the step that is under way, and of no older one.
    fn awaits(&self, user: UserId, step: u32, standing: Standing) -> bool {
        self.holders.get(&user) == Some(&Holder { standing, step })
    }
}

impl Entity for Superadmins {
    const KIND: Kind = Kind::Superadmins;
    type Command = SuperadminsCommand;
    type Event = SuperadminsEvent;
    type Rejection = SuperadminsRejection;
    type View = SuperadminsView;
    type Effect = SuperadminsEffect;

    /// Staff's.
    fn work(command: &SuperadminsCommand) -> Work {
        match command {
            SuperadminsCommand::Promote { .. }
            | SuperadminsCommand::Demote { .. }
            | SuperadminsCommand::Promoted { .. }
            | SuperadminsCommand::PromotionRefused { .. }
            | SuperadminsCommand::Demoted { .. } => Work::Owed,
        }
    }

    fn decide(
        &self,
        command: &SuperadminsCommand,
        _: Timestamp,
    ) -> Result<Vec<SuperadminsEvent>, SuperadminsRejection> {
        use Standing as S;
        use SuperadminsCommand as C;
        use SuperadminsEvent as E;
        let next = self.steps + 1;
        let outcome = |awaited: bool, event: E| Ok(awaited.then_some(event).into_iter().collect());
        match *command {
            C::Promote { user } => match self.holders.get(&user).map(|holder| holder.standing) {
                Some(S::Promoting | S::Superadmin) => Ok(vec![]),
                Some(S::Demoting) => Err(SuperadminsRejection::UnderWay),
                None if self.holders.len() >= Self::MAX => Err(SuperadminsRejection::TooMany { max: Self::MAX }),
                None => Ok(vec![E::PromotionAsked { user, step: next }]),
            },
            C::Demote { user } => match self.holders.get(&user).map(|holder| holder.standing) {
                None | Some(S::Demoting) => Ok(vec![]),
                Some(S::Promoting) => Err(SuperadminsRejection::UnderWay),
                Some(S::Superadmin) if !self.has_another_than(user) => Err(SuperadminsRejection::Last),
                Some(S::Superadmin) => Ok(vec![E::DemotionAsked { user, step: next }]),
            },
            C::Promoted { user, step } => outcome(self.awaits(user, step, S::Promoting), E::Promoted { user, step }),
            C::PromotionRefused { user, step } => {
                outcome(self.awaits(user, step, S::Promoting), E::PromotionRefused { user, step })
            }
            C::Demoted { user, step } => outcome(self.awaits(user, step, S::Demoting), E::Demoted { user, step }),
        }
    }

    fn apply(&mut self, event: &SuperadminsEvent) {
        let standing = match event {
            SuperadminsEvent::PromotionAsked { .. } => Some(Standing::Promoting),
            SuperadminsEvent::Promoted { .. } => Some(Standing::Superadmin),
            SuperadminsEvent::DemotionAsked { .. } => Some(Standing::Demoting),
            SuperadminsEvent::PromotionRefused { .. } | SuperadminsEvent::Demoted { .. } => None,
        };
        let (user, step) = event.of();
        self.steps = self.steps.max(step);
        match standing {
            Some(standing) => _ = self.holders.insert(user, Holder { standing, step }),
            None => _ = self.holders.remove(&user),
        }
    }

    fn view(&self) -> SuperadminsView {
        SuperadminsView { holders: self.holders.clone() }
    }

    fn effects(&self) -> Vec<SuperadminsEffect> {
        self.pending_effects()
    }

    fn rests_on(&self, event: &SuperadminsEvent) -> Vec<Rest> {
        effects::outcome_of(event)
    }
}

impl SuperadminsEvent {
    /// Whom it is about, and its step.
    fn of(&self) -> (UserId, u32) {
        match *self {
            Self::PromotionAsked { user, step }
            | Self::Promoted { user, step }
            | Self::PromotionRefused { user, step }
            | Self::DemotionAsked { user, step }
            | Self::Demoted { user, step } => (user, step),
        }
    }
}
