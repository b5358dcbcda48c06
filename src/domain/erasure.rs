//! The erasure of a person: asked once, gone on with until nothing is left, and never undone.
//!
//! The entity is named by its subject, and stays: the list of the erased, as ids, is what is applied again after a backup
//! was restored. What is to be done is one call to the outside of the domain, which takes the person out of each entity
//! and forgets the key last; it is pending until it was done. Deliberately absent: which entities those are.

mod effects;
mod port;

use serde::{Deserialize, Serialize};

pub use self::{
    effects::ErasureEffect,
    port::{ERASURE_CONNECTOR, ErasureAnswer, ErasureCall},
};
use super::{
    entity::{Entity, Work},
    key::EntityKey,
    kinds::Kind,
    personal::Subject,
    time::Timestamp,
};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Erasure {
    asked: Option<(Subject, Timestamp)>,
    /// How often it was begun: a call of an earlier time does not decide this one.
    round: u32,
    done_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureCommand {
    /// `again`: also of one that is done, since something of the person may have come back.
    Ask {
        subject: Subject,
        again: bool,
    },
    Done {
        round: u32,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureEvent {
    Asked { subject: Subject, round: u32, at: Timestamp },
    Done { at: Timestamp },
}

/// Who may ask is the use case's to say.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureRejection {}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ErasureView {
    pub subject: Option<Subject>,
    pub asked_at: Timestamp,
    pub done_at: Option<Timestamp>,
}

impl Erasure {
    pub fn key(subject: Subject) -> EntityKey {
        EntityKey::new(Kind::Erasure, subject.to_string())
    }
}

impl Entity for Erasure {
    const KIND: Kind = Kind::Erasure;
    type Command = ErasureCommand;
    type Event = ErasureEvent;
    type Rejection = ErasureRejection;
    type View = ErasureView;
    type Effect = ErasureEffect;

    fn decide(&self, command: &ErasureCommand, now: Timestamp) -> Result<Vec<ErasureEvent>, ErasureRejection> {
        Ok(match (command, &self.asked, self.done_at) {
            (ErasureCommand::Ask { subject, .. }, None, _) => {
                vec![ErasureEvent::Asked { subject: *subject, round: 1, at: now }]
            }
            (ErasureCommand::Ask { subject, again: true }, Some(_), Some(_)) => {
                vec![ErasureEvent::Asked { subject: *subject, round: self.round.saturating_add(1), at: now }]
            }
            (ErasureCommand::Ask { .. }, Some(_), _) => vec![],
            (ErasureCommand::Done { round }, Some(_), None) if *round == self.round => {
                vec![ErasureEvent::Done { at: now }]
            }
            (ErasureCommand::Done { .. }, _, _) => vec![],
        })
    }

    fn apply(&mut self, event: &ErasureEvent) {
        match event {
            ErasureEvent::Asked { subject, round, at } => {
                *self = Self { asked: Some((*subject, *at)), round: *round, done_at: None };
            }
            ErasureEvent::Done { at } => self.done_at = Some(*at),
        }
    }

    fn view(&self) -> ErasureView {
        let subject = self.asked.map(|(subject, _)| subject);
        let asked_at = self.asked.map(|(_, at)| at).unwrap_or_default();
        ErasureView { subject, asked_at, done_at: self.done_at }
    }

    /// A right is never put off.
    fn work(command: &ErasureCommand) -> Work {
        match command {
            ErasureCommand::Ask { .. } | ErasureCommand::Done { .. } => Work::Owed,
        }
    }

    fn effects(&self) -> Vec<ErasureEffect> {
        self.pending_effect().into_iter().collect()
    }

    /// Both are recognised by what they say.
    fn remembers(_: &ErasureCommand) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::{effect::EffectOf, ids::UserId, testing::given};

    const SUBJECT: Subject = Subject::User(UserId(Uuid::from_u128(7)));

    fn asked(round: u32, at: i64) -> ErasureEvent {
        ErasureEvent::Asked { subject: SUBJECT, round, at: Timestamp(at) }
    }

    #[test]
    fn it_is_asked_once_and_pending_until_it_was_done() {
        let ask = |again| ErasureCommand::Ask { subject: SUBJECT, again };
        let erasure = given::<Erasure>([]).at(5).when(ask(false)).then([asked(1, 5)]);
        assert_eq!(erasure.effects().len(), 1);
        given::<Erasure>([asked(1, 5)]).when(ask(true)).then_nothing();
        let done = ErasureEvent::Done { at: Timestamp(9) };
        let erasure =
            given::<Erasure>([asked(1, 5)]).at(9).when(ErasureCommand::Done { round: 1 }).then([done.clone()]);
        assert_eq!((erasure.effects().len(), erasure.view().done_at), (0, Some(Timestamp(9))));
        given::<Erasure>([asked(1, 5), done.clone()]).when(ask(false)).then_nothing();
        let again = given::<Erasure>([asked(1, 5), done]).at(11).when(ask(true)).then([asked(2, 11)]);
        assert_eq!(again.effects().iter().map(EffectOf::<Erasure>::id).collect::<Vec<_>>(), ["erase/2"]);
    }

    #[test]
    fn an_outcome_of_an_earlier_round_decides_nothing() {
        let done = ErasureEvent::Done { at: Timestamp(9) };
        given::<Erasure>([asked(1, 5), done, asked(2, 11)]).when(ErasureCommand::Done { round: 1 }).then_nothing();
        given::<Erasure>([]).when(ErasureCommand::Done { round: 1 }).then_nothing();
    }
}
