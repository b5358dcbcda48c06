//! `[state]`: the store of folded states and read models. Only a cache of the journal: losing it costs a rebuild.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::{Checks, GIB, MIB};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Bytes of memory for the store's page cache. Default 32 MiB.
    pub cache_bytes: u64,
    /// Milliseconds between two writes to the disk; a crash folds at most this much again. Default 2,000.
    pub flush_interval_ms: u64,
    /// Folded entities in memory, beside the unwritten ones: all shards together, each its part. Default 4,096.
    pub cached_entities_max: usize,
}

impl Default for State {
    fn default() -> Self {
        Self { cache_bytes: 32 * MIB, flush_interval_ms: 2_000, cached_entities_max: 4_096 }
    }
}

impl State {
    pub const fn flush_interval(&self) -> Duration {
        Duration::from_millis(self.flush_interval_ms)
    }

    /// One shard's part of `cached_entities_max`.
    pub fn cached_in_shard(&self, shards: u16) -> usize {
        self.cached_entities_max.div_ceil(usize::from(shards.max(1)))
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        checks.range("state.cache_bytes", self.cache_bytes, MIB, 64 * GIB, "bytes");
        checks.range("state.flush_interval_ms", self.flush_interval_ms, 1, 60_000, "milliseconds");
        checks.range("state.cached_entities_max", self.cached_entities_max, 16, 10_000_000, "entities");
    }
}
