//! Blocks behind a file's end that belong to this file already: whoever else fills the disk, so many bytes still fit.
//!
//! Free space is measured now and then, and a neighbour fills a disk faster than that. Without a reserve sled would meet
//! the full disk in the middle of a write, after which its database is lost to this process. A file system that cannot
//! reserve (`fallocate` with `FALLOC_FL_KEEP_SIZE`) leaves the measuring alone, as before.

use std::{fs::File, os::unix::fs::MetadataExt, path::Path};

use rustix::fs::{FallocateFlags, fallocate, statvfs};

pub struct Reserve {
    file: File,
    bytes: u64,
    /// Reserved up to this offset, as long as nobody has shortened the file.
    upto: u64,
}

impl Reserve {
    /// Keeps about `bytes` behind the end of `file`, from the next [`Reserve::refill`] on.
    pub fn new(file: File, bytes: u64) -> Self {
        Self { file, bytes, upto: 0 }
    }

    /// Bytes that the file may still grow on a full disk.
    pub fn left(&self) -> u64 {
        let Ok(found) = self.file.metadata() else { return 0 };
        // sled shortens its file at times, which gives the blocks behind its end back: the blocks themselves count.
        let behind = |end: u64| end.saturating_sub(found.len());
        behind(self.upto).min(behind(found.blocks().saturating_mul(512)))
    }

    /// After half of it is used up, or at first. What the disk does not give is not an error: it is full, then.
    pub fn refill(&mut self) {
        if self.left() >= self.bytes / 2 {
            return;
        }
        let Ok(length) = self.file.metadata().map(|found| found.len()) else { return };
        if fallocate(&self.file, FallocateFlags::KEEP_SIZE, length, self.bytes).is_ok() {
            self.upto = length + self.bytes;
        }
    }
}

/// Bytes of a directory's disk that this user may still write.
pub fn free_bytes(dir: &Path) -> Result<u64, String> {
    let disk = statvfs(dir).map_err(|error| format!("free space is unknown: {error}"))?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// On a file system that reserves; another one is what the comment above says.
    #[test]
    fn it_shrinks_as_the_file_grows_and_is_filled_again() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file");
        let mut file = File::create(&path).expect("a file");
        let mut reserve = Reserve::new(file.try_clone().expect("a handle"), 64 << 10);
        assert_eq!(reserve.left(), 0);
        reserve.refill();
        if reserve.left() == 0 {
            return eprintln!("skipped: this file system reserves nothing");
        }
        assert_eq!((reserve.left(), path.metadata().expect("a file").len()), (64 << 10, 0), "the length stays");
        file.write_all(&[1; 40 << 10]).expect("bytes");
        assert_eq!(reserve.left(), 24 << 10);
        reserve.refill();
        assert_eq!(reserve.left(), 64 << 10);
        file.set_len(0).expect("shorter");
        assert_eq!(reserve.left(), 0, "what was behind the end is given back");
    }
}
