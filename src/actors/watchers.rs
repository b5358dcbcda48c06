//! Callers that wait for an entity's committed view: a checkout that waits for its order's holds.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::watch;

use super::{fast_map::FastMap, listener::Change};
use crate::domain::{key::EntityKey, kinds::AnyView};

type Newest = Option<(u64, AnyView)>;

#[derive(Default)]
pub(super) struct Watchers {
    /// Number of watched entities: lets the tail skip the lock, which is the usual case.
    count: AtomicUsize,
    /// A lock, because requests come and go while tails publish; never held across an await.
    watched: Mutex<FastMap<EntityKey, watch::Sender<Newest>>>,
}

/// Receives each newer committed view of one entity, from the watch's creation on.
pub(super) struct Watch {
    key: EntityKey,
    receiver: Option<watch::Receiver<Newest>>,
    watchers: Arc<Watchers>,
}

impl Watchers {
    pub(super) fn watch(self: &Arc<Self>, key: EntityKey) -> Watch {
        let mut watched = self.lock();
        let receiver = watched.entry(key.clone()).or_insert_with(|| watch::Sender::new(None)).subscribe();
        self.count.store(watched.len(), Ordering::Release);
        Watch { key, receiver: Some(receiver), watchers: self.clone() }
    }

    pub(super) fn wants(&self, key: &EntityKey) -> bool {
        self.count.load(Ordering::Acquire) > 0 && self.lock().contains_key(key)
    }

    pub(super) fn tell(&self, changes: &[Change]) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let watched = self.lock();
        for change in changes {
            if let Some(sender) = watched.get(&change.key) {
                sender.send_replace(Some((change.version, change.view.clone())));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, FastMap<EntityKey, watch::Sender<Newest>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watch {
    /// The next committed view; never resolves once the node stops.
    pub(super) async fn next(&mut self) -> (u64, AnyView) {
        loop {
            let Some(receiver) = &mut self.receiver else { std::future::pending().await };
            if receiver.changed().await.is_err() {
                self.receiver = None;
                continue;
            }
            if let Some(newest) = receiver.borrow_and_update().clone() {
                return newest;
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut watched = self.watchers.lock();
        self.receiver = None;
        if watched.get(&self.key).is_some_and(|sender| sender.receiver_count() == 0) {
            watched.remove(&self.key);
            self.watchers.count.store(watched.len(), Ordering::Release);
        }
    }
}
