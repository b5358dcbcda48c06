//! A shard's status for operators: `/readyz`, `GET /api/cluster`.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU8, AtomicU64, Ordering},
};

use tokio::sync::Notify;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShardPhase {
    Opening = 0,
    Serving = 1,
    Drained = 2,
    /// Served by another node.
    Standby = 3,
    Yielding = 4,
}

#[derive(Default)]
pub(super) struct ShardStatus {
    phase: AtomicU8,
    epoch: AtomicU64,
    /// The newest problem while not serving. A lock for a text that is written rarely.
    trouble: Mutex<Option<String>>,
    moved: Notify,
}

impl ShardStatus {
    pub(super) fn set(&self, phase: ShardPhase) {
        self.phase.store(phase as u8, Ordering::Release);
        self.moved.notify_waiters();
    }

    pub(super) fn open(&self, epoch: u64) {
        self.epoch.store(epoch, Ordering::Release);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.set(ShardPhase::Serving);
    }

    pub(super) fn trouble(&self, what: &str) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(what.to_owned());
    }

    pub(super) fn phase(&self) -> ShardPhase {
        match self.phase.load(Ordering::Acquire) {
            0 => ShardPhase::Opening,
            1 => ShardPhase::Serving,
            3 => ShardPhase::Standby,
            4 => ShardPhase::Yielding,
            _ => ShardPhase::Drained,
        }
    }

    /// Resolves once the shard's phase satisfies `so`.
    pub(super) async fn until(&self, so: impl Fn(ShardPhase) -> bool) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if so(self.phase()) {
                return;
            }
            moved.await;
        }
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    pub(super) fn why(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
