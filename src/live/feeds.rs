//! The feeds that a change reaches: one for each watched entity of a family of one, one for each family of many.
//!
//! Each family has feeds of its own, found by its place in the registry, so a new family cannot get another's.
//! Publishing costs one atomic read without listeners; otherwise one look-up in each family that the change's kind
//! feeds, and no encoding.

use std::{
    array,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use super::{
    feed::Feed,
    topic::{Target, Topic},
    topics::Topics,
};
use crate::{
    actors::fast_map::FastMap,
    domain::{key::EntityKey, kinds::Kind},
};

pub(super) struct Feeds {
    /// In the registry's order.
    one: Vec<Arc<Watched>>,
    many: Vec<Arc<Feed>>,
    /// The same feeds, by the kind that feeds them.
    of_kind: [OfKind; Kind::ALL.len()],
    /// Subscriptions in all.
    listening: AtomicUsize,
    next_id: AtomicU64,
}

/// The feeds of one family of one entity that have at least one listener. Read by the tail at every change, written when
/// a topic's first listener comes or its last one goes; no other lock is taken under it.
#[derive(Default)]
struct Watched(RwLock<FastMap<EntityKey, Arc<Feed>>>);

#[derive(Default)]
struct OfKind {
    one: Vec<Arc<Watched>>,
    many: Vec<Arc<Feed>>,
}

impl Feeds {
    pub fn new(topics: &Topics) -> Self {
        let mut of_kind: [OfKind; Kind::ALL.len()] = array::from_fn(|_| OfKind::default());
        let one = topics.one_entity().iter().map(|family| {
            let feeds = Arc::new(Watched::default());
            of_kind[family.kind() as usize].one.push(feeds.clone());
            feeds
        });
        let one = one.collect();
        let many = topics.many_entities().iter().enumerate().map(|(place, family)| {
            let target = Target::Many(family.clone());
            let feed = Arc::new(Feed::new(place as u64, Topic { text: family.name().into(), place, target }));
            of_kind[family.kind() as usize].many.push(feed.clone());
            feed
        });
        let many: Vec<_> = many.collect();
        let next_id = AtomicU64::new(many.len() as u64);
        Self { one, many, of_kind, listening: 0.into(), next_id }
    }

    /// Whether a change of this entity reaches a listener now.
    pub fn listens_to(&self, key: &EntityKey) -> bool {
        if self.listening.load(Ordering::Acquire) == 0 {
            return false;
        }
        let OfKind { one, many } = &self.of_kind[key.kind as usize];
        many.iter().any(|feed| feed.heard()) || one.iter().any(|feeds| feeds.watches(key))
    }

    /// Every feed with a listener that a change of this entity reaches.
    pub fn each(&self, key: &EntityKey, mut reached: impl FnMut(&Arc<Feed>)) {
        if self.listening.load(Ordering::Acquire) == 0 {
            return;
        }
        let OfKind { one, many } = &self.of_kind[key.kind as usize];
        many.iter().filter(|feed| feed.heard()).for_each(&mut reached);
        for feeds in one {
            if let Some(feed) = feeds.get(key) {
                reached(&feed);
            }
        }
    }

    /// The topic's feed with one listener more. `None`: all `most` subscriptions are taken.
    pub fn join(&self, topic: &Topic, most: usize) -> Option<Arc<Feed>> {
        if self.listening.fetch_add(1, Ordering::AcqRel) >= most {
            self.listening.fetch_sub(1, Ordering::AcqRel);
            return None;
        }
        let joined = match &topic.target {
            Target::Many(_) => self.many.get(topic.place).cloned().inspect(|feed| feed.add_listener()),
            Target::One { key, .. } => self.one.get(topic.place).map(|feeds| feeds.join(key, topic, &self.next_id)),
        };
        if joined.is_none() {
            // Only a topic of another registry has no feed here.
            self.listening.fetch_sub(1, Ordering::AcqRel);
        }
        joined
    }

    pub fn leave(&self, feed: &Feed) {
        self.listening.fetch_sub(1, Ordering::AcqRel);
        match &feed.topic.target {
            Target::Many(_) => _ = feed.drop_listener(),
            Target::One { key, .. } => {
                if let Some(feeds) = self.one.get(feed.topic.place) {
                    feeds.leave(key, feed);
                }
            }
        }
    }

    #[cfg(test)]
    pub fn are_empty(&self) -> bool {
        let empty = |feeds: &Arc<Watched>| feeds.0.read().is_ok_and(|feeds| feeds.is_empty());
        self.listening.load(Ordering::Acquire) == 0 && self.one.iter().all(empty)
    }
}

impl Watched {
    fn watches(&self, key: &EntityKey) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(key)
    }

    fn get(&self, key: &EntityKey) -> Option<Arc<Feed>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn join(&self, key: &EntityKey, topic: &Topic, next_id: &AtomicU64) -> Arc<Feed> {
        let mut feeds = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let feed = feeds
            .entry(key.clone())
            .or_insert_with(|| Arc::new(Feed::new(next_id.fetch_add(1, Ordering::Relaxed), topic.clone())));
        feed.add_listener();
        feed.clone()
    }

    fn leave(&self, key: &EntityKey, feed: &Feed) {
        let mut feeds = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if feed.drop_listener() {
            feeds.remove(key);
        }
    }
}
