//! Commands between nodes, behind `actors::ports::Transport`, and the membership, behind `actors::ports::Placement`.
//!
//! On one machine [`loopback`] and [`single_node`]; in a cluster [`nats`] (request and reply over NATS) and [`members`]
//! (heartbeats and the membership). The layers above do not know which one runs. Deliberately absent: the owner of a
//! shard, which the shard's log records.

pub mod loopback;
pub mod members;
pub mod nats;
pub mod single_node;
