//! Commands between nodes, behind `actors::ports::Transport`, and who the nodes are, behind `actors::ports::Placement`.
//!
//! On one machine [`loopback`] and [`alone`]; in a cluster [`nats`] (request and reply over NATS) and [`members`] (signs of
//! life and what follows from them). Nothing above knows which runs. Absent on purpose: who owns a shard; its log says.

pub mod loopback;
pub mod members;
pub mod nats;
pub mod single_node;
