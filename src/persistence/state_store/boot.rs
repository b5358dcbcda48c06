//! Whether the machine went down under an open store: the store is never synced, so a power loss may leave any mixture
//! of its pages. `state.boot` holds the kernel's boot id while the store is open; the id of another boot in the file
//! means such a loss, and the store is rebuilt. A killed process keeps its boot id and its pages.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

pub struct BootMark {
    path: PathBuf,
}

impl BootMark {
    pub fn in_dir(dir: &Path) -> Self {
        Self { path: dir.join("state.boot") }
    }

    pub fn dir(&self) -> &Path {
        // Always some: the path is a name joined to a directory.
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// False when the last use neither ended cleanly nor in this boot.
    pub fn trusted(&self) -> bool {
        match (fs::read_to_string(&self.path), fs::read_to_string(BOOT_ID)) {
            (Err(error), _) if error.kind() == io::ErrorKind::NotFound => true,
            (Ok(marked), Ok(now)) => marked == now,
            (Err(_), _) | (Ok(_), Err(_)) => false,
        }
    }

    pub fn set(&self) -> io::Result<()> {
        let id = fs::read_to_string(BOOT_ID).unwrap_or_else(|_| "unknown".into());
        let mut file = fs::File::create(&self.path)?;
        io::Write::write_all(&mut file, id.as_bytes())?;
        // The one sync of the store: the mark must be on disk before the pages that it covers.
        file.sync_all()
    }

    /// Call after the store is on disk.
    pub fn clear(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }
}
