//! The one handle through which everything outside speaks to entities.

use std::{sync::Arc, time::Duration};

use super::ports::{StoreError, journal::Commit};
use crate::domain::{
    ids::CommandId,
    key::EntityKey,
    model::{Hosted, Kind},
};

/// Who asks what, once: a retry carries the same `command_id`.
#[derive(Clone, Debug)]
pub struct Call {
    pub command_id: CommandId,
    /// `guest:<id>`, `user:<id>`, `system`: stands in the journal.
    pub by: Arc<str>,
    /// `If-Match`.
    pub expected_version: Option<u64>,
    /// Of the request's content, 0 where no idempotency key was given.
    pub fingerprint: u64,
    /// The gateway retries lost answers with the same id until then.
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
    #[error("no answer in time; the command may yet happen, ask again with the same id")]
    TimedOut,
}

#[derive(Clone)]
pub struct Gateway {}

// SKELETON-BEGIN
#[allow(unused_variables)]
impl Gateway {
    /// Decides `command` at the owner; answers once its events are durable.
    pub async fn ask<E: Hosted>(&self, id: &str, command: E::Command, call: Call) -> Result<Answer<E::View>, AskError<E::Rejection>> {
        todo!()
    }
    /// The owner's newest committed view (a strong read).
    pub async fn read<E: Hosted>(&self, id: &str, within: Duration) -> Result<Answer<E::View>, AskError<E::Rejection>> {
        todo!()
    }
    /// `ask`, then waits (within the call's time) until a committed view satisfies `until`.
    /// At the deadline the newest view is answered as it is: the caller looks at it.
    pub async fn ask_until<E: Hosted>(
        &self, id: &str, command: E::Command, call: Call, until: impl Fn(&E::View) -> bool + Send,
    ) -> Result<Answer<E::View>, AskError<E::Rejection>> {
        todo!()
    }
    /// Waits until a committed view satisfies `until`; the newest view at the deadline.
    pub async fn wait<E: Hosted>(&self, id: &str, within: Duration, until: impl Fn(&E::View) -> bool + Send) -> Result<Answer<E::View>, AskError<E::Rejection>> {
        todo!()
    }
    /// The newest view this node has folded, without waking the entity. `None`: does not exist.
    pub fn peek<E: Hosted>(&self, id: &str) -> Result<Option<Answer<E::View>>, StoreError> {
        todo!()
    }
    /// Waits until this node's read models contain everything that is durable now (read your writes).
    pub async fn caught_up(&self, within: Duration) -> bool {
        todo!()
    }
    pub fn rows(&self, table: &'static str, prefix: &[u8], after: Option<&[u8]>, reverse: bool, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        todo!()
    }
    pub fn keys(&self, kind: Kind, after: Option<&str>, limit: usize) -> Result<Vec<EntityKey>, StoreError> {
        todo!()
    }
    /// Commits of one entity, oldest first from `from_version` on.
    pub async fn history(&self, key: &EntityKey, from_version: u64, limit: usize) -> Result<Vec<Commit>, StoreError> {
        todo!()
    }
    /// Nodes, shards, residents, rates: `GET /api/cluster`.
    pub fn status(&self) -> serde_json::Value {
        todo!()
    }
    /// `Ok` when every shard takes commands; else why not (`/readyz`).
    pub fn ready(&self) -> Result<(), String> {
        todo!()
    }
    /// A fresh id from the runtime's clock port (UUIDv7).
    pub fn fresh_id(&self) -> uuid::Uuid {
        todo!()
    }
    pub fn now(&self) -> crate::domain::time::Timestamp {
        todo!()
    }
}
// SKELETON-END
