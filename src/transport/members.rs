//! Who else is there, and who should own which shard: `actors::ports::Placement` for many nodes.
//!
//! In reading order: [`beats`] (signs of life, a port), [`roster`] (who is alive, by our own clock), [`rendezvous`] (who
//! should own what), [`task`] (beats, watches, recomputes), [`nats`] (the signs of life in a KV bucket). Everything here
//! is a hint: which node really owns a shard is written in the shard's log.

pub mod beats;
pub mod nats;
pub mod rendezvous;
pub mod roster;
mod task;

pub use beats::{Beat, BeatError, Beats, Sign};
pub use task::{MemberTimes, Members};
