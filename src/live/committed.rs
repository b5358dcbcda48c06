//! One entity's newest committed view: the unit of publishing and of snapshots.

use crate::{
    actors::gateway::Gateway,
    domain::{key::EntityKey, kinds::AnyView},
};

#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    pub key: EntityKey,
    pub version: u64,
    pub view: AnyView,
}

impl Committed {
    /// This node's folded view of the entity, read without waking it. An unreadable store is logged and returns `None`:
    /// the subscriber still receives the next change.
    pub fn read_local(gateway: &Gateway, key: EntityKey) -> Option<Self> {
        match gateway.read_local_any(&key) {
            Ok(found) => found.map(|(version, view)| Self { key, version, view }),
            Err(error) => {
                tracing::error!(kind = key.kind.name(), %error, "a subscriber's first view cannot be read");
                None
            }
        }
    }
}
