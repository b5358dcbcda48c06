//! Refuses writes while there is still room, so that sled never meets a full disk in the middle of a page.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// Measured again after this many batches, bytes, or this much time, whichever comes first.
const BATCHES_MAX: u32 = 64;
const BYTES_MAX: u64 = 4 << 20;
const AGE_MAX: Duration = Duration::from_secs(1);

pub struct FreeSpace {
    dir: PathBuf,
    bytes_min: u64,
    checked: Option<Instant>,
    batches: u32,
    bytes: u64,
}

impl FreeSpace {
    pub fn new(dir: PathBuf, bytes_min: u64) -> Self {
        Self { dir, bytes_min, checked: None, batches: 0, bytes: 0 }
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
        let disk = rustix::fs::statvfs(&self.dir).map_err(|error| format!("free space is unknown: {error}"))?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < self.bytes_min.saturating_add(bytes) {
            let (dir, min) = (self.dir.display(), self.bytes_min);
            return Err(format!("{free} bytes are free on the disk of {dir}, {min} must stay free; make room").into());
        }
        (self.checked, self.batches, self.bytes) = (Some(Instant::now()), 0, 0);
        Ok(())
    }
}
