//! Fan-out of committed views to whoever watches: topics, frames, conflation, bounds. A generic engine: what can be
//! watched, who may and how it reads are [`TopicFamily`]s that are registered from outside; no entity is named here.
//!
//! In reading order: [`committed`] (what changed), [`family`] (the contract of a topic family), [`topic`] and [`topics`]
//! (names, and the registry), [`audience`] (who listens), [`frames`] and [`text`] (what is said); `outbox` (one
//! connection's newest frames), `connection`, `feed` (one topic's listeners and its rate), `feeds` (which feeds a change
//! reaches), `pump` (the one task that delivers), [`hub`] (the side that publishes); `connections` (who is connected,
//! bounds, the shared ticker), [`listeners`] (the side that connections come from), [`session`] (one connection's side).
//!
//! Frames are whole views with versions, so the newest one repairs whatever was skipped: there is no replay buffer and
//! no growing queue. Absent on purpose: sockets and HTTP (`http::live`), stores (the [`Current`] port reads them).

pub mod audience;
pub mod committed;
mod connection;
mod connections;
pub mod family;
mod feed;
mod feeds;
pub mod frames;
pub mod hub;
pub mod listeners;
mod outbox;
mod pump;
pub mod session;
#[cfg(test)]
mod testing;
pub mod text;
pub mod topic;
pub mod topics;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::{
    audience::{Audience, Detail},
    committed::Committed,
    connection::{Closing, Out},
    connections::Refused,
    family::{ManyEntities, OneEntity, Shown, TopicFamily},
    hub::Hub,
    listeners::{Current, Listeners},
    session::Session,
    text::Text,
    topic::{Target, Topic, TopicError},
    topics::Topics,
};

/// A panic inside one of our short critical sections leaves at worst a frame undelivered, and whole views repair
/// that; so a poisoned lock is entered, not spread.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
