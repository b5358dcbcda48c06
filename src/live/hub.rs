//! The hub: the handle that the tail publishes to and that connections come from.
//!
//! Publishing is one atomic read when nobody listens, and one look-up, no encoding, when nobody listens to this
//! entity: stock changes 50,000 times a second.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{runtime::Handle, sync::Semaphore};

pub use super::connections::Refused;
use super::{
    Committed, Current,
    audience::Audience,
    connections::Connections,
    feed::Feed,
    limits::LiveLimits,
    pump::{self, Queue},
    session::Session,
    topic::Topic,
};
use crate::domain::{
    key::EntityKey,
    kinds::{AnyView, Kind},
};

#[derive(Clone)]
pub struct Hub {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub limits: Arc<LiveLimits>,
    pub current: Arc<dyn Current>,
    pub connections: Connections,
    /// Snapshots of the many-keyed topics read hundreds of entities: this many at a time, the others wait.
    pub snapshots: Semaphore,
    board: Arc<Feed>,
    levels: Arc<Feed>,
    /// Feeds with at least one listener. Read by the tail at every change, written when a topic's first listener
    /// comes or its last one goes; no other lock is taken under it.
    feeds: RwLock<HashMap<EntityKey, Arc<Feed>>>,
    /// Subscriptions in all.
    listening: AtomicUsize,
    next_feed: AtomicU64,
    queue: Arc<Queue>,
    /// Where connections' tasks run.
    sockets: Handle,
}

const BOARD: u64 = 0;
const LEVELS: u64 = 1;
const SNAPSHOTS_AT_ONCE: usize = 2;

impl Hub {
    /// Must be called within a tokio runtime: it starts the pump and the ticker, which end with the last handle.
    pub fn start(limits: LiveLimits, current: Arc<dyn Current>) -> Self {
        Self::start_on(Handle::current(), limits, current)
    }

    /// Connections' tasks run on `sockets`: with threads of their own a fan-out to thousands does not delay whoever else
    /// runs here.
    pub fn start_on(sockets: Handle, limits: LiveLimits, current: Arc<dyn Current>) -> Self {
        let limits = Arc::new(limits);
        let queue = Arc::new(Queue::default());
        let inner = Arc::new(Inner {
            connections: Connections::new(limits.clone()),
            limits: limits.clone(),
            current,
            snapshots: Semaphore::new(SNAPSHOTS_AT_ONCE),
            board: Arc::new(Feed::new(BOARD, Topic::Board)),
            levels: Arc::new(Feed::new(LEVELS, Topic::Levels)),
            feeds: RwLock::default(),
            listening: 0.into(),
            next_feed: (LEVELS + 1).into(),
            queue: queue.clone(),
            sockets,
        });
        tokio::spawn(pump::run(queue, limits));
        let weak = Arc::downgrade(&inner);
        tokio::spawn(async move {
            let mut second = tokio::time::interval(Duration::from_secs(1));
            second.tick().await;
            loop {
                second.tick().await;
                match weak.upgrade() {
                    Some(inner) => inner.connections.tick(),
                    None => return,
                }
            }
        });
        Self { inner }
    }

    /// Runs a connection's task.
    pub fn run_socket(&self, task: impl Future<Output = ()> + Send + 'static) {
        drop(self.inner.sockets.spawn(task));
    }

    pub fn limits(&self) -> &LiveLimits {
        &self.inner.limits
    }

    /// Whether a change of this entity reaches anybody now: lets the tail make a view only then.
    pub fn listens_to(&self, key: &EntityKey) -> bool {
        let inner = &self.inner;
        if inner.listening.load(Ordering::Acquire) == 0 {
            return false;
        }
        let many = match key.kind {
            Kind::Order => inner.board.heard(),
            Kind::Stock => inner.levels.heard(),
            Kind::Cart => false,
            Kind::Payment | Kind::Product | Kind::Category | Kind::Account | Kind::Numbers => return false,
        };
        many || inner.feeds.read().unwrap_or_else(PoisonError::into_inner).contains_key(key)
    }

    /// What was committed, in log order for each shard; called after the store that [`Current`] reads is readable.
    pub fn publish(&self, changes: &[Committed]) {
        for change in changes {
            self.publish_one(&change.key, change.version, &change.view);
        }
    }

    /// The same for one change that the caller only borrows: cloned only if somebody listens.
    pub fn publish_one(&self, key: &EntityKey, version: u64, view: &AnyView) {
        let inner = &self.inner;
        if inner.listening.load(Ordering::Acquire) == 0 {
            return;
        }
        let offer = |feed: &Arc<Feed>| {
            let change = Committed { key: key.clone(), version, view: view.clone() };
            if feed.offer(change, &inner.limits) {
                inner.queue.push(feed.clone());
            }
        };
        match key.kind {
            Kind::Order if inner.board.heard() => offer(&inner.board),
            Kind::Stock if inner.levels.heard() => offer(&inner.levels),
            Kind::Order | Kind::Stock | Kind::Cart => {}
            Kind::Payment | Kind::Product | Kind::Category | Kind::Account | Kind::Numbers => return,
        }
        let feed = inner.feeds.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if let Some(feed) = feed {
            offer(&feed);
        }
    }

    /// Takes a connection, or says which bound is reached.
    pub fn connect(&self, address: IpAddr, audience: Audience) -> Result<Session, Refused> {
        match self.inner.connections.enter(address, &audience) {
            Ok(connection) => Ok(Session::new(self.clone(), connection, audience)),
            Err(refused) => {
                metrics::counter!("souk_live_refused_total", "code" => refused.code()).increment(1);
                Err(refused)
            }
        }
    }

    /// Says goodbye to everybody (code 1001) and takes nobody any more; returns when all have gone, or after `within`.
    pub async fn close_all(&self, within: Duration) {
        self.inner.connections.drain(within).await;
    }

    /// The topic's feed with one listener more. `None`: all subscriptions are taken.
    pub(super) fn feed_for(&self, topic: &Topic) -> Option<Arc<Feed>> {
        let inner = &self.inner;
        if inner.listening.fetch_add(1, Ordering::AcqRel) >= inner.limits.subscriptions {
            inner.listening.fetch_sub(1, Ordering::AcqRel);
            return None;
        }
        let Some(key) = topic.entity() else {
            let feed = if *topic == Topic::Board { &inner.board } else { &inner.levels };
            feed.listeners.fetch_add(1, Ordering::AcqRel);
            return Some(feed.clone());
        };
        let mut feeds = inner.feeds.write().unwrap_or_else(PoisonError::into_inner);
        let feed = feeds
            .entry(key)
            .or_insert_with(|| Arc::new(Feed::new(inner.next_feed.fetch_add(1, Ordering::Relaxed), topic.clone())));
        feed.listeners.fetch_add(1, Ordering::AcqRel);
        Some(feed.clone())
    }

    pub(super) fn give_back(&self, feed: &Feed) {
        let inner = &self.inner;
        inner.listening.fetch_sub(1, Ordering::AcqRel);
        let Some(key) = feed.topic.entity() else {
            feed.listeners.fetch_sub(1, Ordering::AcqRel);
            return;
        };
        let mut feeds = inner.feeds.write().unwrap_or_else(PoisonError::into_inner);
        if feed.listeners.fetch_sub(1, Ordering::AcqRel) == 1 {
            feeds.remove(&key);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.queue.end();
    }
}

#[cfg(test)]
mod tests;
