//! What sled 0.34 can make again from its log, looked at before sled opens the directory.
//!
//! At each open sled writes `snap.<lsn>.generating`, renames it to `snap.<lsn>`, and takes the last name of all `snap.*`
//! for the newest snapshot. A kill or a full disk in between leaves a file that ends every later open, although a
//! snapshot is only an abbreviation of the log. The same holds for `conf`: three constants and a checksum.
//!
//! Deliberately absent: any look at the log itself (`sled_journal/look.rs`).

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crc32fast::hash;

/// Behind a snapshot's content: its length (8 bytes) and the content's checksum (4 bytes).
const SNAPSHOT_FOOTER: usize = 12;

/// Files of a database that sled would stumble over, with the reason, in no order.
pub fn unreadable(database: &Path) -> io::Result<Vec<(PathBuf, &'static str)>> {
    let entries = match fs::read_dir(database) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let problem = match &*name {
            "conf" => conf_problem(&fs::read(&path)?),
            name => match name.strip_prefix("snap.") {
                None => None,
                // What is no number is a leftover of a start that was cut short.
                Some(lsn) if lsn.len() != 16 || !lsn.bytes().all(is_hex) => Some("a start was interrupted in it"),
                Some(_) => snapshot_problem(&fs::read(&path)?),
            },
        };
        found.extend(problem.map(|problem| (path.clone(), problem)));
    }
    Ok(found)
}

/// Removes these files: sled makes them again, from the log.
pub fn tidy(database: &Path) -> io::Result<()> {
    for (path, problem) in unreadable(database)? {
        tracing::warn!(path = %path.display(), problem, "an unreadable file of the database is made again from its log");
        fs::remove_file(&path)?;
    }
    Ok(())
}

/// Removes every snapshot: sled reads its whole log instead.
pub fn remove_snapshots(database: &Path) -> io::Result<()> {
    for entry in fs::read_dir(database)? {
        let path = entry?.path();
        if path.file_name().unwrap_or_default().to_string_lossy().starts_with("snap.") {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// sled writes these digits with `{:016X}`.
fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte)
}

fn snapshot_problem(bytes: &[u8]) -> Option<&'static str> {
    let Some(length) = bytes.len().checked_sub(SNAPSHOT_FOOTER).filter(|length| *length > 0) else {
        return Some("empty or cut");
    };
    checked(&bytes[..length], &bytes[length + 8..])
}

/// Up to eight bytes are taken by sled for a file that is still to be written.
fn conf_problem(bytes: &[u8]) -> Option<&'static str> {
    let (content, sum) = bytes.split_last_chunk::<4>().filter(|(content, _)| content.len() > 4)?;
    checked(content, sum)
}

fn checked(content: &[u8], sum: &[u8]) -> Option<&'static str> {
    (hash(content).to_le_bytes() != sum).then_some("its checksum does not match")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(database: &Path) -> Vec<String> {
        let mut names: Vec<_> = unreadable(database)
            .expect("a look")
            .into_iter()
            .map(|(path, _)| path.file_name().expect("a name").to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A database that was opened twice: the second time sled wrote a snapshot.
    #[test]
    fn what_sled_writes_is_readable_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("database");
        assert_eq!(names(&path), Vec::<String>::new(), "of nothing, nothing is unreadable");
        for n in 0..2_u32 {
            sled::open(&path).expect("it opens").insert(n.to_be_bytes(), "value").expect("an insert");
        }
        let found = fs::read_dir(&path).expect("a directory").map(|entry| entry.expect("an entry").path());
        let snapshot = found.into_iter().find(|path| path.to_string_lossy().contains("/snap.")).expect("a snapshot");
        assert_eq!(names(&path), Vec::<String>::new());
        let (whole, name) = (fs::read(&snapshot).expect("bytes"), snapshot.file_name().expect("a name").to_owned());
        for harmed in [&[][..], &whole[..whole.len() - 1], &whole[..5], &[&[whole[0] ^ 1], &whole[1..]].concat()] {
            fs::write(&snapshot, harmed).expect("harm");
            assert_eq!(names(&path), [name.to_string_lossy()], "{} bytes", harmed.len());
        }
        for leftover in ["snap.FFFFFFFFFFFFFFF0.generating", "snap.", "snap.00000000000000ff"] {
            fs::write(path.join(leftover), &whole).expect("a leftover");
        }
        fs::write(path.join("conf"), b"segment_size: 5").expect("harm");
        assert_eq!(names(&path).len(), 5);
        tidy(&path).expect("tidied");
        assert_eq!(names(&path), Vec::<String>::new());
        let db = sled::open(&path).expect("it opens");
        assert_eq!(db.len(), 2, "and nothing is lost");
    }
}
