//! The frames that wait for one connection: the newest of each (topic, key), oldest place first.
//!
//! Invariant: at most one frame for each (feed, key), never an older one after a newer one; so a slow client gets
//! fewer, newer frames. Frames without a key are bounded by the topics of the connection, those with one by `bound`:
//! beyond it the whole many-keyed topic leaves the queue and is marked stale, to be sent again. Searching is linear:
//! the queue of a fast enough client holds a frame or two, and the bound is about a thousand.

use std::{collections::VecDeque, sync::Arc};

use super::Text;

#[derive(Clone, Debug)]
pub struct QueuedFrame {
    pub feed: u64,
    /// The entity of a many-keyed topic.
    pub key: Option<Arc<str>>,
    pub version: u64,
    pub text: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    Queued,
    /// It took the place of an older frame that was never sent (or was itself the older one).
    Conflated,
    /// The topic was dropped from this queue; it waits in [`Outbox::pop_stale`].
    Overflow,
}

#[derive(Debug, Default)]
pub struct Outbox {
    frames: VecDeque<QueuedFrame>,
    control: VecDeque<Text>,
    stale: Vec<u64>,
}

impl Outbox {
    /// Control messages (errors, pongs) that wait. The connection's own task creates and drains them in turn, so only
    /// one huge subscribe can reach this bound; further ones are dropped.
    const CONTROL_MAX: usize = 512;
    /// Places of memory that an idle connection may keep.
    const KEPT: usize = 8;

    pub fn push(&mut self, queued: QueuedFrame, bound: usize) -> Pushed {
        if let Some(waiting) = self.frames.iter_mut().find(|w| w.feed == queued.feed && w.key == queued.key) {
            if queued.version >= waiting.version {
                *waiting = queued;
            }
            return Pushed::Conflated;
        }
        if queued.key.is_some() && self.frames.len() >= bound {
            self.mark_stale(queued.feed);
            return Pushed::Overflow;
        }
        self.frames.push_back(queued);
        Pushed::Queued
    }

    pub fn push_control(&mut self, text: Text) {
        if self.control.len() < Self::CONTROL_MAX {
            self.control.push_back(text);
        }
    }

    /// Drops this feed's frames and marks it for a fresh snapshot.
    pub fn mark_stale(&mut self, feed: u64) {
        self.forget(feed);
        self.stale.push(feed);
    }

    /// The connection no longer listens to this feed.
    pub fn forget(&mut self, feed: u64) {
        self.frames.retain(|waiting| waiting.feed != feed);
        self.stale.retain(|waiting| *waiting != feed);
    }

    pub fn pop_control(&mut self) -> Option<Text> {
        self.control.pop_front()
    }

    pub fn pop(&mut self) -> Option<QueuedFrame> {
        let next = self.frames.pop_front();
        if self.frames.is_empty() && self.frames.capacity() > Self::KEPT {
            self.frames = VecDeque::new();
        }
        next
    }

    pub fn pop_stale(&mut self) -> Option<u64> {
        self.stale.pop()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued(feed: u64, key: Option<&str>, version: u64) -> QueuedFrame {
        QueuedFrame { feed, key: key.map(Into::into), version, text: format!("{feed}/{key:?}/{version}").into() }
    }

    fn drain(outbox: &mut Outbox) -> Vec<(u64, u64)> {
        std::iter::from_fn(|| outbox.pop()).map(|frame| (frame.feed, frame.version)).collect()
    }

    #[test]
    fn the_newest_frame_takes_the_place_of_the_older() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.push(queued(1, None, 1), 4), Pushed::Queued);
        assert_eq!(outbox.push(queued(2, None, 1), 4), Pushed::Queued);
        assert_eq!(outbox.push(queued(1, None, 7), 4), Pushed::Conflated);
        assert_eq!(outbox.push(queued(1, None, 6), 4), Pushed::Conflated, "an older frame changes nothing");
        assert_eq!(drain(&mut outbox), [(1, 7), (2, 1)]);
    }

    #[test]
    fn a_million_changes_to_a_client_that_does_not_read_are_one_frame() {
        let mut outbox = Outbox::default();
        for version in 1..=1_000_000 {
            outbox.push(queued(1, None, version), 4);
        }
        assert_eq!(drain(&mut outbox), [(1, 1_000_000)]);
    }

    #[test]
    fn too_many_keys_make_the_topic_stale_and_leave_the_others_alone() {
        let mut outbox = Outbox::default();
        outbox.push(queued(1, None, 1), 3);
        outbox.push(queued(9, Some("a"), 1), 3);
        outbox.push(queued(9, Some("b"), 1), 3);
        assert_eq!(outbox.push(queued(9, Some("a"), 2), 3), Pushed::Conflated);
        assert_eq!(outbox.push(queued(9, Some("c"), 1), 3), Pushed::Overflow);
        assert_eq!(outbox.push(queued(2, None, 1), 1), Pushed::Queued, "topics of one entity have their own bound");
        assert_eq!(drain(&mut outbox), [(1, 1), (2, 1)]);
        assert_eq!((outbox.pop_stale(), outbox.pop_stale()), (Some(9), None));
    }
}
