//! Wall-clock time that follows tokio's paused clock, and goes on where the last incarnation ended.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use souk::{actors::ports::Clock, domain::time::Timestamp};
use tokio::time::Instant;
use uuid::Uuid;

use crate::rng::Rng;

/// Survives crashes.
#[derive(Clone)]
pub struct Epoch(Arc<AtomicI64>);

impl Epoch {
    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_800_000_000_000)))
    }
}

pub struct SimClock {
    started: Instant,
    base: i64,
    epoch: Epoch,
    rng: Rng,
}

impl SimClock {
    pub fn start(epoch: Epoch, rng: Rng) -> Self {
        Self { started: Instant::now(), base: epoch.0.load(Ordering::Relaxed), epoch, rng }
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        let now = self.base + self.started.elapsed().as_millis() as i64;
        self.epoch.0.fetch_max(now, Ordering::Relaxed);
        Timestamp(now)
    }

    fn uuid(&self) -> Uuid {
        self.rng.uuid()
    }
}

/// The wall clock of several nodes: their machines' clocks agree, as NTP keeps them; what a node measures by its own
/// timer does not.
#[derive(Clone)]
pub struct Wall {
    now: Arc<AtomicI64>,
    rng: Rng,
}

impl Wall {
    pub fn new(rng: Rng) -> Self {
        Self { now: Arc::new(AtomicI64::new(1_800_000_000_000)), rng }
    }

    pub fn pass(&self, millis: u64) {
        self.now.fetch_add(millis as i64, Ordering::Relaxed);
    }
}

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp(self.now.load(Ordering::Relaxed))
    }

    fn uuid(&self) -> Uuid {
        self.rng.uuid()
    }
}
