//! The cluster
#[path = "cluster/checker.rs"]
mod checker;
#[path = "cluster/history.rs"]
mod history;
#[path = "simulation/rng.rs"]
mod rng;
