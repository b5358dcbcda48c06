//! What the tail asks of the read models, as a port: `app` wires `views` and `live` behind it.

use std::sync::Arc;

use super::ports::Row;
use crate::domain::{
    key::EntityKey,
    kinds::{AnyState, AnyView, Kind},
    time::Timestamp,
};

/// An entity's newest committed state in one record; a record that changes it twice shows it once.
#[derive(Clone, Debug)]
pub struct Change {
    pub key: EntityKey,
    pub version: u64,
    pub view: AnyView,
    pub at: Timestamp,
    pub by: Arc<str>,
}

pub trait Fold: Send + Sync + 'static {
    /// Raised whenever [`Fold::rows`] or a stored state changes its meaning: the store is then rebuilt.
    fn version(&self) -> u32;
    /// The index rows of this state. Pure: the tail writes the difference between before and after.
    fn rows(&self, key: &EntityKey, model: &AnyState) -> Vec<Row>;
    /// Whether a change of this entity is to be shown to [`Fold::committed`] now: a view is only made when somebody looks.
    fn wants(&self, key: &EntityKey) -> bool;
    /// Called for each folded record, in log order for each shard, after its rows are readable.
    fn committed(&self, changes: &[Change]);
    /// Whether a view in memory is made from entities of this kind.
    fn keeps(&self, kind: Kind) -> bool;
    /// Called once for each stored entity of a kept kind at the start, before any `committed`, for views in memory.
    fn loaded(&self, key: &EntityKey, version: u64, model: &AnyState);
}
