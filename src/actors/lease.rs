//! How long an owner may reply without the log: a strong reply needs an append confirmed within the lease, counted from
//! that append's START, because this node owned the shard at that time.
//!
//! On one machine there is no lease: no other process can open the journal.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use tokio::time::Instant;

pub(super) struct Lease {
    within: Option<Duration>,
    base: Instant,
    /// Nanoseconds after `base`: the start of the newest confirmed append.
    confirmed: AtomicU64,
}

impl Lease {
    /// `start`: the time at which the confirmed claim began.
    pub(super) fn new(within: Option<Duration>, start: Instant) -> Self {
        Self { within, base: start, confirmed: AtomicU64::new(0) }
    }

    pub(super) fn confirm(&self, started: Instant) {
        let nanos = u64::try_from(started.duration_since(self.base).as_nanos()).unwrap_or(u64::MAX);
        self.confirmed.fetch_max(nanos, Ordering::AcqRel);
    }

    pub(super) fn fresh(&self) -> bool {
        self.fresh_for(1)
    }

    /// Whether the newest confirmed append began less than so many leases ago.
    pub(super) fn fresh_for(&self, leases: u32) -> bool {
        let Some(within) = self.within else { return true };
        let confirmed = Duration::from_nanos(self.confirmed.load(Ordering::Acquire));
        Instant::now().duration_since(self.base) < confirmed + within * leases
    }
}
