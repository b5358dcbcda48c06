//! The entity runtime: shards, virtual entities, the commit gate, the tail, alarms and effects.
//!
//! In reading order: [`ports`] (the runtime's requirements, as traits), [`gateway`] (its interface), `local` (admission
//! and permits), [`ownership`] (when a shard is claimed or released), `shard` (owner of entities), `entity` (hosts
//! one), `committer` (group commit), `tail` (the fold after the commit), `effects`, `connectors` and `alarms` (pending
//! effects, calls to outside parties, due times), [`runtime`] (composes the parts). Deliberately absent: any rule of
//! the shop (`domain` has them) and any knowledge of sled, NATS or HTTP.

mod alarms;
mod committer;
mod connectors;
mod effects;
mod entity;
pub mod fold;
pub mod gateway;
mod lease;
mod local;
mod meter;
mod node;
pub mod ownership;
pub mod ports;
pub mod probe;
mod recent;
mod reply;
pub mod runtime;
pub mod settings;
mod shard;
mod status;
mod tail;
mod watchers;
