//! The one effect of an erasure: to be done, until it was.

use super::{ERASURE_CONNECTOR, Erasure, ErasureAnswer, ErasureCall, ErasureCommand};
use crate::domain::{
    effect::{EffectOf, Outcome, Request},
    external::{AnyAnswer, ExternalCall},
    personal::Subject,
};

#[derive(Clone, Debug, PartialEq)]
pub enum ErasureEffect {
    Erase { subject: Subject, round: u32 },
}

impl Erasure {
    pub(super) fn pending_effect(&self) -> Option<ErasureEffect> {
        let (subject, _) = self.asked.filter(|_| self.done_at.is_none())?;
        Some(ErasureEffect::Erase { subject, round: self.round })
    }
}

impl EffectOf<Erasure> for ErasureEffect {
    fn id(&self) -> String {
        let Self::Erase { round, .. } = self;
        format!("erase/{round}")
    }

    fn request(&self) -> Request {
        let Self::Erase { subject, .. } = *self;
        Request::External(ExternalCall {
            connector: ERASURE_CONNECTOR.to_owned(),
            port: ErasureCall { subject }.into(),
        })
    }

    fn outcome(&self, outcome: Outcome) -> Option<ErasureCommand> {
        let Self::Erase { round, .. } = *self;
        match outcome {
            Outcome::External(AnyAnswer::Erasure(ErasureAnswer::Done)) => Some(ErasureCommand::Done { round }),
            Outcome::External(AnyAnswer::Payment(_) | AnyAnswer::Mail(_))
            | Outcome::Accepted(_)
            | Outcome::Refused(_) => None,
        }
    }

    fn outcome_may_wait(&self) -> bool {
        false
    }

    fn in_background(&self) -> bool {
        true
    }

    fn reads_view(&self) -> bool {
        false
    }
}
