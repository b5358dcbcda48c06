//! When each change was sent, and when each socket has seen it.
//!
//! A frame may be read before the reply with its change's version: such a frame waits in a bounded list and is counted
//! at the end. Tables are made before the run; a reader of frames takes no lock that another holds for long.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use hdrhistogram::Histogram;

use crate::load::{
    error::LoadError,
    invariant::Invariant,
    live::{Frame, Listener},
    record::histogram,
    report::{Figure, Quantiles},
};

/// Frames that came before their reply, at most: 24 bytes each. The rest is counted as not timed.
const EARLY_MAX: usize = 4_000_000;
/// A change that is not timed: sent in the warm-up, or not by this run.
const UNTIMED: u64 = u64::MAX;

pub struct Topics {
    start: Instant,
    topics: Vec<Topic>,
    sockets: Vec<Socket>,
    timed: Mutex<Timed>,
}

struct Topic {
    /// Version before the first change.
    base: u64,
    changes: Vec<Change>,
}

/// Microseconds since the start.
#[derive(Default)]
struct Change {
    /// 0: not known (yet).
    sent: AtomicU64,
    /// When the last socket saw it.
    last: AtomicU64,
}

#[derive(Default)]
struct Socket {
    topic: AtomicU64,
    /// One more than the newest version; 0: nothing was read.
    next: AtomicU64,
    backwards: AtomicU64,
}

struct Timed {
    seen: Histogram<u64>,
    early: Vec<(u32, u64, u64)>,
    not_timed: u64,
    frames: u64,
    /// Changes that a socket saw only together with a newer one.
    conflated: u64,
}

impl Default for Topics {
    fn default() -> Self {
        Self::new(&[], 0, 0)
    }
}

impl Topics {
    pub fn new(versions: &[u64], changes: usize, sockets: usize) -> Self {
        let topic = |base: &u64| Topic { base: *base, changes: (0..changes).map(|_| Change::default()).collect() };
        let timed = Timed { seen: histogram(3), early: Vec::new(), not_timed: 0, frames: 0, conflated: 0 };
        Self {
            start: Instant::now(),
            topics: versions.iter().map(topic).collect(),
            sockets: (0..sockets).map(|_| Socket::default()).collect(),
            timed: timed.into(),
        }
    }

    /// A command's reply: its version, and when it was sent (`None`: not to be timed).
    pub fn changed(&self, topic: usize, version: u64, sent: Option<Instant>) {
        if let Some(change) = self.topics.get(topic).and_then(|topic| topic.change(version)) {
            change.sent.store(sent.map_or(UNTIMED, |sent| self.micros(sent)), Relaxed);
        }
    }

    /// Reads one socket's frames until it ends.
    pub async fn watch(self: Arc<Self>, n: usize, topic: usize, mut listener: Listener) -> LoadError {
        loop {
            let outcome = listener.text().await.and_then(|text| {
                if let Some(Frame { version: Some(version), .. }) = Frame::read(&text)? {
                    self.frame(n, topic, version, self.micros(Instant::now()));
                }
                Ok(())
            });
            if let Err(error) = outcome {
                return error;
            }
        }
    }

    fn frame(&self, n: usize, topic: usize, version: u64, now: u64) {
        let (Some(socket), Some(it)) = (self.sockets.get(n), self.topics.get(topic)) else { return };
        socket.topic.store(topic as u64, Relaxed);
        let next = socket.next.load(Relaxed);
        if version < next {
            socket.backwards.fetch_add(1, Relaxed);
            return;
        }
        socket.next.store(version + 1, Relaxed);
        let first = next.max(it.base + 1);
        let mut timed = self.timed.lock().unwrap_or_else(PoisonError::into_inner);
        timed.frames += 1;
        timed.conflated += version.saturating_sub(first);
        for version in first..=version {
            let Some(change) = it.change(version) else { continue };
            change.last.fetch_max(now, Relaxed);
            match change.sent.load(Relaxed) {
                0 if timed.early.len() < EARLY_MAX => timed.early.push((topic as u32, version, now)),
                0 => timed.not_timed += 1,
                UNTIMED => {}
                sent => timed.seen.saturating_record(now.saturating_sub(sent).max(1)),
            }
        }
    }

    pub fn all_listen(&self) -> bool {
        self.sockets.iter().all(|socket| socket.next.load(Relaxed) > 0)
    }

    pub fn all_at(&self, newest: &[u64]) -> bool {
        self.sockets.iter().enumerate().all(|(n, socket)| self.newest(n, newest) < socket.next.load(Relaxed))
    }

    fn newest(&self, n: usize, newest: &[u64]) -> u64 {
        newest.get(n % newest.len().max(1)).copied().unwrap_or(0)
    }

    pub fn invariants(&self, newest: &[u64], broken: Vec<String>) -> Vec<Invariant> {
        let mut whole = Invariant::new("no frame is lost: each socket has read its topic's newest version");
        let mut order = Invariant::new("versions only grow");
        for (n, socket) in self.sockets.iter().enumerate() {
            let (next, newest) = (socket.next.load(Relaxed), self.newest(n, newest));
            whole.check(next > newest, || match next.checked_sub(1) {
                Some(at) => format!("socket {n} is at version {at}, its topic at {newest}"),
                None => format!("socket {n} has read nothing, its topic is at version {newest}"),
            });
            let backwards = socket.backwards.load(Relaxed);
            order.check(backwards == 0, || format!("socket {n} was shown {backwards} versions that were not newer"));
        }
        broken.into_iter().for_each(|why| whole.check(false, || why));
        vec![whole, order]
    }

    pub fn frames(&self) -> u64 {
        self.timed.lock().unwrap_or_else(PoisonError::into_inner).frames
    }

    pub fn figures(&self) -> Vec<Figure> {
        let mut timed = self.timed.lock().unwrap_or_else(PoisonError::into_inner);
        for (topic, version, at) in std::mem::take(&mut timed.early) {
            match self
                .topics
                .get(topic as usize)
                .and_then(|topic| topic.change(version))
                .map(|it| it.sent.load(Relaxed))
            {
                Some(UNTIMED) => {}
                Some(sent @ 1..) => timed.seen.saturating_record(at.saturating_sub(sent).max(1)),
                Some(0) | None => timed.not_timed += 1,
            }
        }
        let mut last = histogram(3);
        for change in self.topics.iter().flat_map(|topic| &topic.changes) {
            let (sent, seen) = (change.sent.load(Relaxed), change.last.load(Relaxed));
            if !matches!(sent, 0 | UNTIMED) && seen > 0 {
                last.saturating_record(seen.saturating_sub(sent).max(1));
            }
        }
        let mut figures = Vec::new();
        for (who, times) in [("a socket", &timed.seen), ("the last socket", &last)] {
            let q = Quantiles::of(times);
            for (name, value) in [("p50", q.p50), ("p99", q.p99), ("p99.9", q.p999), ("max", q.max)] {
                figures.push(Figure::new(format!("sent to seen by {who}, {name}"), value as f64 / 1e3, "ms"));
            }
        }
        figures.push(Figure::new("frames read", timed.frames as f64, ""));
        figures.push(Figure::new("changes seen", timed.seen.len() as f64, ""));
        figures.push(Figure::new("changes seen with a newer one", timed.conflated as f64, ""));
        figures.push(Figure::new("changes seen and not timed", timed.not_timed as f64, ""));
        figures
    }

    fn micros(&self, at: Instant) -> u64 {
        // Never 0, which is "not known".
        at.saturating_duration_since(self.start).as_micros() as u64 + 1
    }
}

impl Topic {
    fn change(&self, version: u64) -> Option<&Change> {
        let index = version.checked_sub(self.base + 1)?;
        self.changes.get(usize::try_from(index).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn value(figures: &[Figure], name: &str) -> f64 {
        figures.iter().find(|figure| figure.name == name).map(|figure| figure.value).expect(name)
    }

    #[test]
    fn a_frame_shows_every_change_up_to_its_version_also_before_the_reply() {
        let topics = Topics::new(&[10], 5, 2);
        let at = |ms: u64| topics.start + Duration::from_millis(ms);
        topics.changed(0, 11, Some(at(0)));
        topics.changed(0, 12, None);
        topics.frame(0, 0, 10, 1);
        topics.frame(1, 0, 10, 1);
        // 11 is timed, 12 is not to be, 13 comes before its reply.
        topics.frame(0, 0, 13, topics.micros(at(20)));
        topics.changed(0, 13, Some(at(10)));
        assert!(topics.all_listen() && !topics.all_at(&[13]));
        topics.frame(1, 0, 13, topics.micros(at(40)));
        topics.frame(1, 0, 12, topics.micros(at(41)));
        assert!(topics.all_at(&[13]));
        let figures = topics.figures();
        assert_eq!(value(&figures, "changes seen"), 4.0);
        assert_eq!(value(&figures, "changes seen with a newer one"), 4.0);
        assert!((39.0..41.0).contains(&value(&figures, "sent to seen by the last socket, max")), "{figures:?}");
        assert!((19.0..21.0).contains(&value(&figures, "sent to seen by a socket, p50")), "{figures:?}");
        let invariants = topics.invariants(&[13], vec![]);
        assert_eq!([invariants[0].broken, invariants[1].broken], [0, 1], "one went back to 12");
        assert_eq!(topics.invariants(&[14], vec!["closed".into()])[0].broken, 3);
    }
}
