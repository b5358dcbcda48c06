//! A file of nothing in the data directory, given up by a start that meets a full disk: sled writes a few files while it
//! opens a database, and a shop that cannot open it serves no reads either.
//!
//! Made once the disk has room, by the start after one that gave it up too. Deliberately absent: room for commands, which
//! have their own reserve (`journal.free_bytes_min`).

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{FallocateFlags, fallocate},
    io::Errno,
};

use super::reserve::free_bytes;

const FILE: &str = "start.ballast";
const BYTES: u64 = 16 << 20;
/// Free bytes from which on it is made: the last ones are the journal's.
const ROOM_MIN: u64 = 4 * BYTES;

/// From one look at a disk without room to the next.
const LOOKS_PAUSE: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Yes,
    /// The disk has no room now.
    NotYet,
    /// The file system reserves no blocks.
    Never,
}

/// Ends once it is kept, or can never be.
pub async fn keep(data: PathBuf) {
    keep_with(data, |file| fallocate(file, FallocateFlags::empty(), 0, BYTES)).await;
}

async fn keep_with(data: PathBuf, reserve: fn(&File) -> Result<(), Errno>) {
    loop {
        let at = data.clone();
        // The kernel may take its time for so many blocks.
        match tokio::task::spawn_blocking(move || kept(&at, reserve)).await {
            Ok(Kept::NotYet) => tokio::time::sleep(LOOKS_PAUSE).await,
            Ok(Kept::Yes | Kept::Never) | Err(_) => return,
        }
    }
}

fn kept(data: &Path, reserve: fn(&File) -> Result<(), Errno>) -> Kept {
    let path = data.join(FILE);
    if path.exists() {
        return Kept::Yes;
    }
    if free_bytes(data).map_or(true, |free| free < ROOM_MIN) {
        return Kept::NotYet;
    }
    let made = File::create(&path).map_err(|error| Errno::from_io_error(&error));
    match made.and_then(|file| reserve(&file).map_err(Some)) {
        Ok(()) => Kept::Yes,
        Err(errno) => {
            tracing::debug!(path = %path.display(), ?errno, "no blocks are kept for a start on a full disk");
            // Half of one helps nobody.
            let _never_made = fs::remove_file(&path);
            let never = matches!(errno, Some(Errno::OPNOTSUPP | Errno::NOSYS));
            if never { Kept::Never } else { Kept::NotYet }
        }
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

    #[tokio::test]
    async fn it_is_kept_once_and_given_up_once() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(!release(dir.path()));
        keep_with(dir.path().into(), |file| Ok(file.set_len(BYTES).expect("a length"))).await;
        assert_eq!(dir.path().join(FILE).metadata().expect("made").len(), BYTES);
        keep_with(dir.path().into(), |_| unreachable!("it is kept")).await;
        assert!(release(dir.path()) && !release(dir.path()));
    }

    #[tokio::test]
    async fn where_no_blocks_are_reserved_it_is_tried_once() {
        let dir = tempfile::tempdir().expect("a directory");
        keep_with(dir.path().into(), |_| Err(Errno::OPNOTSUPP)).await;
        assert!(!dir.path().join(FILE).exists());
        assert_eq!(kept(dir.path(), |_| Err(Errno::NOSPC)), Kept::NotYet);
    }
}
