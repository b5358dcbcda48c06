//! One connection's side of the hub: subscribe, unsubscribe, next frame to send. Dropping a session ends its
//! subscriptions.
//!
//! Subscribing registers first and reads the current view after, through the same outbox: a change committed in between
//! is either in the view or arrives as a frame, and the feed's version gate keeps the order.

use std::{
    collections::HashMap,
    future::poll_fn,
    sync::{Arc, atomic::Ordering},
};

use super::{
    Text,
    audience::Audience,
    connection::{Closing, Connection, Out},
    feed::Feed,
    frames,
    listeners::Listeners,
    topic::{Topic, TopicError},
};
use crate::{config::Live, identity::Sight};

pub struct Session {
    listeners: Listeners,
    connection: Arc<Connection>,
    audience: Audience,
    feeds: Vec<Arc<Feed>>,
}

impl Session {
    pub(super) fn new(listeners: Listeners, connection: Arc<Connection>, audience: Audience) -> Self {
        Self { listeners, connection, audience, feeds: Vec::new() }
    }

    fn limits(&self) -> &Live {
        self.listeners.hub.limits()
    }

    /// Subscribes to `topics`; the stream receives each one's current view or an error frame. `since` has the client's
    /// versions: a topic that is not newer is not sent. A topic already subscribed to is sent again.
    pub async fn subscribe<S: AsRef<str>>(&mut self, topics: &[S], since: &HashMap<String, u64>) {
        let most = self.limits().topics_max;
        // Each name costs a read, so the names of one message are bounded before anything else.
        if topics.len() > most {
            let error = TopicError::TooManyTopics;
            self.refuse(topics.get(most).map(AsRef::as_ref), error.code(), &error.to_string());
        }
        for name in topics.iter().take(most).map(AsRef::as_ref) {
            if let Err(error) = self.subscribe_one(name, since.get(name).copied()).await {
                self.refuse(Some(name), error.code(), &error.to_string());
            }
        }
        self.note_topics();
    }

    async fn subscribe_one(&mut self, name: &str, since: Option<u64>) -> Result<(), TopicError> {
        let topic = self.listeners.hub.topics().parse(name)?;
        if topic.many_keyed() {
            topic.may_listen(&self.audience, None)?;
            let sight = topic.sight(&self.audience, None);
            let feed = self.join(topic, sight, None)?;
            self.snapshot_many(&feed).await;
        } else {
            // Ownership is read before joining: no listener receives a frame of another person's entity.
            let port = &self.listeners.inner.current;
            let mut current = port.current(&topic).into_iter().next();
            if let (None, Some(key), Err(_)) = (&current, topic.entity(), topic.may_listen(&self.audience, None)) {
                // Beside the snapshots' permits: whoever asks for others' orders must not keep staff's board waiting.
                port.await_folded(key).await;
                current = port.current(&topic).into_iter().next();
            }
            topic.may_listen(&self.audience, current.as_ref())?;
            let sight = topic.sight(&self.audience, current.as_ref());
            let feed = self.join(topic, sight, since)?;
            // An entity without a first event has its empty view, and its listener receives the first event.
            let current = self.listeners.inner.current.current(&feed.topic).into_iter().next();
            if let Some(view) = current.or_else(|| feed.topic.first()) {
                feed.snapshot(self.connection.id, &[view], self.limits());
            }
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    fn join(&mut self, topic: Topic, sight: Sight, since: Option<u64>) -> Result<Arc<Feed>, TopicError> {
        self.leave(&topic);
        if self.feeds.len() >= self.limits().topics_max {
            return Err(TopicError::TooManyTopics);
        }
        let hub = &self.listeners.hub.inner;
        let feed = hub.feeds.join(&topic, hub.limits.subscriptions_max).ok_or(TopicError::TooManyTopics)?;
        feed.join(self.connection.clone(), sight, since);
        self.feeds.push(feed.clone());
        Ok(feed)
    }

    async fn snapshot_many(&self, feed: &Arc<Feed>) {
        let inner = &self.listeners.inner;
        // Before the permit: other snapshots do not wait for a build.
        inner.current.await_lists().await;
        // Never closed, so the error cannot come; without a permit the read would only be less orderly.
        let _permit = inner.snapshots.acquire().await.ok();
        // The lists behind a snapshot are written a moment after their frames went out: without this wait, a change
        // published just before the join would be in neither.
        inner.current.await_projection().await;
        let (current, topic) = (inner.current.clone(), feed.topic.clone());
        // Hundreds of reads: not on a worker that drives sockets. A panic in the reader leaves the snapshot empty.
        let views = tokio::task::spawn_blocking(move || current.current(&topic)).await.unwrap_or_default();
        feed.snapshot(self.connection.id, &views, self.limits());
    }

    /// A many-keyed topic was dropped because this client was too slow; its outbox is empty now, so it starts over.
    pub async fn resync(&self, feed: u64) {
        if let Some(feed) = self.feeds.iter().find(|joined| joined.id == feed) {
            feed.start_over(self.connection.id);
            self.snapshot_many(feed).await;
        }
    }

    pub fn unsubscribe<S: AsRef<str>>(&mut self, topics: &[S]) {
        for name in topics.iter().take(self.limits().topics_max).map(AsRef::as_ref) {
            match self.listeners.hub.topics().parse(name) {
                Ok(topic) => self.leave(&topic),
                Err(error) => self.refuse(Some(name), error.code(), &error.to_string()),
            }
        }
        self.note_topics();
    }

    fn leave(&mut self, topic: &Topic) {
        if let Some(at) = self.feeds.iter().position(|feed| feed.topic == *topic) {
            let feed = self.feeds.swap_remove(at);
            feed.leave(&self.connection);
            self.listeners.hub.inner.feeds.leave(&feed);
        }
    }

    fn note_topics(&self) {
        self.connection.topics.store(u32::try_from(self.feeds.len()).unwrap_or(u32::MAX), Ordering::Relaxed);
        self.connection.mark(&self.connection.busy_s, self.listeners.inner.connections.now_s());
    }

    /// New credentials, for later subscriptions; existing ones stay as they are.
    pub fn authenticate(&mut self, audience: Audience) {
        self.connection.mark(&self.connection.until_s, self.listeners.inner.connections.until_s(&audience));
        self.connection.goes_by(audience.still.clone());
        self.audience = audience;
    }

    /// Puts a reply into the stream.
    pub fn answer(&self, text: impl Into<Text>) {
        self.connection.push_control(text.into());
    }

    pub fn refuse(&self, topic: Option<&str>, code: &'static str, message: &str) {
        metrics::counter!("souk_live_refused_total", "code" => code).increment(1);
        self.answer(frames::error(topic, code, message));
    }

    /// The client sent bytes, even if only a pong.
    pub fn heard(&self) {
        self.connection.mark(&self.connection.heard_s, self.listeners.inner.connections.now_s());
    }

    /// Waits for the next thing to send. Cancel-safe.
    pub async fn next(&self) -> Out {
        poll_fn(|cx| self.connection.poll_out(cx)).await
    }

    pub fn try_next(&self) -> Option<Out> {
        self.connection.try_out()
    }

    /// Waits until the server wants this connection closed. Cancel-safe.
    pub async fn closing(&self) -> Closing {
        poll_fn(|cx| self.connection.poll_closing(cx)).await
    }

    pub fn listens_to(&self, feed: u64) -> Option<&Topic> {
        self.feeds.iter().find(|joined| joined.id == feed).map(|feed| &feed.topic)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for feed in std::mem::take(&mut self.feeds) {
            feed.leave(&self.connection);
            self.listeners.hub.inner.feeds.leave(&feed);
        }
        self.listeners.inner.connections.leave(&self.connection);
    }
}
