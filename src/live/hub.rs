//! The hub: the publishing side. The tail publishes committed changes to it; its pump delivers to the listeners.
//!
//! It knows no gateway and no connection, so it is created before the actors that publish to it. Connections come from
//! [`Listeners`](super::Listeners), created over the hub once the gateway exists.
//!
//! Publishing costs one atomic read without listeners, and one look-up without encoding when this entity has none: a
//! hot entity changes 50,000 times a second.

use std::sync::Arc;

use super::{
    Committed,
    feeds::Feeds,
    pump::{self, Queue},
    topics::Topics,
};
use crate::{
    config::Live,
    domain::{key::EntityKey, kinds::AnyView},
};

#[derive(Clone)]
pub struct Hub {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub limits: Arc<Live>,
    pub topics: Topics,
    pub feeds: Feeds,
    queue: Arc<Queue>,
}

impl Hub {
    /// Must be called within a tokio runtime: it starts the pump, which ends with the last handle.
    pub fn start(limits: Live, topics: Topics) -> Self {
        let (limits, queue) = (Arc::new(limits), Arc::new(Queue::default()));
        tokio::spawn(pump::run(queue.clone(), limits.clone()));
        let feeds = Feeds::new(&topics);
        Self { inner: Arc::new(Inner { limits, topics, feeds, queue }) }
    }

    pub fn limits(&self) -> &Live {
        &self.inner.limits
    }

    pub fn topics(&self) -> &Topics {
        &self.inner.topics
    }

    /// Whether a change of this entity reaches a listener now: the tail makes a view only then.
    pub fn listens_to(&self, key: &EntityKey) -> bool {
        self.inner.feeds.listens_to(key)
    }

    /// Publishes committed changes, in log order for each shard; called after [`Current`](super::Current) can read
    /// them.
    pub fn publish(&self, changes: &[Committed]) {
        for change in changes {
            self.publish_one(&change.key, change.version, &change.view);
        }
    }

    /// The same for one borrowed change: cloned only for a listener.
    pub fn publish_one(&self, key: &EntityKey, version: u64, view: &AnyView) {
        let inner = &self.inner;
        inner.feeds.each(key, |feed| {
            let change = Committed { key: key.clone(), version, view: view.clone() };
            if feed.offer(change, &inner.limits) {
                inner.queue.push(feed.clone());
            }
        });
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.end();
    }
}

#[cfg(test)]
mod tests;
