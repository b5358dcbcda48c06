//! The contract of a topic family: all topics of one name, such as `thing.<id>` for one entity or `things` for many.
//!
//! A family is either [`OneEntity`] or [`ManyEntities`], and each has its own duties, so that a family of many without a
//! snapshot does not compile. Everything that tells one family from another is in these traits; the engine keeps a feed
//! for each entity that somebody watches, and one for each family of many.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    Committed,
    audience::{Audience, Detail},
    topic::TopicError,
};
use crate::{
    actors::gateway::Gateway,
    domain::{
        key::EntityKey,
        kinds::{AnyView, Kind},
    },
};

pub trait TopicFamily: Send + Sync + 'static {
    /// The first word of its topics' names. A family of one entity and a family of many may share it.
    fn name(&self) -> &'static str;

    /// Whose changes feed it. Several families may be fed by one kind.
    fn kind(&self) -> Kind;

    /// The name of a frame's view in the API's document.
    fn schema(&self) -> &'static str;

    /// Asked once, at subscribe. `current` is the topic's view now, where it is of one entity that exists. Unknown and
    /// forbidden entities are refused alike, so that asking tells nothing; [`Audience::owner_or_staff`] does so.
    fn may_listen(&self, audience: &Audience, current: Option<&Committed>) -> Result<(), TopicError>;

    /// The view as the wire shows it. `None` when the view is of another kind.
    fn frame(&self, change: &Committed, detail: Detail) -> Option<Shown>;
}

/// Topics `name.<id>`: one entity each.
pub trait OneEntity: TopicFamily {
    /// How its topics read, for people: `thing.<id>`.
    fn pattern(&self) -> &'static str;

    /// The entity, of [`TopicFamily::kind`]. `None` where the text is not the one spelling of an id: one entity must
    /// never be two topics.
    fn entity(&self, id: &str) -> Option<EntityKey>;

    /// What a subscriber sees of an entity without a first event. `None`: nothing, until it has one.
    fn first(&self) -> Option<AnyView> {
        None
    }
}

/// The topic `name`: every entity of its kind, or some of them; its frames carry the entity's key.
pub trait ManyEntities: TopicFamily {
    /// The first views of a new subscriber, at most `max`, the most important ones first. Blocks: hundreds of reads.
    fn snapshot(&self, gateway: &Gateway, max: usize) -> Vec<Committed>;
}

/// One view as the wire shows it.
#[derive(Debug)]
pub struct Shown {
    pub json: Box<RawValue>,
    /// The entity has left a topic of many: the frame says so, and no snapshot contains it.
    pub gone: bool,
}

impl Shown {
    /// `None` when JSON refuses the shape, which our shapes give no reason for.
    pub fn of(shape: &impl Serialize) -> Option<Self> {
        Some(Self { json: to_raw_value(shape).ok()?, gone: false })
    }

    pub fn gone(self, gone: bool) -> Self {
        Self { gone, ..self }
    }
}
