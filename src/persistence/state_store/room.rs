//! Whether the state store may grow. Its reserve lets it write out what the journal took before the disk was full, so
//! that lists stay right; past the reserve states wait in memory.

use std::{fs::File, path::PathBuf};

use crate::{
    actors::ports::Room,
    persistence::reserve::{Reserve, free_bytes},
};

/// Kept behind the database's end.
const RESERVE: u64 = 8 << 20;
/// Of free and reserved bytes together: above one step's write and what sled has in its buffers (512 KiB each).
const BYTES_MIN: u64 = 4 << 20;

pub struct StoreRoom {
    dir: PathBuf,
    reserve: Reserve,
}

impl StoreRoom {
    /// On the disk of `dir`, for the database's file.
    pub fn new(dir: PathBuf, file: File) -> Self {
        Self { dir, reserve: Reserve::new(file, RESERVE) }
    }

    pub fn look(&mut self) -> Room {
        // Unknown is no reason: the write itself tells.
        let Ok(free) = free_bytes(&self.dir) else { return Room::Enough };
        // Not from the last bytes: those are the journal's.
        if free > 4 * RESERVE {
            self.reserve.refill();
        }
        match free.saturating_add(self.reserve.left()) >= BYTES_MIN {
            true => Room::Enough,
            false => Room::NotNow(
                format!("No space left on device: {free} bytes are free on the disk of {}", self.dir.display()).into(),
            ),
        }
    }
}
