//! `[state]`: the store of folded states and read models. Only a cache of the journal: losing it costs a rebuild.

use serde::{Deserialize, Serialize};

use super::check::{Checks, GIB, MIB};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Bytes of memory for the store's page cache. Default 32 MiB.
    pub cache_bytes: u64,
    /// Milliseconds between two writes to the disk; a crash folds at most this much again. Default 500.
    pub flush_interval_ms: u64,
    /// Changed entities that wait for a write, at most; then it is made at once. Default 10,000.
    pub dirty_max: u64,
}

impl Default for State {
    fn default() -> Self {
        Self { cache_bytes: 32 * MIB, flush_interval_ms: 500, dirty_max: 10_000 }
    }
}

impl State {
    pub(super) fn check(&self, checks: &mut Checks) {
        checks.range("state.cache_bytes", self.cache_bytes, MIB, 64 * GIB, "bytes");
        checks.range("state.flush_interval_ms", self.flush_interval_ms, 1, 60_000, "milliseconds");
        checks.range("state.dirty_max", self.dirty_max, 1, 1_000_000, "entities");
    }
}
