//! Two clocks for tests: one stands until the test moves it, the other follows tokio's time, paused or not.
//!
//! Both count their ids unless a test gives others, such as those of a seed.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
};

use tokio::time::Instant;
use uuid::Uuid;

use crate::{actors::ports::Clock, domain::time::Timestamp};

/// Where both clocks begin by default: January 2027.
pub const EPOCH: Timestamp = Timestamp(1_800_000_000_000);

type Ids = Box<dyn Fn() -> Uuid + Send + Sync>;

/// Stands still until [`FixedClock::pass`].
pub struct FixedClock {
    ms: AtomicI64,
    ids: Ids,
}

impl FixedClock {
    /// Ids are 1, 2, 3 and so on.
    pub fn at(now: Timestamp) -> Self {
        let next = AtomicU64::new(1);
        Self {
            ms: AtomicI64::new(now.0),
            ids: Box::new(move || Uuid::from_u128(u128::from(next.fetch_add(1, Relaxed)))),
        }
    }

    pub fn with_ids(self, ids: impl Fn() -> Uuid + Send + Sync + 'static) -> Self {
        Self { ids: Box::new(ids), ..self }
    }

    pub fn pass(&self, ms: i64) {
        self.ms.fetch_add(ms, Relaxed);
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::at(EPOCH)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.ms.load(Relaxed))
    }

    fn uuid(&self) -> Uuid {
        (self.ids)()
    }
}

/// Goes as tokio's time goes.
pub struct PausedClock {
    started: Instant,
    base: i64,
    newest: Arc<AtomicI64>,
    ids: Ids,
}

/// Ids of all paused clocks of the process: two runtimes on one log must not name two batches alike.
static NEXT: AtomicU64 = AtomicU64::new(1);

impl PausedClock {
    pub fn start() -> Self {
        Self::resume(Arc::new(AtomicI64::new(EPOCH.0)))
    }

    /// Starts at the time in `newest` and keeps the newest time that it returned there, so that a machine's clock after
    /// a crash continues from the last time read before the crash.
    pub fn resume(newest: Arc<AtomicI64>) -> Self {
        let ids = || Uuid::from_u128(0xc10c << 64 | u128::from(NEXT.fetch_add(1, Relaxed)));
        Self { started: Instant::now(), base: newest.load(Relaxed), newest, ids: Box::new(ids) }
    }

    pub fn with_ids(self, ids: impl Fn() -> Uuid + Send + Sync + 'static) -> Self {
        Self { ids: Box::new(ids), ..self }
    }
}

impl Clock for PausedClock {
    fn now(&self) -> Timestamp {
        let now = self.base + self.started.elapsed().as_millis() as i64;
        self.newest.fetch_max(now, Relaxed);
        Timestamp(now)
    }

    fn uuid(&self) -> Uuid {
        (self.ids)()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_fixed_clock_moves_by_hand_alone() {
        let clock = FixedClock::at(Timestamp(5));
        assert_eq!((clock.now(), clock.now()), (Timestamp(5), Timestamp(5)));
        clock.pass(3);
        assert_eq!(clock.now(), Timestamp(8));
        assert_eq!((clock.uuid(), clock.uuid()), (Uuid::from_u128(1), Uuid::from_u128(2)));
        assert_eq!(clock.with_ids(Uuid::nil).uuid(), Uuid::nil());
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_clock_follows_tokio_and_the_next_goes_on_where_it_was_read() {
        let newest = Arc::new(AtomicI64::new(100));
        let first = PausedClock::resume(newest.clone());
        tokio::time::advance(Duration::from_millis(40)).await;
        assert_eq!(first.now(), Timestamp(140));
        tokio::time::advance(Duration::from_millis(40)).await;
        let second = PausedClock::resume(newest);
        assert_eq!(second.now(), Timestamp(140));
        assert_ne!(first.uuid(), second.uuid());
    }
}
