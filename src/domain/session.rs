//! One log-in on one device: a family of refresh tokens, of which one is valid at a time.
//!
//! A refresh token names the session and a generation, sealed by the node that gives it out: nothing of it is kept here.
//! Each use makes the next generation. Invariant: a generation that was followed is used again only within
//! [`Session::RETRY_MS`], by a client that lost the answer, and then gets the same next one; later its use is a theft, of
//! this token or of the other, and ends the session for both. The account lists its sessions and has the last word on
//! them; a session that ends by itself tells it.

mod effects;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::effects::SessionEffect;
use super::{
    entity::{Entity, Work},
    ids::{SessionId, UserId},
    kinds::Kind,
    personal::{self, Subject},
    states::states,
    time::Timestamp,
};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Session {
    opened: Option<Opened>,
    generation: u32,
    used_at: Timestamp,
    /// Where it was used last.
    #[serde(with = "personal::text")]
    address: String,
    /// How and when its owner was proven anew since.
    #[serde(default)]
    proven: Option<(Vec<Method>, Timestamp)>,
    ended: Option<(SessionEnd, Timestamp)>,
    /// The account knows of the end.
    told: bool,
}

/// What a log-in is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    pub session: SessionId,
    pub user: UserId,
    /// As the client calls itself, shortened.
    #[serde(with = "personal::text")]
    pub device: String,
    /// Network address.
    #[serde(with = "personal::text")]
    pub address: String,
    pub methods: Vec<Method>,
    /// Milliseconds without a use after which it ends.
    pub idle_ms: i64,
    pub at: Timestamp,
    /// When its owner last proved who they are, where that was before, at another: zero, if it was not told. Boxed, for it is
    /// mostly absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven_at: Option<Box<Timestamp>>,
}

states! {
    /// How a person proved who they are.
    Method {
        Password = "password",
        /// The account was made by this very request.
        Registration = "registration",
        Passkey = "passkey",
        Totp = "totp",
        RecoveryCode = "recovery_code",
        Sso = "sso",
    }
    /// Why a session ended.
    SessionEnd {
        LoggedOut = "logged_out",
        Idle = "idle",
        /// A refresh token was used twice.
        Reused = "reused",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionCommand {
    Open(Opened),
    /// With a token of this generation.
    Refresh {
        generation: u32,
        address: String,
    },
    End {
        why: SessionEnd,
    },
    /// Its owner proved anew who they are.
    Prove {
        methods: Vec<Method>,
    },
    AccountTold,
    /// The alarm: idle for too long, or ended for long enough to be forgotten.
    Wake,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEvent {
    Opened(Opened),
    Refreshed {
        generation: u32,
        #[serde(with = "personal::text")]
        address: String,
        at: Timestamp,
    },
    Ended {
        why: SessionEnd,
        at: Timestamp,
    },
    Proven {
        methods: Vec<Method>,
        at: Timestamp,
    },
    AccountTold,
    Forgotten,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionRejection {
    #[error("the session has ended")]
    Ended,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SessionView {
    pub opened: Option<Opened>,
    /// Of the one valid refresh token.
    pub generation: u32,
    pub used_at: Timestamp,
    pub address: String,
    /// All that its owner has shown in it.
    pub methods: Vec<Method>,
    /// When its owner was last proven.
    pub authenticated_at: Timestamp,
    pub ended: Option<SessionEnd>,
}

impl Session {
    /// For so long after its use a token is taken for a repeated request.
    pub const RETRY_MS: i64 = 10_000;
    /// An ended session stays known for so long: a late copy of its opening finds it ended.
    const KNOWN_MS: i64 = 86_400_000;

    fn refreshed(&self, generation: u32, address: &str, now: Timestamp) -> Result<Vec<SessionEvent>, SessionRejection> {
        let follows = self.generation.checked_sub(generation);
        match (&self.opened, self.ended, follows) {
            (None, ..) | (_, Some(_), _) | (.., None) => Err(SessionRejection::Ended),
            (Some(opened), ..) if now.since(self.used_at) >= opened.idle_ms => Err(SessionRejection::Ended),
            (.., Some(0)) => Ok(vec![SessionEvent::Refreshed {
                generation: generation.saturating_add(1),
                address: address.to_owned(),
                at: now,
            }]),
            (.., Some(1)) if now.since(self.used_at) < Self::RETRY_MS => Ok(vec![]),
            (.., Some(_)) => Ok(vec![SessionEvent::Ended { why: SessionEnd::Reused, at: now }]),
        }
    }

    /// What is shown anew is added to what was shown before.
    fn proven(&self, methods: &[Method], at: Timestamp) -> SessionEvent {
        let mut all = self.proven.as_ref().map(|(methods, _)| methods.clone()).unwrap_or_default();
        all.extend(methods.iter().filter(|method| !all.contains(method)).copied().collect::<Vec<_>>());
        SessionEvent::Proven { methods: all, at }
    }

    fn methods(&self) -> Vec<Method> {
        let mut all = self.opened.as_ref().map(|opened| opened.methods.clone()).unwrap_or_default();
        let since = self.proven.iter().flat_map(|(methods, _)| methods);
        all.extend(since.filter(|method| !all.contains(method)).copied().collect::<Vec<_>>());
        all
    }

    fn authenticated_at(&self) -> Timestamp {
        let opened = self.opened.as_ref().map(|opened| opened.proven_at.as_deref().copied().unwrap_or(opened.at));
        self.proven.as_ref().map(|(_, at)| *at).or(opened).unwrap_or_default()
    }

    fn woken(&self, now: Timestamp) -> Vec<SessionEvent> {
        match (self.wake_at(), self.ended) {
            (Some(due), None) if due <= now => vec![SessionEvent::Ended { why: SessionEnd::Idle, at: now }],
            (Some(due), Some(_)) if due <= now => vec![SessionEvent::Forgotten],
            (Some(_) | None, _) => vec![],
        }
    }
}

impl Entity for Session {
    const KIND: Kind = Kind::Session;
    type Command = SessionCommand;
    type Event = SessionEvent;
    type Rejection = SessionRejection;
    type View = SessionView;
    type Effect = SessionEffect;

    fn decide(&self, command: &SessionCommand, now: Timestamp) -> Result<Vec<SessionEvent>, SessionRejection> {
        match command {
            SessionCommand::Open(_) if self.ended.is_some() => Err(SessionRejection::Ended),
            SessionCommand::Open(_) if self.opened.is_some() => Ok(vec![]),
            SessionCommand::Open(opened) => Ok(vec![SessionEvent::Opened(Opened { at: now, ..opened.clone() })]),
            SessionCommand::Refresh { generation, address } => self.refreshed(*generation, address, now),
            // Before its opening, too: that one may be on its way still.
            SessionCommand::End { why } if self.ended.is_none() => Ok(vec![SessionEvent::Ended { why: *why, at: now }]),
            SessionCommand::End { .. } => Ok(vec![]),
            SessionCommand::Prove { .. } if self.opened.is_none() || self.ended.is_some() => {
                Err(SessionRejection::Ended)
            }
            SessionCommand::Prove { methods } => Ok(vec![self.proven(methods, now)]),
            SessionCommand::AccountTold if self.owes_account() => Ok(vec![SessionEvent::AccountTold]),
            SessionCommand::AccountTold => Ok(vec![]),
            SessionCommand::Wake => Ok(self.woken(now)),
        }
    }

    fn apply(&mut self, event: &SessionEvent) {
        match event {
            SessionEvent::Opened(opened) => {
                (self.used_at, self.address) = (opened.at, opened.address.clone());
                self.opened = Some(opened.clone());
            }
            SessionEvent::Refreshed { generation, address, at } => {
                (self.generation, self.address, self.used_at) = (*generation, address.clone(), *at);
            }
            SessionEvent::Ended { why, at } => {
                self.ended = Some((*why, *at));
                // Where and with what its owner was is nobody's business any more.
                self.address.clear();
                if let Some(opened) = &mut self.opened {
                    (opened.device, opened.address) = (String::new(), String::new());
                }
            }
            SessionEvent::Proven { methods, at } => self.proven = Some((methods.clone(), *at)),
            SessionEvent::AccountTold => self.told = true,
            SessionEvent::Forgotten => *self = Self::default(),
        }
    }

    fn view(&self) -> SessionView {
        SessionView {
            opened: self.opened.clone(),
            generation: self.generation,
            used_at: self.used_at,
            address: self.address.clone(),
            methods: self.methods(),
            authenticated_at: self.authenticated_at(),
            ended: self.ended.map(|(why, _)| why),
        }
    }

    fn owner(view: &SessionView) -> Option<UserId> {
        view.opened.as_ref().map(|opened| opened.user)
    }

    fn subject(&self) -> Option<Subject> {
        self.opened.as_ref().map(|opened| Subject::User(opened.user))
    }

    fn subject_of(event: &SessionEvent) -> Option<Subject> {
        match event {
            SessionEvent::Opened(opened) => Some(Subject::User(opened.user)),
            _later => None,
        }
    }

    fn work(command: &SessionCommand) -> Work {
        match command {
            // Staff logs in to make room, and who is logged in stays so.
            SessionCommand::Open(_) | SessionCommand::Refresh { .. } | SessionCommand::End { .. } => Work::Owed,
            SessionCommand::Prove { .. } => Work::Owed,
            SessionCommand::AccountTold | SessionCommand::Wake => Work::Owed,
        }
    }

    fn is_forgotten(&self) -> bool {
        *self == Self::default()
    }

    fn wake_at(&self) -> Option<Timestamp> {
        match (&self.opened, self.ended) {
            (_, Some(_)) if self.owes_account() => None,
            (_, Some((_, at))) => Some(at.plus_ms(Self::KNOWN_MS)),
            (Some(opened), None) => Some(self.used_at.plus_ms(opened.idle_ms)),
            (None, None) => None,
        }
    }

    fn wake() -> Option<SessionCommand> {
        Some(SessionCommand::Wake)
    }

    fn effects(&self) -> Vec<SessionEffect> {
        self.pending_effect().into_iter().collect()
    }

    /// Every other command is recognised by its own contents when repeated, a refresh by its generation.
    fn remembers(command: &SessionCommand) -> bool {
        match command {
            SessionCommand::Prove { .. } => true,
            SessionCommand::Open(_)
            | SessionCommand::Refresh { .. }
            | SessionCommand::End { .. }
            | SessionCommand::AccountTold
            | SessionCommand::Wake => false,
        }
    }
}
