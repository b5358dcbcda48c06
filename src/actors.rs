//! The entity runtime: shards, virtual entities, the commit gate, the tail, alarms and effects.

pub mod fold;
pub mod gateway;
pub mod ports;
