//! Directories for their owner alone: journal and state store hold names, addresses and e-mails, and sled makes its
//! files readable by everybody on the machine. An existing directory keeps its mode, and an open one gives a warning.

use std::{
    fs::{DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
};

/// Makes the directory and what is missing above it. Their names are durable on return.
pub fn make(dir: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    for made in missing.into_iter().rev() {
        let above = made.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match File::open(above).and_then(|above| above.sync_all()) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                // Written to and not read: the kernel writes the name within seconds, and nobody can ask for more.
                tracing::warn!(dir = %made.display(), "the name of a new directory cannot be synced at once");
            }
            synced => synced?,
        }
    }
    for (dir, open) in [(Some(dir), 0o077), (dir.parent(), 0o022)] {
        if let Some(dir) = dir
            && let Some(mode) = mode(dir).filter(|mode| mode & open != 0)
        {
            let (path, mode) = (dir.display(), format!("{mode:04o}"));
            tracing::warn!(%path, mode, "others on this machine may read or change the data directory; chmod 700 it");
        }
    }
    Ok(())
}

fn mode(dir: &Path) -> Option<u32> {
    Some(dir.metadata().ok()?.permissions().mode() & 0o7777)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_may_look_in() {
        let above = tempfile::tempdir().unwrap();
        let (outer, inner) = (above.path().join("data"), above.path().join("data/journal"));
        make(&inner).unwrap();
        make(&inner).unwrap();
        for dir in [outer, inner] {
            assert_eq!(mode(&dir), Some(0o700), "{}", dir.display());
        }
    }
}
