//! Refuses writes while there is still room, so that sled never meets a full disk in the middle of a page. What is
//! written between two measurements fits into the reserve, whatever others write meanwhile.
//!
//! There are two bounds. Below the upper one the runtime begins nothing new ([`Gauge::tight`]); what was accepted, and a
//! shard's claim, may use the rest down to the lower one, where this file refuses everything.

use std::{
    fs::File,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use super::gauge::Gauge;
use crate::persistence::reserve::{Reserve, free_bytes};

/// Measured again after this many batches, bytes, or this much time, whichever comes first.
const BATCHES_MAX: u32 = 64;
const BYTES_MAX: u64 = 1 << 20;
const AGE_MAX: Duration = Duration::from_secs(1);
/// Above what sled writes for the bytes of one group and of [`BYTES_MAX`] (2.6 times as much, measured).
const RESERVE: u64 = 16 << 20;

pub struct FreeSpace {
    dir: PathBuf,
    bytes_min: u64,
    reserve: Reserve,
    checked: Option<Instant>,
    batches: u32,
    bytes: u64,
}

impl FreeSpace {
    /// Of the disk that `gauge` looks at; `file` is the one that grows.
    pub fn new(gauge: &Gauge, file: File) -> Self {
        let (dir, bytes_min) = (gauge.dir.clone(), gauge.bytes_last);
        Self { dir, bytes_min, reserve: Reserve::new(file, RESERVE), checked: None, batches: 0, bytes: 0 }
    }

    /// Whether `bytes` more may be written. After a refusal the space is measured each time, so that freed room counts
    /// at once.
    pub fn admit(&mut self, bytes: u64) -> Result<(), Arc<str>> {
        (self.batches, self.bytes) = (self.batches + 1, self.bytes + bytes);
        let fresh = self.checked.is_some_and(|at| at.elapsed() < AGE_MAX);
        if fresh && self.batches < BATCHES_MAX && self.bytes < BYTES_MAX {
            return Ok(());
        }
        self.checked = None;
        let free = free_bytes(&self.dir)?;
        if free < self.bytes_min.saturating_add(bytes) {
            let (dir, min) = (self.dir.display(), self.bytes_min);
            return Err(format!("{free} bytes are free on the disk of {dir}, {min} must stay free; make room").into());
        }
        self.reserve.refill();
        (self.checked, self.batches, self.bytes) = (Some(Instant::now()), 0, 0);
        Ok(())
    }
}
