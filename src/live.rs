//! Fan-out of committed views to subscribers: topics, frames, conflation, bounds. A generic engine: topics, permissions
//! and wire shapes are [`TopicFamily`]s registered from outside; no entity is named here.
//!
//! In reading order: [`committed`] (a change), [`family`] (the contract of a topic family), [`topic`] and [`topics`]
//! (names, and the registry), [`audience`] (a listener's permissions), [`frames`] and [`text`] (messages); `outbox`
//! (one connection's newest frames), `connection`, `feed` (one topic's listeners and its rate), `feeds` (the feeds that
//! a change reaches), `pump` (the one task that delivers), [`hub`] (the publishing side); `connections` (open
//! connections, bounds, the shared ticker), [`listeners`] (the subscribing side), [`session`] (one connection's side).
//!
//! Frames are whole views with versions, so the newest one replaces all skipped ones: there is no replay buffer and no
//! growing queue. Deliberately absent: sockets and HTTP (`http::live`), stores (the [`Current`] port reads them).

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
    audience::{Audience, Still},
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
pub use crate::identity::Sight;

/// A panic inside a short critical section leaves at worst a frame undelivered, which the next whole view repairs; so a
/// poisoned lock is entered, not propagated.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
