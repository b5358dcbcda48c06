//! The promise of one reply, with the permits that the command holds until it is kept.
//!
//! When the promise is dropped without a reply (a crashed actor, a discarded shard), the caller receives `Lost` and
//! retries with the same command id; the permits are released in both cases.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU32, AtomicU64, Ordering},
};

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::ports::Reply;
use crate::domain::ids::CommandId;

pub(super) struct ReplyTo {
    asker: Option<oneshot::Sender<Reply>>,
    _shard: Option<OwnedSemaphorePermit>,
    slot: Option<Arc<SlotShared>>,
}

impl ReplyTo {
    pub(super) fn new(asker: oneshot::Sender<Reply>, permit: OwnedSemaphorePermit) -> Self {
        Self { asker: Some(asker), _shard: Some(permit), slot: None }
    }

    /// Counts the command against its entity until the reply; `false` when the entity has `max` waiting.
    pub(super) fn admit(&mut self, slot: &Arc<SlotShared>, max: u32) -> bool {
        if self.slot.is_some() {
            return true;
        }
        if slot.inflight.fetch_add(1, Ordering::AcqRel) >= max {
            slot.inflight.fetch_sub(1, Ordering::AcqRel);
            return false;
        }
        self.slot = Some(slot.clone());
        true
    }

    /// Whether a caller still waits for the reply.
    pub(super) fn awaited(&self) -> bool {
        self.asker.as_ref().is_some_and(|asker| !asker.is_closed())
    }

    pub(super) fn send(mut self, reply: Reply) {
        if let Some(asker) = self.asker.take() {
            // The caller may be gone: the command's effect remains, and a retry gets the same reply.
            let _ = asker.send(reply);
        }
    }
}

impl Drop for ReplyTo {
    fn drop(&mut self) {
        if let Some(slot) = &self.slot {
            slot.inflight.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// One activation's state, shared by the entity's actor, its shard and the committer.
#[derive(Default)]
pub(super) struct SlotShared {
    /// Commands accepted and without a reply so far.
    pub(super) inflight: AtomicU32,
    /// Pending effects in flight; an entity with any is not passivated.
    pub(super) under_way: AtomicU32,
    /// The newest version that is durable.
    pub(super) acked: AtomicU64,
    /// The command being decided: still set when a panic ended the actor. A lock, because it is
    /// written and read by different tasks, and never held across an await.
    deciding: Mutex<Option<CommandId>>,
}

impl SlotShared {
    pub(super) fn set_deciding(&self, command: Option<CommandId>) {
        *self.deciding.lock().unwrap_or_else(PoisonError::into_inner) = command;
    }

    pub(super) fn deciding(&self) -> Option<CommandId> {
        *self.deciding.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
