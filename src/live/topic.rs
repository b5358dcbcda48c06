//! One topic: its name, and the family and entity behind it. Made by [`Topics::parse`](super::Topics::parse) only.

use std::{fmt, sync::Arc};

use super::{
    Committed,
    audience::Audience,
    family::{ManyEntities, OneEntity, TopicFamily},
};
use crate::{
    domain::key::EntityKey,
    identity::{Permission, Sight},
};

#[derive(Clone)]
pub struct Topic {
    pub(super) text: Arc<str>,
    /// The family's place in the registry's list of its sort.
    pub(super) place: usize,
    pub(super) target: Target,
}

/// A topic's content.
#[derive(Clone)]
pub enum Target {
    One { family: Arc<dyn OneEntity>, key: EntityKey },
    Many(Arc<dyn ManyEntities>),
}

/// Why a subscription is refused. The code is the contract; the text is for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TopicError {
    /// `known` has the patterns of the existing topics.
    #[error("a topic reads {known}")]
    BadTopic { known: Arc<str> },
    /// Also for another person's entity: the reply must not reveal whether it exists.
    #[error("there is no such topic for you")]
    NotFound,
    #[error("this topic needs the permission {permission}")]
    StaffOnly { permission: Permission },
    #[error("too many topics on this connection")]
    TooManyTopics,
}

impl TopicError {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::BadTopic { .. } => "bad_topic",
            Self::NotFound => "not_found",
            Self::StaffOnly { .. } => "staff_only",
            Self::TooManyTopics => "too_many_topics",
        }
    }
}

impl Topic {
    /// Characters of a client's text that an error frame repeats: a longer name is repeated in part.
    pub const ECHO_MAX: usize = 160;

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    pub fn family(&self) -> &dyn TopicFamily {
        match &self.target {
            Target::One { family, .. } => &**family,
            Target::Many(family) => &**family,
        }
    }

    /// The one entity behind this topic; `None` for the topics that carry many.
    pub fn entity(&self) -> Option<&EntityKey> {
        match &self.target {
            Target::One { key, .. } => Some(key),
            Target::Many(_) => None,
        }
    }

    /// Whether its frames carry a key.
    pub fn many_keyed(&self) -> bool {
        self.entity().is_none()
    }

    /// The family's rule; a session may always watch its own entity, even before the entity exists.
    pub fn may_listen(&self, audience: &Audience, current: Option<&Committed>) -> Result<(), TopicError> {
        match self.entity() {
            Some(key) if audience.own.as_ref() == Some(key) => Ok(()),
            Some(_) | None => audience.admitted(self.family().access(), current),
        }
    }

    /// How much an admitted listener sees.
    pub fn sight(&self, audience: &Audience, current: Option<&Committed>) -> Sight {
        let shows = self.family().shows();
        let permissions = audience.permissions & shows;
        let session = || self.entity().is_some_and(|key| audience.own.as_ref() == Some(key));
        let own = || session() || current.is_some_and(|current| audience.owns(current));
        // Where ownership shows nothing more, all share one sight and one frame.
        Sight { own: permissions != shows && own(), permissions }
    }

    /// The view sent for an entity without a first event: its empty view at version 0, if the family shows one.
    pub(super) fn first(&self) -> Option<Committed> {
        match &self.target {
            Target::One { family, key } => family.first().map(|view| Committed { key: key.clone(), version: 0, view }),
            Target::Many(_) => None,
        }
    }
}

/// A name has one spelling and one family.
impl PartialEq for Topic {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Topic {}

impl fmt::Debug for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Topic({})", self.text)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
