//! Fan-out of committed views to whoever watches: topics, frames, conflation, bounds.
//!
//! In reading order: [`topic`] (what can be watched), [`audience`] (who may), [`frames`] (what is said),
//! [`outbox`] (one connection's newest frames), [`connection`], [`feed`] (one topic's listeners and its rate),
//! [`pump`] (the one task that delivers), [`connections`] (who is connected, bounds, the shared ticker), [`hub`] (the handle),
//! [`session`] (one connection's side). Frames are whole views with versions, so the newest one repairs whatever
//! was skipped: there is no replay buffer and no growing queue. Absent on purpose: sockets and HTTP (`http::live`),
//! any access to actors or stores (the [`Current`] port is all).

pub mod audience;
mod connection;
mod connections;
mod feed;
pub mod frames;
pub mod hub;
pub mod limits;
mod outbox;
mod pump;
pub mod session;
pub mod topic;

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;

pub use self::{
    audience::Audience,
    connection::{Closing, Out},
    hub::{Hub, Refused},
    limits::LiveLimits,
    session::Session,
    topic::{Topic, TopicError},
};
use crate::domain::{key::EntityKey, kinds::AnyView};

/// One entity's newest committed view: what the tail tells the hub.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    pub key: EntityKey,
    pub version: u64,
    pub view: AnyView,
}

/// Where a new subscriber's first view comes from; `app` implements it over the gateway.
pub trait Current: Send + Sync + 'static {
    /// The committed views of `topic` now: none or one for an entity's topic; for `board` the open orders and for
    /// `stock` the levels, newest or most urgent first. More than `snapshot_max` are not sent.
    /// For one entity at least as new as anything already published (the tail publishes what it has folded); for the
    /// others that is so after [`Current::await_projection`].
    fn current(&self, topic: &Topic) -> Vec<Committed>;

    /// Resolves once [`Current::current`] shows everything that was acknowledged before this call, or after a bounded
    /// wait. Asked before the snapshot of `board` or `stock`, and for an order or a cart that is not there: its owner may
    /// subscribe right behind the answer that made it.
    fn await_projection(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// A panic inside one of our short critical sections leaves at worst a frame undelivered, and whole views repair
/// that; so a poisoned lock is entered, not spread.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
