//! The composition root: the one room that knows every other.
//!
//! Config becomes the rooms' settings (`settings`); journal, transport, actors, read models and live hub become an
//! [`Engine`]; the engine with identity, payments and HTTP becomes a [`Shop`] that listens. Stopping runs the same
//! steps in reverse. [`App`] runs the command line's work.

mod backend;
mod clock;
mod cluster;
mod current;
mod engine;
mod listener;
mod metrics;
mod nats;
mod offline;
mod outside;
mod program;
pub mod routes;
mod server;
mod settings;
mod shop;
mod threads;

pub use self::{
    clock::SystemClock,
    engine::{Engine, EngineError},
    program::{App, main},
    shop::{Shop, ShopError},
};
