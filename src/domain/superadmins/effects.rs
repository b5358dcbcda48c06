//! The steps that accounts are asked for: to take the role on, or off.

use super::{Standing, Superadmins, SuperadminsCommand, SuperadminsEvent};
use crate::domain::{
    account::{Account, AccountCommand},
    effect::{EffectOf, Outcome, Request},
    ids::UserId,
    key::EntityKey,
    kinds::{AnyCommand, Kind},
    rests::Rest,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SuperadminsEffect {
    Promote { user: UserId, step: u32 },
    Demote { user: UserId, step: u32 },
}

impl Superadmins {
    pub(super) fn pending_effects(&self) -> Vec<SuperadminsEffect> {
        let pending = self.holders.iter().filter_map(|(user, holder)| match holder.standing {
            Standing::Promoting => Some(SuperadminsEffect::Promote { user: *user, step: holder.step }),
            Standing::Demoting => Some(SuperadminsEffect::Demote { user: *user, step: holder.step }),
            Standing::Superadmin => None,
        });
        pending.collect()
    }
}

/// The account's word that an event rests on; an account that had the role already, or none, says nothing.
pub(super) fn outcome_of(event: &SuperadminsEvent) -> Vec<Rest> {
    let (user, what) = match event {
        SuperadminsEvent::Promoted { user, .. } => (user, Account::PROMOTED),
        SuperadminsEvent::Demoted { user, .. } => (user, Account::DEMOTED),
        SuperadminsEvent::PromotionAsked { .. }
        | SuperadminsEvent::PromotionRefused { .. }
        | SuperadminsEvent::DemotionAsked { .. } => return Vec::new(),
    };
    vec![Rest::on(account(*user), what.to_owned()).perhaps()]
}

fn account(user: UserId) -> EntityKey {
    EntityKey::new(Kind::Account, user.to_string())
}

impl EffectOf<Superadmins> for SuperadminsEffect {
    fn id(&self) -> String {
        match self {
            Self::Promote { step, .. } => format!("promote/{step}"),
            Self::Demote { step, .. } => format!("demote/{step}"),
        }
    }

    fn request(&self) -> Request {
        let (user, command) = match *self {
            Self::Promote { user, .. } => (user, AccountCommand::Promote),
            Self::Demote { user, .. } => (user, AccountCommand::Demote),
        };
        Request::Entity(account(user), AnyCommand::Account(command))
    }

    fn outcome(&self, outcome: Outcome) -> Option<SuperadminsCommand> {
        match (*self, outcome) {
            (_, Outcome::External(_)) => None,
            (Self::Promote { user, step }, Outcome::Accepted(_)) => Some(SuperadminsCommand::Promoted { user, step }),
            (Self::Promote { user, step }, Outcome::Refused(_)) => {
                Some(SuperadminsCommand::PromotionRefused { user, step })
            }
            // An account that is no more has no role either.
            (Self::Demote { user, step }, Outcome::Accepted(_) | Outcome::Refused(_)) => {
                Some(SuperadminsCommand::Demoted { user, step })
            }
        }
    }

    fn outcome_may_wait(&self) -> bool {
        false
    }

    fn reads_view(&self) -> bool {
        false
    }
}
