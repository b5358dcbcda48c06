//! A file of nothing in the data directory, given up by a start that meets a full disk: sled writes a few files while it
//! opens a database, and a shop that cannot open it serves no reads either.
//!
//! Made once the disk has room, and made again after it was given up. Deliberately absent: room for commands, which have
//! their own reserve (`journal.free_bytes_min`).

use std::{
    fs::{self, File},
    path::Path,
};

use rustix::fs::{FallocateFlags, fallocate};

use super::reserve::free_bytes;

const FILE: &str = "start.ballast";
const BYTES: u64 = 16 << 20;
/// Free bytes from which on it is made: the last ones are the journal's.
const ROOM_MIN: u64 = 4 * BYTES;

/// Makes it where it is missing and fits. A file system that cannot reserve blocks does without.
pub fn keep(data: &Path) {
    let path = data.join(FILE);
    if path.exists() || free_bytes(data).map_or(true, |free| free < ROOM_MIN) {
        return;
    }
    let made = File::create(&path).and_then(|file| Ok(fallocate(file, FallocateFlags::empty(), 0, BYTES)?));
    if let Err(error) = made {
        tracing::debug!(path = %path.display(), %error, "no blocks are kept for a start on a full disk");
        // Half of one helps nobody, and the next start tries again.
        let _never_made = fs::remove_file(&path);
    }
}

/// Gives it up; `false`: there is none.
pub fn release(data: &Path) -> bool {
    let path = data.join(FILE);
    let released = fs::remove_file(&path).is_ok();
    if released {
        tracing::warn!(path = %path.display(), bytes = BYTES, "the disk is full: the blocks that are kept for a start are used");
    }
    released
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_kept_once_and_given_up_once() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(!release(dir.path()));
        keep(dir.path());
        let Ok(made) = dir.path().join(FILE).metadata() else {
            return eprintln!("skipped: this file system reserves nothing, or has no room");
        };
        assert_eq!(made.len(), BYTES);
        keep(dir.path());
        assert!(release(dir.path()) && !release(dir.path()));
    }
}
