//! Directories for their owner alone: journal and state store hold names, addresses and e-mails, and sled makes its
//! files readable by everybody on the machine. An existing directory keeps its mode.

use std::{fs::DirBuilder, io, os::unix::fs::DirBuilderExt, path::Path};

pub fn make(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn nobody_else_may_look_in() {
        let above = tempfile::tempdir().unwrap();
        let (outer, inner) = (above.path().join("data"), above.path().join("data/journal"));
        make(&inner).unwrap();
        make(&inner).unwrap();
        for dir in [outer, inner] {
            assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700, "{}", dir.display());
        }
    }
}
