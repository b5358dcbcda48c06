//! One node's line to the cluster's servers: log, commands and heartbeats all use it, so a cut stops all of them.
//!
//! Two more faults are of one direction only. A slow log: records reach the node late. Lost heartbeats: the node misses
//! some nodes' heartbeats while its own come back, so these nodes count as dead. (Production's bucket has one order for
//! all heartbeats and cannot do that; here it makes two owners on purpose.)

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use souk::actors::ports::journal::NodeId;
use tokio::time::sleep;

/// How often a stalled stream looks whether its line is back.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Default)]
pub struct Link {
    cut: AtomicBool,
    lag_ms: AtomicU64,
    deaf_to: Mutex<BTreeSet<NodeId>>,
}

impl Link {
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Relaxed)
    }

    pub fn toggle(&self) -> bool {
        !self.cut.fetch_not(Ordering::Relaxed)
    }

    pub fn slow_log(&self, lag: Duration) {
        self.lag_ms.store(lag.as_millis() as u64, Ordering::Relaxed);
    }

    pub fn deafen(&self, others: impl IntoIterator<Item = NodeId>) {
        self.deaf_to.lock().unwrap().extend(others);
    }

    pub fn hears(&self, node: &NodeId) -> bool {
        !self.is_cut() && !self.deaf_to.lock().unwrap().contains(node)
    }

    pub fn heal(&self) {
        self.cut.store(false, Ordering::Relaxed);
        self.slow_log(Duration::ZERO);
        self.deaf_to.lock().unwrap().clear();
    }

    /// One record's way to the node: late, and not while the line is cut.
    pub async fn carry_record(&self) {
        let lag = self.lag_ms.load(Ordering::Relaxed);
        if lag > 0 {
            sleep(Duration::from_millis(lag)).await;
        }
        while self.is_cut() {
            sleep(LOOK).await;
        }
    }
}
