//! An operator's settings for the journal of one machine.

#[derive(Clone, Debug, PartialEq)]
pub struct SledOptions {
    /// Shards of a journal that is created, 1 to 4096; an existing one with another number is refused. `None`: the
    /// existing journal's number, and [`SledOptions::SHARDS`] for a new one.
    pub shards: Option<u16>,
    /// Bytes of sled's page cache. Default 16 MiB: the log is read mostly at its end, from memory.
    pub cache_bytes: u64,
    /// Appends are refused as `Full` while the disk has fewer free bytes than this. Default 64 MiB: more than the bytes
    /// written between two checks of the disk, with room left for the state store.
    pub free_bytes_min: u64,
    /// Newest records of each shard that are checked when the journal is opened. Default 64.
    pub checked_at_open: u64,
    /// Opens a damaged journal as far as possible and refuses every write: for `souk journal verify` and `export` on a
    /// damaged directory. Default false.
    pub salvage: bool,
}

impl SledOptions {
    pub const SHARDS_MAX: u16 = 4096;
    /// All shards share one writer and one disk, and each shard of a shared sync costs a record of its own: more shards
    /// make no machine faster (ADR 0012).
    pub const SHARDS: u16 = 4;
}

impl Default for SledOptions {
    fn default() -> Self {
        Self { shards: None, cache_bytes: 16 << 20, free_bytes_min: 64 << 20, checked_at_open: 64, salvage: false }
    }
}
