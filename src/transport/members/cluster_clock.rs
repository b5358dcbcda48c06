//! The time that a node of a cluster decides by: its own clock, corrected to the cluster's time ([`super::clocks`]).

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use uuid::Uuid;

use crate::{actors::ports::Clock, domain::time::Timestamp};

pub struct ClusterClock {
    wall: Arc<dyn Clock>,
    correction_ms: AtomicI64,
}

impl ClusterClock {
    pub fn new(wall: Arc<dyn Clock>) -> Self {
        Self { wall, correction_ms: AtomicI64::new(0) }
    }

    /// This node's own clock, as its heartbeats carry it.
    pub(super) fn wall(&self) -> Timestamp {
        self.wall.now()
    }

    pub(super) fn correct(&self, ms: i64) {
        self.correction_ms.store(ms, Ordering::Relaxed);
    }
}

impl Clock for ClusterClock {
    fn now(&self) -> Timestamp {
        self.wall.now().plus_ms(self.correction_ms.load(Ordering::Relaxed))
    }

    fn uuid(&self) -> Uuid {
        self.wall.uuid()
    }
}
