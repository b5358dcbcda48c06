//! The membership, and a hint of each shard's owner: `actors::ports::Placement` for many nodes.
//!
//! In reading order: [`heartbeats`] (a port), [`membership`] (the living members, by this node's clock), [`rendezvous`]
//! (the preferred owner of each shard), [`clocks`] (whose clock is off), [`task`] (heartbeats, watches, recomputes),
//! [`nats`] (the heartbeats in a KV bucket). Everything here is a hint: the shard's log records its real owner.

pub mod clocks;
mod cluster_clock;
pub mod heartbeats;
pub mod membership;
pub mod nats;
pub mod rendezvous;
mod task;

pub use cluster_clock::ClusterClock;
pub use heartbeats::{Beat, BeatError, Heartbeats, Sign};
pub use task::{MemberTimes, Members};
