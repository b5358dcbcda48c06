//! How a journal of one machine is opened: `[journal]` as it is, with the shards that `[actors]` names and what only tools
//! choose. Absent: the bound of one batch, which the runtime keeps.

use crate::config::{Config, Journal};

#[derive(Clone, Debug, PartialEq)]
pub struct SledOptions {
    /// Shards of a journal that is created, 1 to 4096; an existing one with another number is refused. `None`: the
    /// existing journal's number, and [`SledOptions::SHARDS`] for a new one.
    pub shards: Option<u16>,
    /// The page cache, and the free bytes below which appends are refused as `Full`.
    pub journal: Journal,
    /// Newest records of each shard that are checked when the journal is opened. Default 64.
    pub checked_at_open: u64,
}

impl SledOptions {
    pub const SHARDS_MAX: u16 = 4096;
    /// All shards share one writer and one disk, and each shard of a shared sync costs a record of its own: more shards
    /// make no machine faster (ADR 0012).
    pub const SHARDS: u16 = 4;
}

impl From<&Config> for SledOptions {
    fn from(config: &Config) -> Self {
        Self { shards: config.actors.shards(), journal: config.journal.clone(), ..Self::default() }
    }
}

impl Default for SledOptions {
    fn default() -> Self {
        Self { shards: None, journal: Journal::default(), checked_at_open: 64 }
    }
}
