//! Whoever looks on while the tail folds: the live feed. It keeps nothing and reads nothing back, so it is no
//! projection; `app` wires it.

use crate::domain::{key::EntityKey, kinds::AnyView};

/// An entity's newest committed view in one record; a record that changes it twice shows it once.
#[derive(Clone, Debug)]
pub struct Change {
    pub key: EntityKey,
    pub version: u64,
    pub view: AnyView,
}

pub trait Listener: Send + Sync + 'static {
    /// Whether a change of this entity is of interest now: a view is made only when somebody looks.
    fn interested(&self, key: &EntityKey) -> bool;
    /// Called for each folded record that changed something of interest to anybody, in log order for each shard. What
    /// the projections in memory show is then as new; rows follow with the next flush.
    fn committed(&self, changes: &[Change]);
}
