//! Who else is there, and who should own which shard: `actors::ports::Placement` for many nodes.
//!
//! In reading order: [`heartbeats`] (signs of life, a port), [`membership`] (who is alive, by our own clock), [`rendezvous`] (who
//! should own what), [`task`] (heartbeats, watches, recomputes), [`nats`] (the signs of life in a KV bucket). Everything here
//! is a hint: which node really owns a shard is written in the shard's log.

pub mod heartbeats;
pub mod membership;
pub mod nats;
pub mod rendezvous;
mod task;

pub use heartbeats::{Beat, BeatError, Heartbeats, Sign};
pub use task::{MemberTimes, Members};
