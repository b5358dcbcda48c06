//! `[journal]`: the log on disk. Deliberately absent: any switch that would acknowledge before the sync.

use serde::{Deserialize, Serialize};

use super::check::{Checks, GIB, MIB};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    /// Bytes of memory for the log's page cache. Default 32 MiB.
    pub cache_bytes: u64,
    /// Bytes that must stay free on the disk for new work to begin; below it a shopper's new carts and checkouts are refused
    /// (503 `no_room`), while payments, releases, staff and reads go on. Default 64 MiB.
    pub free_bytes_min: u64,
    /// Bytes that must stay free for anything to be written: what lies between the two is the reserve of payments, releases,
    /// claims and staff. Below it every command is refused and reads continue. Default 16 MiB; above `free_bytes_min` it
    /// counts as that.
    pub free_bytes_last: u64,
    /// Bytes of one batch's commits, at most; also the bound of one command's events. Default 256 KiB.
    pub batch_bytes_max: usize,
    /// Bytes of old records that a running shop reads again each second, to find damage before a restore needs them; 0:
    /// none are read. Default 1 MiB. A pass over all of them begins an hour after the one before.
    pub scrub_bytes_per_second: u64,
}

impl Default for Journal {
    fn default() -> Self {
        Self {
            cache_bytes: 32 * MIB,
            free_bytes_min: 64 * MIB,
            free_bytes_last: 16 * MIB,
            batch_bytes_max: 256 * 1_024,
            scrub_bytes_per_second: MIB,
        }
    }
}

impl Journal {
    pub(super) fn check(&self, checks: &mut Checks) {
        checks.range("journal.cache_bytes", self.cache_bytes, MIB, 64 * GIB, "bytes");
        checks.range("journal.free_bytes_min", self.free_bytes_min, 0, 1_024 * GIB, "bytes");
        checks.range("journal.free_bytes_last", self.free_bytes_last, 0, 1_024 * GIB, "bytes");
        // The record format reserves no more: a larger batch would not be readable by other backends.
        checks.range("journal.batch_bytes_max", self.batch_bytes_max, 4_096, 512 * 1_024, "bytes");
        checks.range("journal.scrub_bytes_per_second", self.scrub_bytes_per_second, 0, GIB, "bytes");
    }
}
