//! Fixtures that unit tests, integration tests and benches share: clocks, a journal in front
//! of another, an order in a few words, a port, a wait.
//!
//! The module is always compiled, because tests outside the crate see nothing that is `#[cfg(test)]`. `tests/tidy.rs`
//! keeps the shop from using it, and lets it panic: its callers are tests. Deliberately absent: servers and shops
//! (`tests/common`), given/when/then (`domain::testing`), and samples of frozen bytes (`tests/golden`), which must not
//! follow a default that changes.

mod clock;
mod journal;
mod nats_server;
mod order;
mod port;
mod values;
mod wait;

pub use self::{
    clock::{EPOCH, FixedClock, PausedClock},
    journal::InFront,
    nats_server::nats_server,
    order::{OrderBuilder, an_address, an_order},
    port::free_port,
    values::{SERVICE_LINKS, eur, sku, units},
    wait::eventually,
};
