//! Commands between nodes, behind `actors::ports::Transport`. On one machine, the loopback.
//!
//! The cluster's transport (NATS request/reply) will stand beside it; nothing above knows which runs.

pub mod alone;
pub mod loopback;
pub mod members;
pub mod nats;
