//! The one effect of a session: its account is told of an end that it does not know of.

use super::{Session, SessionCommand, SessionEnd};
use crate::domain::{
    account::AccountCommand,
    effect::{EffectOf, Outcome, Request},
    ids::{SessionId, UserId},
    key::EntityKey,
    kinds::{AnyCommand, Kind},
};

#[derive(Clone, Debug, PartialEq)]
pub enum SessionEffect {
    TellAccount { user: UserId, session: SessionId },
}

impl Session {
    /// The account ordered a log-out itself.
    pub(super) fn owes_account(&self) -> bool {
        let by_itself = matches!(self.ended, Some((SessionEnd::Idle | SessionEnd::Reused, _)));
        by_itself && !self.told && self.opened.is_some()
    }

    pub(super) fn pending_effect(&self) -> Option<SessionEffect> {
        let opened = self.opened.as_ref().filter(|_| self.owes_account())?;
        Some(SessionEffect::TellAccount { user: opened.user, session: opened.session })
    }
}

impl EffectOf<Session> for SessionEffect {
    fn id(&self) -> String {
        "tell_account".to_owned()
    }

    fn request(&self) -> Request {
        let Self::TellAccount { user, session } = self;
        let command = AccountCommand::EndSessions { sessions: vec![*session] };
        Request::Entity(EntityKey::new(Kind::Account, user.to_string()), AnyCommand::Account(command))
    }

    fn outcome(&self, outcome: Outcome) -> Option<SessionCommand> {
        match outcome {
            // Refused by an account that is no more.
            Outcome::Accepted(_) | Outcome::Refused(_) => Some(SessionCommand::AccountTold),
            Outcome::External(_) => None,
        }
    }

    fn outcome_may_wait(&self) -> bool {
        false
    }

    fn reads_view(&self) -> bool {
        false
    }
}
