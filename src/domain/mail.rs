//! One mail: queued once, and then accepted by a mail server, refused for good, or given up.
//!
//! A mail's id is made of what it is for and of what it is about ([`MailId::of`]), so that a repeated effect queues no
//! second one. Invariant: once accepted was recorded, nothing is sent any more. SMTP has no answer that can be asked
//! for again: between a server's acceptance and this record a mail may be sent twice, always under one `Message-ID`.
//!
//! In `mail/`: `letter` (what a mail says), `port` (the call to the outside and its answers), `effects`. Deliberately
//! absent: texts and HTML (made from the letter when it is sent), and bounces, which come as mails to somebody else.

mod effects;
mod letter;
mod port;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::{effects::MailEffect, letter::*, port::*};
use super::{
    entity::{Entity, Work},
    ids::MailId,
    key::EntityKey,
    kinds::Kind,
    personal::Subject,
    states::states,
    time::Timestamp,
};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Mail {
    status: MailStatus,
    /// What is still to be sent: gone as soon as the mail's fate is decided, and with it the recipient.
    pending: Option<Pending>,
    /// Tries that a server has put off.
    attempt: u32,
    /// After such a try: when the next one is due.
    waits_until: Option<Timestamp>,
    /// The last answer that was no acceptance.
    code: Option<String>,
    queued_at: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Pending {
    mail: MailId,
    letter: Arc<Letter>,
}

states! {
    /// Where a mail is.
    #[derive(Default)]
    MailStatus {
        /// Nothing was queued under this id.
        #[default]
        None = "none",
        Queued = "queued",
        /// A mail server has taken it over.
        Accepted = "accepted",
        Refused = "refused",
        GivenUp = "given_up",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailCommand {
    Queue {
        mail: MailId,
        letter: Arc<Letter>,
    },
    /// The outcome of try number `attempt`.
    Answered {
        attempt: u32,
        answer: MailAnswer,
    },
    /// The alarm: a mail that was put off is due.
    Wake,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailEvent {
    Queued { mail: MailId, letter: Arc<Letter>, at: Timestamp },
    PutOff { code: String, until: Timestamp },
    Due,
    Accepted { at: Timestamp },
    Refused { code: String, at: Timestamp },
    GivenUp { code: String, at: Timestamp },
}

/// A mail refuses nothing: what cannot be sent is queued and then refused by its connector, where everybody sees it.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailRejection {}

/// Without the recipient: nobody needs it to see how far the mail is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MailView {
    pub status: MailStatus,
    pub attempt: u32,
    pub waits_until: Option<Timestamp>,
    pub code: Option<String>,
    pub queued_at: Timestamp,
}

impl MailId {
    /// The id of the one mail for `purpose` (`confirmed`) about `subject`, such as an order's id.
    pub fn of(subject: Uuid, purpose: &str) -> Self {
        Self(Uuid::new_v5(&subject, format!("mail/{purpose}").as_bytes()))
    }

    pub fn key(self) -> EntityKey {
        EntityKey::new(Kind::Mail, self.to_string())
    }
}

impl Mail {
    /// What `Queued` states for whoever ordered the mail.
    pub const QUEUED: &str = "queued";

    fn answered(&self, attempt: u32, answer: &MailAnswer, now: Timestamp) -> Vec<MailEvent> {
        // A late answer to a try that was put off since decides nothing, except that the mail has left.
        let stale = attempt != self.attempt || self.waits_until.is_some();
        if self.status != MailStatus::Queued || (stale && *answer != MailAnswer::Accepted) {
            return vec![];
        }
        vec![match answer.clone() {
            MailAnswer::Accepted => MailEvent::Accepted { at: now },
            MailAnswer::Refused { code } => MailEvent::Refused { code, at: now },
            MailAnswer::GivenUp { code } => MailEvent::GivenUp { code, at: now },
            MailAnswer::PutOff { code, pause_ms } => {
                MailEvent::PutOff { code, until: now.plus_ms(i64::try_from(pause_ms).unwrap_or(i64::MAX)) }
            }
        }]
    }

    fn decided(&mut self, status: MailStatus, code: Option<&String>) {
        (self.status, self.pending, self.waits_until) = (status, None, None);
        self.code = code.cloned();
    }
}

impl Entity for Mail {
    const KIND: Kind = Kind::Mail;
    type Command = MailCommand;
    type Event = MailEvent;
    type Rejection = MailRejection;
    type View = MailView;
    type Effect = MailEffect;

    fn decide(&self, command: &MailCommand, now: Timestamp) -> Result<Vec<MailEvent>, MailRejection> {
        Ok(match command {
            MailCommand::Queue { .. } if self.status != MailStatus::None => vec![],
            MailCommand::Queue { mail, letter } => {
                vec![MailEvent::Queued { mail: *mail, letter: letter.clone(), at: now }]
            }
            MailCommand::Answered { attempt, answer } => self.answered(*attempt, answer, now),
            MailCommand::Wake => match self.waits_until {
                Some(until) if until <= now => vec![MailEvent::Due],
                Some(_) | None => vec![],
            },
        })
    }

    fn apply(&mut self, event: &MailEvent) {
        match event {
            MailEvent::Queued { mail, letter, at } => {
                (self.status, self.queued_at) = (MailStatus::Queued, *at);
                self.pending = Some(Pending { mail: *mail, letter: letter.clone() });
            }
            MailEvent::PutOff { code, until } => {
                (self.code, self.waits_until) = (Some(code.clone()), Some(*until));
                self.attempt = self.attempt.saturating_add(1);
            }
            MailEvent::Due => self.waits_until = None,
            MailEvent::Accepted { .. } => self.decided(MailStatus::Accepted, None),
            MailEvent::Refused { code, .. } => self.decided(MailStatus::Refused, Some(code)),
            MailEvent::GivenUp { code, .. } => self.decided(MailStatus::GivenUp, Some(code)),
        }
    }

    fn view(&self) -> MailView {
        let Self { status, attempt, waits_until, code, queued_at, pending: _ } = self.clone();
        MailView { status, attempt, waits_until, code, queued_at }
    }

    fn subject(&self) -> Option<Subject> {
        self.pending.as_ref().map(|pending| pending.letter.subject())
    }

    fn subject_of(event: &MailEvent) -> Option<Subject> {
        match event {
            MailEvent::Queued { letter, .. } => Some(letter.subject()),
            _later => None,
        }
    }

    fn wake_at(&self) -> Option<Timestamp> {
        self.waits_until
    }

    fn wake() -> Option<MailCommand> {
        Some(MailCommand::Wake)
    }

    fn effects(&self) -> Vec<MailEffect> {
        self.pending_effect().into_iter().collect()
    }

    /// Every command is recognised by its own contents when repeated.
    fn remembers(_: &MailCommand) -> bool {
        false
    }

    /// A mail tells of something that was accepted.
    fn work(command: &MailCommand) -> Work {
        match command {
            MailCommand::Queue { .. } | MailCommand::Answered { .. } | MailCommand::Wake => Work::Owed,
        }
    }

    fn states(&self, event: &MailEvent) -> Option<(String, u8)> {
        matches!(event, MailEvent::Queued { .. }).then(|| (Self::QUEUED.to_owned(), 0))
    }
}
