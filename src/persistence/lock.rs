//! One process at a time on a directory: `souk.lock`, held by `flock` until the owner drops it or dies.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};

#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("{path}: opened by process {pid}; stop that process, or use another data directory", path = .path.display())]
    Busy { path: PathBuf, pid: String },
    #[error("{path}: {error}", path = .path.display())]
    Io { path: PathBuf, error: io::Error },
}

pub struct DirectoryLock(File);

impl DirectoryLock {
    /// Takes an existing directory for this process, also against this process itself.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let path = dir.join("souk.lock");
        let failed = |error: io::Error| LockError::Io { path: path.clone(), error };
        let mut file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(failed)?;
        if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(failed(error.into()));
            }
            let mut pid = String::new();
            file.read_to_string(&mut pid).map_err(failed)?;
            let pid = pid.trim();
            return Err(LockError::Busy { path: dir.into(), pid: if pid.is_empty() { "unknown" } else { pid }.into() });
        }
        let named = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| file.write_all(format!("{}\n", std::process::id()).as_bytes()));
        if let Err(error) = named {
            // The lock holds without its owner's name; a full disk must not keep a shop from its reads.
            tracing::warn!(path = %path.display(), %error, "the lock does not name this process");
        }
        Ok(Self(file))
    }

    /// The same, but a handle of this very process, which is closing, is waited for.
    pub fn take_within(dir: &Path, patience: Duration) -> Result<Self, LockError> {
        let (began, own) = (Instant::now(), std::process::id().to_string());
        loop {
            match Self::take(dir) {
                Err(LockError::Busy { pid, .. }) if pid == own && began.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                taken => return taken,
            }
        }
    }
}

impl Drop for DirectoryLock {
    fn drop(&mut self) {
        // Explicitly: a child process that is just being started has a copy of the file.
        let _freed_by_the_close = flock(&self.0, FlockOperation::Unlock);
    }
}
