//! One entity's newest committed view: what is published, and what a snapshot is made of.

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
    /// What this node has folded of the entity, read without waking anybody. A store that cannot be read is logged and
    /// looks like nothing: the subscriber hears the next change all the same.
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
