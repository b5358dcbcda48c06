//! A point where tests and the simulation may hurt an entity: a panic here ends its actor (G6).

use crate::domain::{ids::CommandId, key::EntityKey};

pub trait Probe: Send + Sync + 'static {
    /// Called in the entity's actor before each decision. May panic.
    fn before_decide(&self, _key: &EntityKey, _command: CommandId) {}
}

/// Production: no harm.
pub struct NoFaults;
impl Probe for NoFaults {}
