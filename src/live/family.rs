//! The contract of a topic family: all topics of one name, such as `thing.<id>` for one entity or `things` for many.
//!
//! A family is either [`OneEntity`] or [`ManyEntities`], and each has its own duties, so that a family of many without
//! a snapshot does not compile. Every difference between families is in these traits; the engine keeps a feed for each
//! watched entity, and one for each family of many.

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::Committed;
use crate::{
    actors::gateway::Gateway,
    domain::{
        key::EntityKey,
        kinds::{AnyView, Kind},
    },
    identity::{Access, PermissionSet, Sight},
};

pub trait TopicFamily: Send + Sync + 'static {
    /// The first word of its topics' names. A family of one entity and a family of many may share it.
    fn name(&self) -> &'static str;

    /// The kind whose changes feed the family. One kind may feed several families.
    fn kind(&self) -> Kind;

    /// The name of a frame's view in the API's document.
    fn schema(&self) -> &'static str;

    /// Whom its topics admit; judged at subscribe.
    fn access(&self) -> Access;

    /// The permissions that its frames depend on: who lacks one sees less.
    fn shows(&self) -> PermissionSet {
        PermissionSet::NONE
    }

    /// The view in its wire shape. `None` when the view is of another kind.
    fn frame(&self, change: &Committed, sight: Sight) -> Option<Shown>;
}

/// Topics `name.<id>`: one entity each.
pub trait OneEntity: TopicFamily {
    /// The pattern of its topics, for people: `thing.<id>`.
    fn pattern(&self) -> &'static str;

    /// The entity, of [`TopicFamily::kind`]. `None` where the text is not the one spelling of an id: one entity must
    /// never be two topics.
    fn entity(&self, id: &str) -> Option<EntityKey>;

    /// The view of an entity without a first event. `None`: nothing is sent until the first event.
    fn first(&self) -> Option<AnyView> {
        None
    }
}

/// The topic `name`: every entity of its kind, or some of them; its frames carry the entity's key.
pub trait ManyEntities: TopicFamily {
    /// The first views of a new subscriber, at most `max`, the most important ones first. Blocks: hundreds of reads.
    fn snapshot(&self, gateway: &Gateway, max: usize) -> Vec<Committed>;
}

/// One view in its wire shape.
#[derive(Debug)]
pub struct Shown {
    pub json: Box<RawValue>,
    /// The entity has left a topic of many: the frame is marked, and no snapshot contains the entity.
    pub gone: bool,
}

impl Shown {
    /// `None` when JSON refuses the shape, which this project's shapes never cause.
    pub fn of(shape: &impl Serialize) -> Option<Self> {
        Some(Self { json: to_raw_value(shape).ok()?, gone: false })
    }

    pub fn gone(self, gone: bool) -> Self {
        Self { gone, ..self }
    }
}
