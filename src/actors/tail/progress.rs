//! How far a tail has come, and who waits for it.
//!
//! Not a `watch` channel: that wakes its receivers in a random order, and the simulation must replay.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, SetOnce};

use crate::actors::{
    ownership::{LogOwner, owner_after},
    ports::journal::{Record, Seq},
};

/// Why a tail stopped for good.
#[derive(Clone, Debug)]
pub struct Stopped {
    pub reason: Arc<str>,
    pub cause: Cause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// What the log has is not what was folded: a start compares the two, and folds anew.
    Log,
    /// This machine's disk or files: only a new process reads them with trust.
    Machine,
}

#[derive(Clone, Debug, Default)]
pub(in crate::actors) struct Progress {
    pub(in crate::actors) folded: Seq,
    /// Everything up to here is in the store's rows; states and alarms may be older where a state is large.
    pub(in crate::actors) flushed: Seq,
    /// Whose the log is, as far as it is folded.
    pub(in crate::actors) owner: Option<LogOwner>,
    /// Why the tail stopped, if it did: the shard cannot serve any more.
    pub(in crate::actors) failed: Option<Arc<str>>,
}

impl Progress {
    pub(super) fn owned_by(&mut self, record: &Record) {
        self.owner = owner_after(self.owner.take(), record);
    }
}

pub(super) struct ProgressCell {
    /// Copied out and changed in place; never held across an await.
    now: Mutex<Progress>,
    moved: Notify,
    /// Apart from `moved`: who only waits for a failure would be woken by every record, a thread of its own at each start.
    failed: SetOnce<Stopped>,
}

impl ProgressCell {
    pub(super) fn new(now: Progress) -> Self {
        Self { now: Mutex::new(now), moved: Notify::new(), failed: SetOnce::new() }
    }

    pub(super) fn get(&self) -> Progress {
        self.lock().clone()
    }

    pub(super) fn folded(&self) -> Seq {
        self.lock().folded
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.lock());
        self.moved.notify_waiters();
    }

    pub(super) fn fail(&self, stopped: Stopped) {
        self.change(|progress| progress.failed = Some(stopped.reason.clone()));
        // Only the first reason counts.
        let _failed_before = self.failed.set(stopped);
    }

    /// The reason, once it has failed.
    pub(super) async fn failure(&self) -> Stopped {
        self.failed.wait().await.clone()
    }

    /// Waits until `reached`, or until the tail has failed: then the reason.
    pub(super) async fn until(&self, reached: impl Fn(&Progress) -> bool) -> Result<(), Arc<str>> {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            // Before the look, so that no change between look and wait is missed.
            moved.as_mut().enable();
            {
                let now = self.lock();
                match &now.failed {
                    Some(reason) => return Err(reason.clone()),
                    None if reached(&now) => return Ok(()),
                    None => {}
                }
            }
            moved.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
