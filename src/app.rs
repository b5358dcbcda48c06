//! The composition root: the one room that knows every other.
//!
//! Each room is given its section of the configuration as it is; journal, transport, actors, read models and live
//! hub become an [`Engine`]; the engine with identity, payments and HTTP becomes a [`Shop`] that
//! listens. Stopping takes the same way back. [`App`] is what the command line runs.

mod audience;
mod backend;
mod certificate;
mod clock;
mod cluster;
mod current;
mod engine;
mod handles;
mod listener;
mod metrics;
mod nats;
mod offline;
mod outside;
mod person_keys;
mod program;
mod redirect;
pub mod routes;
mod serve;
mod server;
mod shop;
mod shop_record;
mod sockets;
mod threads;

pub use self::{
    clock::SystemClock,
    engine::{Engine, EngineError},
    program::{App, main},
    shop::{Shop, ShopError},
};
