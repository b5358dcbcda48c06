//! A file of nothing in the data directory, given up by a start that meets a full disk: sled writes a few files while it
//! opens a database, and a shop that cannot open it serves no reads either.
//!
//! Made once the disk has room, by the start after one that gave it up too. Deliberately absent: room for commands, which
//! have their own reserve (`journal.free_bytes_min`).

use std::{
    fs::{self, File},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use rustix::{
    fs::{FallocateFlags, fallocate},
    io::Errno,
};

use super::reserve::free_bytes;

const FILE: &str = "start.ballast";
const FRESH: &str = "start.ballast.new";
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
    if blocks_of(&path) >= BYTES {
        return Kept::Yes;
    }
    if free_bytes(data).map_or(true, |free| free < ROOM_MIN) {
        return Kept::NotYet;
    }
    let fresh = data.join(FRESH);
    let made = File::create(&fresh).map_err(|error| Errno::from_io_error(&error));
    let made = made.and_then(|file| reserve(&file).map_err(Some));
    // It has its name once it has its blocks: a kill in between would leave a file that gives nothing back.
    match made.and_then(|()| fs::rename(&fresh, &path).map_err(|error| Errno::from_io_error(&error))) {
        Ok(()) => Kept::Yes,
        Err(errno) => {
            tracing::debug!(path = %path.display(), ?errno, "no blocks are kept for a start on a full disk");
            // Half of one helps nobody.
            let _never_made = fs::remove_file(&fresh);
            let never = matches!(errno, Some(Errno::OPNOTSUPP | Errno::NOSYS));
            if never { Kept::Never } else { Kept::NotYet }
        }
    }
}

/// Bytes of the disk that the file has, whatever its length says; 0 where there is none.
fn blocks_of(path: &Path) -> u64 {
    path.metadata().map_or(0, |found| found.blocks().saturating_mul(512))
}

/// Gives it up; `false`: there is none.
pub fn release(data: &Path) -> bool {
    // Of a process that was killed while it made one.
    let _begun = fs::remove_file(data.join(FRESH));
    let path = data.join(FILE);
    let bytes = blocks_of(&path);
    let released = fs::remove_file(&path).is_ok() && bytes > 0;
    if released {
        tracing::warn!(path = %path.display(), bytes, "the disk is full: the blocks that are kept for a start are used");
    }
    released
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Blocks without a reservation, which some file systems do not have.
    fn written(mut file: &File) -> Result<(), Errno> {
        std::io::Write::write_all(&mut file, &vec![1; BYTES as usize]).expect("room");
        file.sync_all().expect("synced");
        Ok(())
    }

    #[tokio::test]
    async fn it_is_kept_once_and_given_up_once() {
        let dir = tempfile::tempdir().expect("a directory");
        assert!(!release(dir.path()));
        keep_with(dir.path().into(), written).await;
        assert!(blocks_of(&dir.path().join(FILE)) >= BYTES);
        keep_with(dir.path().into(), |_| unreachable!("it is kept")).await;
        assert!(release(dir.path()) && !release(dir.path()));
    }

    /// A kill between the file and its blocks: for ever after the file was there, and gave nothing back on a full disk.
    #[tokio::test]
    async fn a_file_without_blocks_is_none() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join(FILE);
        fs::write(&path, b"").expect("a file");
        assert!(!release(dir.path()) && !path.exists());
        File::create(&path).and_then(|file| file.set_len(BYTES)).expect("a file of nothing");
        let looked = kept(dir.path(), |_| Err(Errno::NOSPC));
        assert_eq!((looked, dir.path().join(FRESH).exists()), (Kept::NotYet, false));
        keep_with(dir.path().into(), written).await;
        assert!(blocks_of(&path) >= BYTES && release(dir.path()));
    }

    #[tokio::test]
    async fn where_no_blocks_are_reserved_it_is_tried_once() {
        let dir = tempfile::tempdir().expect("a directory");
        keep_with(dir.path().into(), |_| Err(Errno::OPNOTSUPP)).await;
        assert!(!dir.path().join(FILE).exists() && !dir.path().join(FRESH).exists());
    }
}
