//! One connection as the hub sees it: an outbox, a wake-up, and two marks for the ticker.
//!
//! It knows no socket. The lock is held for a push or a pop only, by the pump on one side and by the connection's task
//! on the other; nothing is encoded or sent under the lock.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
};

use super::{
    Text,
    audience::Still,
    lock,
    outbox::{Outbox, Pushed, QueuedFrame},
};

/// Why the server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The node stops: the client should reconnect, to another node or the next start.
    Draining,
    /// The node may not show its views now: the client should reconnect, to another node or a little later.
    Unshown,
    /// No bytes from the client, or no subscription, for the idle time.
    Idle,
    /// The credentials have ended.
    Expired,
    /// The client kept sending much faster than allowed, despite a warning.
    TooFast,
}

/// The next step of the connection's task.
#[derive(Debug)]
pub enum Out {
    Frame(QueuedFrame),
    Control(Text),
    Ping,
    /// This many-keyed feed was dropped for slowness and everything else is sent: take a fresh snapshot.
    Resync(u64),
    Close(Closing),
}

#[derive(Debug)]
pub(super) struct Connection {
    pub id: u64,
    /// Seconds (of the connections' count) of the client's last bytes, and of its last subscription.
    pub heard_s: AtomicU32,
    pub busy_s: AtomicU32,
    /// The second after which the credentials are invalid; `u32::MAX`: never.
    pub until_s: AtomicU32,
    pub topics: AtomicU32,
    /// Of credentials that can be taken away. Held for a clone.
    still: Mutex<Option<Still>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    outbox: Outbox,
    waker: Option<Waker>,
    closing: Option<Closing>,
    ping: bool,
}

impl Connection {
    pub fn new(id: u64, now_s: u32, until_s: u32, still: Option<Still>) -> Self {
        Self {
            id,
            heard_s: now_s.into(),
            busy_s: now_s.into(),
            until_s: until_s.into(),
            topics: 0.into(),
            still: Mutex::new(still),
            state: Mutex::default(),
        }
    }

    /// What is asked each second; `None`: nobody can take the credentials away.
    pub fn still(&self) -> Option<Still> {
        lock(&self.still).clone()
    }

    pub fn goes_by(&self, still: Option<Still>) {
        *lock(&self.still) = still;
    }

    pub fn push(&self, queued: QueuedFrame, bound: usize) -> Pushed {
        self.change(|state| state.outbox.push(queued, bound))
    }

    pub fn push_control(&self, text: Text) {
        self.change(|state| state.outbox.push_control(text));
    }

    pub fn mark_stale(&self, feed: u64) {
        self.change(|state| state.outbox.mark_stale(feed));
    }

    pub fn forget(&self, feed: u64) {
        lock(&self.state).outbox.forget(feed);
    }

    pub fn ping(&self) {
        self.change(|state| state.ping = true);
    }

    /// The first reason is kept.
    pub fn close(&self, why: Closing) {
        self.change(|state| _ = state.closing.get_or_insert(why));
    }

    /// Changes the state and wakes the connection's task, outside the lock.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let (result, waker) = {
            let mut state = lock(&self.state);
            (change(&mut state), state.waker.take())
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        result
    }

    /// One task polls a connection, so one waker is kept.
    pub fn poll_out(&self, cx: &mut Context<'_>) -> Poll<Out> {
        let mut state = lock(&self.state);
        match state.next() {
            Some(out) => Poll::Ready(out),
            None => {
                state.wait(cx);
                Poll::Pending
            }
        }
    }

    pub fn try_out(&self) -> Option<Out> {
        lock(&self.state).next()
    }

    /// Ready only when the server ends the connection: polled by a task that is stuck in a write.
    pub fn poll_closing(&self, cx: &mut Context<'_>) -> Poll<Closing> {
        let mut state = lock(&self.state);
        match state.closing {
            Some(why) => Poll::Ready(why),
            None => {
                state.wait(cx);
                Poll::Pending
            }
        }
    }

    pub fn mark(&self, which: &AtomicU32, now_s: u32) {
        which.store(now_s, Ordering::Relaxed);
    }
}

impl State {
    fn next(&mut self) -> Option<Out> {
        if let Some(why) = self.closing {
            return Some(Out::Close(why));
        }
        if let Some(text) = self.outbox.pop_control() {
            return Some(Out::Control(text));
        }
        if std::mem::take(&mut self.ping) {
            return Some(Out::Ping);
        }
        // Stale topics come last: their snapshot is most useful after everything older is sent.
        self.outbox.pop().map(Out::Frame).or_else(|| self.outbox.pop_stale().map(Out::Resync))
    }

    fn wait(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.waker = Some(cx.waker().clone()),
        }
    }
}
