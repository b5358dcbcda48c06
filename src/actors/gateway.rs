//! The only handle through which the outside reaches entities.
//!
//! It finds the shard, repeats a lost command with the same id until the caller's deadline (one effect, by G3), and
//! returns `Busy` at once (G7). Reads go to the owner (strong) or to this node's folded views (`read_local`, rows),
//! which a caller may bring up to date first (`await_projection`).

mod core;
mod position;
mod read;
mod status;

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use tokio::time::{Instant, timeout_at};

pub use self::status::{NodeStatus, NotReady, ShardLine};
pub(super) use self::{core::Core, position::Positions};
use super::ports::{CommandEnvelope, Reply};
use crate::domain::{
    ids::CommandId,
    key::EntityKey,
    kinds::{EntityType, Kind},
    time::Timestamp,
};

/// One call of one caller: a retry carries the same `command_id`.
#[derive(Clone, Debug)]
pub struct Call {
    pub command_id: CommandId,
    /// `guest:<id>`, `user:<id>`, `system`: recorded in the journal.
    pub by: Arc<str>,
    /// `If-Match`.
    pub expected_version: Option<u64>,
    /// Of the request's content; `None` without an idempotency key.
    pub fingerprint: Option<NonZeroU64>,
    /// Until this deadline the gateway repeats a lost command with the same id.
    pub within: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer<V> {
    /// 0: the entity does not exist yet.
    pub version: u64,
    pub changed: bool,
    pub view: V,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AskError<R: std::error::Error> {
    #[error(transparent)]
    Refused(R),
    #[error("version {expected} expected, {actual} found")]
    VersionConflict { expected: u64, actual: u64 },
    #[error("the idempotency key was used with another content")]
    IdConflict,
    #[error("too many commands are waiting")]
    Busy { retry_after_ms: u64 },
    #[error("the command is quarantined: it crashed its entity")]
    Quarantined,
    #[error("the command's events take {bytes} bytes, {max} fit")]
    TooLarge { bytes: usize, max: usize },
    #[error("not available now: {reason}")]
    Unavailable { retry_after_ms: u64, reason: Arc<str> },
    #[error("there is no room for new work: what was accepted goes on")]
    NoRoom { retry_after_ms: u64, reason: Arc<str> },
    #[error("no answer in time; the command may yet happen, ask again with the same id")]
    TimedOut,
}

/// This node's folded view.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalRead<V> {
    pub answer: Option<Answer<V>>,
    /// The view contains everything that was acknowledged at the time of the call, by the owner's word; otherwise it
    /// may be old, but is consistent.
    pub is_current: bool,
}

pub type Asked<E> = Result<
    Answer<<E as crate::domain::entity::Entity>::View>,
    AskError<<E as crate::domain::entity::Entity>::Rejection>,
>;

#[derive(Clone)]
pub struct Gateway {
    core: Arc<Core>,
}

impl Gateway {
    pub(super) fn new(core: Arc<Core>) -> Self {
        Self { core }
    }

    /// Sends `command` to the owner; returns once its events are durable.
    pub async fn ask<E: EntityType>(&self, id: &str, command: E::Command, call: Call) -> Asked<E> {
        let key = EntityKey::new(E::KIND, id);
        let envelope = CommandEnvelope {
            expected_version: call.expected_version,
            fingerprint: call.fingerprint,
            ..CommandEnvelope::client(key, call.command_id, call.by, E::command(command))
        };
        answer::<E>(self.core.send(Arc::new(envelope), call.within).await)
    }

    /// The owner's newest committed view (a strong read).
    pub async fn read<E: EntityType>(&self, id: &str, within: Duration) -> Asked<E> {
        let envelope = CommandEnvelope::read(EntityKey::new(E::KIND, id));
        answer::<E>(self.core.send(Arc::new(envelope), within).await)
    }

    /// `ask`, then waits (within the call's time) until a committed view satisfies `until`. At the deadline the newest
    /// view is returned as it is, for the caller to check.
    pub async fn ask_until<E: EntityType>(
        &self,
        id: &str,
        command: E::Command,
        call: Call,
        until: impl Fn(&E::View) -> bool + Send,
    ) -> Asked<E> {
        let deadline = Instant::now() + call.within;
        let watch = self.core.watchers.watch(EntityKey::new(E::KIND, id));
        let first = self.ask::<E>(id, command, call).await?;
        Ok(Self::follow::<E>(watch, first, deadline, until).await)
    }

    /// Waits until a committed view satisfies `until`; the newest view at the deadline.
    pub async fn wait<E: EntityType>(
        &self,
        id: &str,
        within: Duration,
        until: impl Fn(&E::View) -> bool + Send,
    ) -> Asked<E> {
        let deadline = Instant::now() + within;
        let watch = self.core.watchers.watch(EntityKey::new(E::KIND, id));
        let first = self.read::<E>(id, within).await?;
        Ok(Self::follow::<E>(watch, first, deadline, until).await)
    }

    async fn follow<E: EntityType>(
        mut watch: super::watchers::Watch,
        mut newest: Answer<E::View>,
        deadline: Instant,
        until: impl Fn(&E::View) -> bool + Send,
    ) -> Answer<E::View> {
        while !until(&newest.view) {
            let Ok((version, view)) = timeout_at(deadline, watch.next()).await else { break };
            if version > newest.version
                && let Some(view) = E::view_of(view)
            {
                newest = Answer { version, changed: newest.changed, view };
            }
        }
        newest
    }

    /// A fresh id from the runtime's clock port (UUIDv7).
    pub fn fresh_id(&self) -> uuid::Uuid {
        self.core.clock.uuid()
    }

    pub fn now(&self) -> Timestamp {
        self.core.clock.now()
    }
}

fn answer<E: EntityType>(reply: Option<Reply>) -> Asked<E> {
    let foreign = |kind: Kind| AskError::Unavailable {
        retry_after_ms: 0,
        reason: format!("the owner answered for another kind than {}", kind.name()).into(),
    };
    Err(match reply {
        None => AskError::TimedOut,
        Some(Reply::Done { version, changed, view }) => match view.and_then(E::view_of) {
            Some(view) => return Ok(Answer { version, changed, view }),
            None => foreign(E::KIND),
        },
        Some(Reply::Refused { rejection, .. }) => match E::rejection_of(rejection) {
            Some(rejection) => AskError::Refused(rejection),
            None => foreign(E::KIND),
        },
        Some(Reply::VersionConflict { expected, actual }) => AskError::VersionConflict { expected, actual },
        Some(Reply::IdConflict) => AskError::IdConflict,
        Some(Reply::Busy { retry_after_ms }) => AskError::Busy { retry_after_ms },
        Some(Reply::Quarantined) => AskError::Quarantined,
        Some(Reply::TooLarge { bytes, max }) => AskError::TooLarge { bytes, max },
        Some(Reply::Unavailable { retry_after_ms, reason, .. }) => AskError::Unavailable { retry_after_ms, reason },
        Some(Reply::NoRoom { retry_after_ms, reason }) => AskError::NoRoom { retry_after_ms, reason },
    })
}
