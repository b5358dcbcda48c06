//! The one effect of a mail: to be sent, until there is an answer.

use super::{MAIL_CONNECTOR, Mail, MailCall, MailCommand};
use crate::domain::{
    effect::{EffectOf, Outcome, Request},
    external::{AnyAnswer, ExternalCall},
};

#[derive(Clone, Debug, PartialEq)]
pub enum MailEffect {
    Send(MailCall),
}

impl Mail {
    pub(super) fn pending_effect(&self) -> Option<MailEffect> {
        let pending = self.pending.as_ref().filter(|_| self.waits_until.is_none())?;
        let (mail, letter) = (pending.mail, pending.letter.clone());
        Some(MailEffect::Send(MailCall { mail, attempt: self.attempt, queued_at: self.queued_at, letter }))
    }
}

impl EffectOf<Mail> for MailEffect {
    fn id(&self) -> String {
        let Self::Send(call) = self;
        format!("send/{}", call.attempt)
    }

    fn request(&self) -> Request {
        let Self::Send(call) = self.clone();
        Request::External(ExternalCall { connector: MAIL_CONNECTOR.to_owned(), port: call.into() })
    }

    fn outcome(&self, outcome: Outcome) -> Option<MailCommand> {
        let Self::Send(call) = self;
        match outcome {
            Outcome::External(AnyAnswer::Mail(answer)) => Some(MailCommand::Answered { attempt: call.attempt, answer }),
            Outcome::External(AnyAnswer::Payment(_) | AnyAnswer::Erasure(_))
            | Outcome::Accepted(_)
            | Outcome::Refused(_) => None,
        }
    }

    fn outcome_may_wait(&self) -> bool {
        false
    }

    fn reads_view(&self) -> bool {
        false
    }
}
