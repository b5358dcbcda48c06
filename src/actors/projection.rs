//! Projections: what is looked up, kept beside the entities' states and derived from them alone.
//!
//! Three ways to keep one. *Rows and sums* lie in the state store: the tail writes the difference between before and
//! after in the same atomic write as the states, so they always match each other. *In memory*: restored at the start,
//! told of each change after that. *Large* ones ([`LargeProjection`]) keep their own data and follow the journal by
//! themselves. Each has a version: raised, it is built anew from the stored states, in the background, while everything
//! else serves (`build`); its rows lie in a space of their own, so the old ones never show through.
//!
//! Deliberately absent: which projections there are (the app registers them), and rebuilding one from events.

mod build;
mod follow;
mod large;
mod meta;
mod registry;
mod scan;
mod stored;

use std::sync::Arc;

pub(super) use self::{
    build::run as build,
    follow::{Follower, Large},
    meta::{Cursor, sorted},
    registry::Registry,
    stored::Stored,
};
pub use self::{
    large::{Entity, LargeError, LargeProjection},
    stored::{ProjectionLine, ReadError},
};
use super::{listener::Change, ports::Row};
use crate::domain::{
    key::EntityKey,
    kinds::{AnyState, Kind},
};

/// What one entity adds to the sums of a group: a product's number of ratings and their total, a promotion's uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sum {
    pub table: &'static str,
    pub group: Vec<u8>,
    /// Added place by place; places that are absent count as 0. Beyond `i64` a sum wraps, so that what is added and
    /// later taken away always leaves what was there before.
    pub add: Vec<i64>,
}

/// One read model. Its functions are pure, and a change of what any of them gives for a state needs a new version.
pub trait Projection: Send + Sync + 'static {
    /// Frozen: under another name it is another projection.
    fn name(&self) -> &'static str;
    fn version(&self) -> u32;
    /// The kinds of entities it is made from.
    fn kinds(&self) -> &[Kind];

    /// The tables of its rows and sums; no other projection has one of that name, and a table holds either rows or sums.
    fn tables(&self) -> &[&'static str] {
        &[]
    }
    /// The rows of this entity, in its own tables. No two entities give a row of the same table and key.
    fn rows(&self, _key: &EntityKey, _state: &AnyState) -> Vec<Row> {
        Vec::new()
    }
    /// What this entity adds to groups that it shares with others.
    fn sums(&self, _key: &EntityKey, _state: &AnyState) -> Vec<Sum> {
        Vec::new()
    }

    /// Whether it keeps something in memory: then the three functions below are called.
    fn in_memory(&self) -> bool {
        false
    }
    /// Called once for each stored entity of its kinds at the start, before any [`Projection::committed`].
    fn restore(&self, _key: &EntityKey, _version: u64, _state: &AnyState) {}
    /// An entity of its kinds has changed; in log order for each shard.
    fn committed(&self, _change: &Change) {}
}

/// The projections of a program, as it registers them.
#[derive(Clone, Default)]
pub struct Projections {
    pub(super) stored: Vec<Arc<dyn Projection>>,
    pub(super) large: Vec<Arc<dyn LargeProjection>>,
}

impl Projections {
    pub fn with(mut self, projection: Arc<dyn Projection>) -> Self {
        self.stored.push(projection);
        self
    }

    pub fn with_large(mut self, projection: Arc<dyn LargeProjection>) -> Self {
        self.large.push(projection);
        self
    }
}

impl From<Vec<Arc<dyn Projection>>> for Projections {
    fn from(stored: Vec<Arc<dyn Projection>>) -> Self {
        Self { stored, large: Vec::new() }
    }
}
