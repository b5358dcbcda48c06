//! The one task that delivers: the leading edge at once, then at most one frame for each topic and interval, and
//! always the last one.
//!
//! A feed is in the ready queue or in the cool-down queue, never in both and never twice, so both are bounded by the
//! feeds that exist. All cool-downs are equally long, so their queue is in order of time and needs no heap, and one
//! sleep serves every topic.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{sync::Notify, time::Instant};

use super::{feed::Feed, lock};
use crate::config::Live;

#[derive(Default)]
pub(super) struct Queue {
    ready: Mutex<VecDeque<Arc<Feed>>>,
    wake: Notify,
    ended: AtomicBool,
}

impl Queue {
    pub fn push(&self, feed: Arc<Feed>) {
        lock(&self.ready).push_back(feed);
        self.wake.notify_one();
    }

    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.wake.notify_one();
    }

    fn pop(&self) -> Option<Arc<Feed>> {
        lock(&self.ready).pop_front()
    }
}

pub(super) async fn run(queue: Arc<Queue>, limits: Arc<Live>) {
    let interval = limits.frame_interval();
    let frames = metrics::counter!("souk_live_frames_total");
    let conflated = metrics::counter!("souk_live_conflated_total");
    let mut cooling: VecDeque<(Instant, Arc<Feed>)> = VecDeque::new();
    while !queue.ended.load(Ordering::Acquire) {
        let now = Instant::now();
        let cooled = cooling.front().is_some_and(|(due, _)| *due <= now);
        let next = if cooled { cooling.pop_front().map(|(_, feed)| feed) } else { queue.pop() };
        match next {
            Some(feed) => {
                if let Some(delivered) = feed.deliver(&limits) {
                    frames.increment(delivered.frames);
                    conflated.increment(delivered.conflated);
                    cooling.push_back((Instant::now() + interval, feed));
                }
                // A fan-out to thousands takes long: let the connections of this worker write.
                tokio::task::yield_now().await;
            }
            None => match cooling.front() {
                Some((due, _)) => {
                    let due = *due;
                    tokio::select! {
                        () = queue.wake.notified() => {}
                        () = tokio::time::sleep_until(due) => {}
                    }
                }
                None => queue.wake.notified().await,
            },
        }
    }
}
