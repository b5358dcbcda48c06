//! The entity runtime: shards, virtual entities, the commit gate, the tail, alarms and effects.
//!
//! In reading order: [`ports`] (what it needs of the world), [`gateway`] (how it is spoken to),
//! `local` (the door with its permits), [`ownership`] (when a shard is claimed or given up), `shard` (owner of entities), `entity` (hosts one),
//! `committer` (group commit), `tail` (the fold after the commit), [`projection`] (what is looked up),
//! [`listener`] (who looks on), `effects`, `connectors` and `alarms` (what states owe, to whom outside, and when
//! they wake), [`runtime`] (puts it together). Deliberately absent: any rule of
//! the shop (`domain` has them) and any knowledge of sled, NATS or HTTP.

mod alarms;
mod committer;
mod connectors;
mod effects;
mod entity;
pub mod fast_map;
pub mod freshness;
pub mod gateway;
mod lease;
pub mod listener;
mod local;
mod meter;
mod node;
pub mod ownership;
pub mod ports;
pub mod probe;
pub mod projection;
mod recent;
mod reply;
pub mod runtime;
pub mod settings;
mod shard;
mod status;
mod tail;
mod watchers;
