//! One topic's listeners, and the changes that wait for the topic's next frame time.
//!
//! Two locks, never held together: the tail takes `pending` (a few nanoseconds), the pump holds `entries` while it
//! delivers to thousands; so the tail never waits for a fan-out. Only the pump and a subscriber's own snapshot push
//! frames, both under `entries`, so versions never go back (G5), see [`VersionGate`].

mod version_gate;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use self::version_gate::VersionGate;
use super::{
    Committed,
    connection::Connection,
    frames::{self, Frame},
    lock,
    outbox::{Pushed, QueuedFrame},
    topic::Topic,
};
use crate::{config::Live, identity::Sight};

pub(super) struct Feed {
    pub id: u64,
    pub topic: Topic,
    /// Changed under the lock of the family's map, if there is one; read without the lock.
    listeners: AtomicUsize,
    pending: Mutex<Pending>,
    entries: Mutex<HashMap<u64, Entry>>,
}

#[derive(Default)]
struct Pending {
    changes: HashMap<Arc<str>, Committed>,
    phase: Phase,
    /// More keys changed than may wait: the listeners get a fresh snapshot instead.
    flooded: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Idle,
    /// In the pump's ready queue, once.
    Queued,
    /// In the pump's cool-down queue, once: a frame was sent less than an interval ago.
    Cooling,
}

struct Entry {
    connection: Arc<Connection>,
    sight: Sight,
    gate: VersionGate,
}

/// The result of a delivery, for the counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Delivered {
    pub frames: u64,
    pub conflated: u64,
}

impl Feed {
    pub fn new(id: u64, topic: Topic) -> Self {
        Self { id, topic, listeners: 0.into(), pending: Mutex::default(), entries: Mutex::default() }
    }

    pub fn heard(&self) -> bool {
        self.listeners.load(Ordering::Acquire) > 0
    }

    pub fn add_listener(&self) {
        self.listeners.fetch_add(1, Ordering::AcqRel);
    }

    /// `true`: the last listener left.
    pub fn drop_listener(&self) -> bool {
        self.listeners.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Keeps the newest of each key until the pump comes by. `true`: the feed was idle, queue it now.
    pub fn offer(&self, change: Committed, limits: &Live) -> bool {
        let mut pending = lock(&self.pending);
        let (full, flooded) = (pending.changes.len() >= limits.pending_keys_max, pending.flooded);
        match pending.changes.get_mut(&change.key.id) {
            Some(waiting) if waiting.version >= change.version => {}
            Some(waiting) => *waiting = change,
            None if flooded => {}
            None if full => {
                pending.changes.clear();
                pending.flooded = true;
            }
            None => _ = pending.changes.insert(change.key.id.clone(), change),
        }
        let idle = pending.phase == Phase::Idle;
        if idle {
            pending.phase = Phase::Queued;
        }
        idle
    }

    /// Delivers what waits and starts the cool-down. `None`: nothing waited, the feed is idle again.
    pub fn deliver(&self, limits: &Live) -> Option<Delivered> {
        let (changes, flooded) = {
            let mut pending = lock(&self.pending);
            if pending.changes.is_empty() && !pending.flooded {
                pending.phase = Phase::Idle;
                return None;
            }
            pending.phase = Phase::Cooling;
            (std::mem::take(&mut pending.changes), std::mem::take(&mut pending.flooded))
        };
        let mut entries = lock(&self.entries);
        let mut delivered = Delivered::default();
        for change in changes.values() {
            let mut encoded = Encoded::default();
            for entry in entries.values_mut() {
                if entry.gate.accepts(&change.key.id, change.version, limits.pending_keys_max) {
                    delivered.add(self.send(entry, change, &mut encoded, limits));
                }
                if entry.gate.overflowed() {
                    entry.gate = VersionGate::Stale;
                    entry.connection.mark_stale(self.id);
                }
            }
        }
        if flooded {
            for entry in entries.values_mut() {
                entry.gate = VersionGate::Stale;
                entry.connection.mark_stale(self.id);
            }
        }
        Some(delivered)
    }

    /// Adds a listener; `since` is the version that the client reports to have.
    pub fn join(&self, connection: Arc<Connection>, sight: Sight, since: Option<u64>) {
        let gate = if self.topic.many_keyed() { VersionGate::gathering() } else { VersionGate::One { last: since } };
        lock(&self.entries).insert(connection.id, Entry { connection, sight, gate });
    }

    pub fn leave(&self, connection: &Connection) {
        lock(&self.entries).remove(&connection.id);
        connection.forget(self.id);
    }

    /// A stale listener starts over: its client receives a reset, then a fresh snapshot. Later deliveries follow the
    /// reset in its outbox.
    pub fn start_over(&self, connection: u64) {
        if let Some(entry) = lock(&self.entries).get_mut(&connection) {
            entry.gate = VersionGate::gathering();
            entry.connection.push_control(frames::reset(&self.topic));
        }
    }

    /// Sends a listener its snapshot, except views older than the frames sent meanwhile and views marked gone: the
    /// lists behind a snapshot may be a moment older than the views.
    pub fn snapshot(&self, connection: u64, views: &[Committed], limits: &Live) -> Delivered {
        let mut delivered = Delivered::default();
        let Some(sight) = lock(&self.entries).get(&connection).map(|entry| entry.sight) else { return delivered };
        // Encoded without the lock, which the pump needs for everybody.
        let frames = views.iter().filter_map(|view| Some((view, frames::encode(&self.topic, view, sight)?)));
        let shown = frames.filter(|(_, frame)| !(frame.gone && self.topic.many_keyed()));
        let shown: Vec<_> = shown.take(limits.snapshot_entities_max).collect();
        let mut entries = lock(&self.entries);
        let Some(entry) = entries.get_mut(&connection) else { return delivered };
        for (view, frame) in shown {
            if entry.gate.accepts_snapshot(&view.key.id, view.version) {
                delivered.add(Some(self.push(entry, view, frame, limits)));
            }
        }
        entry.gate.settle();
        delivered
    }

    fn send(&self, entry: &mut Entry, change: &Committed, encoded: &mut Encoded, limits: &Live) -> Option<Pushed> {
        let frame = encoded.frame(&self.topic, change, entry.sight)?;
        Some(self.push(entry, change, frame, limits))
    }

    fn push(&self, entry: &mut Entry, change: &Committed, frame: Frame, limits: &Live) -> Pushed {
        let key = self.topic.many_keyed().then(|| change.key.id.clone());
        let queued = QueuedFrame { feed: self.id, key, version: change.version, text: frame.text };
        let pushed = entry.connection.push(queued, limits.outbox_frames_max);
        if pushed == Pushed::Overflow {
            entry.gate = VersionGate::Stale;
        }
        pushed
    }
}

/// One change's frame for each sight, made when first wanted. There are as many as the family's permissions make, and a
/// feed has few: no map.
#[derive(Default)]
struct Encoded(Vec<(Sight, Option<Frame>)>);

impl Encoded {
    fn frame(&mut self, topic: &Topic, change: &Committed, sight: Sight) -> Option<Frame> {
        if let Some((_, made)) = self.0.iter().find(|(of, _)| *of == sight) {
            return made.clone();
        }
        let made = frames::encode(topic, change, sight);
        self.0.push((sight, made.clone()));
        made
    }
}

impl Delivered {
    fn add(&mut self, pushed: Option<Pushed>) {
        match pushed {
            Some(Pushed::Queued) => self.frames += 1,
            Some(Pushed::Conflated) => self.conflated += 1,
            Some(Pushed::Overflow) | None => {}
        }
    }
}
