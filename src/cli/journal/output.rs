//! Where an export goes. A regular file is written beside its name first, synced, then renamed: an interrupted backup
//! never has a backup's name. Anything else (a pipe, a terminal, a device) is written through: replacing it would harm
//! whatever it stands for. A link stays, and what it leads to is written.
//!
//! Journals hold names and addresses: the file is its owner's alone.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Links of one path, at most, as in Linux.
const LINKS_MAX: usize = 40;

pub struct Output {
    out: BufWriter<File>,
    /// The name that the written file gets at the end.
    becomes: Option<Becomes>,
}

struct Becomes {
    partial: PathBuf,
    name: PathBuf,
}

enum Destination {
    /// A regular file, or nothing yet.
    File(PathBuf),
    Through(PathBuf),
}

impl Output {
    pub fn open(path: &Path) -> io::Result<Self> {
        let (file, becomes) = match destination(path)? {
            // Appends, in case `/dev/stdout` is a file.
            Destination::Through(path) => (OpenOptions::new().append(true).open(path)?, None),
            Destination::File(name) => {
                let partial = name.with_added_extension("partial");
                // Left by a killed export.
                if partial.symlink_metadata().is_ok_and(|found| found.is_file()) {
                    fs::remove_file(&partial)?;
                }
                let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial)?;
                (file, Some(Becomes { partial, name }))
            }
        };
        Ok(Self { out: BufWriter::new(file), becomes })
    }

    /// Everything is on the disk, under its name, or with whoever reads.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()?;
        let Some(Becomes { partial, name }) = &self.becomes else { return Ok(()) };
        self.out.get_ref().sync_all()?;
        fs::rename(partial, name)?;
        let above = name.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(above)?.sync_all()?;
        self.becomes = None;
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some(Becomes { partial, .. }) = &self.becomes {
            let _gone_or_renamed = fs::remove_file(partial);
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn destination(path: &Path) -> io::Result<Destination> {
    let mut at = path.to_owned();
    for _ in 0..LINKS_MAX {
        let found = match at.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Destination::File(at)),
            found => found?,
        };
        if found.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if found.is_file() {
            return Ok(Destination::File(at));
        }
        // The links below /proc lead to open files, whatever their names are now (`/dev/stdout`, `>(gzip)`).
        let above = at.parent().unwrap_or(Path::new("/"));
        if !found.is_symlink() || above.canonicalize()?.starts_with("/proc") {
            return Ok(Destination::Through(at));
        }
        at = above.join(at.read_link()?);
    }
    Err(io::Error::other("too many links"))
}

#[cfg(test)]
mod tests {
    use std::{
        io::Read,
        os::{
            fd::AsRawFd,
            unix::fs::{PermissionsExt, symlink},
        },
    };

    use super::*;

    fn export(path: &Path, text: &str) {
        let mut output = Output::open(path).expect("it opens");
        output.write_all(text.as_bytes()).expect("it is written");
        output.finish().expect("it ends");
    }

    #[test]
    fn a_file_is_its_owners_and_replaced_whole_or_not_at_all() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("backup.jsonl");
        fs::write(&path, "the last backup").expect("a file");
        fs::write(dir.path().join("backup.jsonl.partial"), "of a killed export").expect("a file");
        let mut broken = Output::open(&path).expect("it opens");
        broken.write_all(b"the beg").expect("it is written");
        drop(broken);
        assert_eq!(fs::read_to_string(&path).expect("text"), "the last backup");
        export(&path, "whole");
        assert_eq!(fs::read_to_string(&path).expect("text"), "whole");
        assert_eq!(path.metadata().expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1, "nothing is left beside it");
        let refused = Output::open(dir.path()).map(drop).expect_err("a directory");
        assert_eq!(refused.kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn links_stay_and_lead_to_the_backup() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("disk")).expect("a directory");
        let (link, target) = (dir.path().join("link"), dir.path().join("disk/backup"));
        symlink("second", &link).expect("a link");
        symlink("disk/backup", dir.path().join("second")).expect("a link");
        // The first leads nowhere yet.
        for text in ["first", "next"] {
            export(&link, text);
            assert!(link.is_symlink());
            assert!(target.is_file() && !target.is_symlink());
            assert_eq!(fs::read_to_string(&target).expect("text"), text);
        }
        symlink("loop", dir.path().join("loop")).expect("a link");
        assert!(Output::open(&dir.path().join("loop")).is_err());
    }

    #[test]
    fn a_pipe_and_an_open_file_are_written_through() {
        let dir = tempfile::tempdir().expect("a directory");
        let fifo = dir.path().join("fifo");
        let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo runs");
        assert!(made.success());
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || fs::read_to_string(fifo).expect("text")
        });
        export(&fifo, "through");
        assert_eq!(reader.join().expect("a reader"), "through");
        assert!(!fifo.metadata().expect("a pipe").is_file());
        // As the shell gives `--out >(gzip)` and `--out /dev/stdout`.
        let (mut from, to) = io::pipe().expect("a pipe");
        export(&PathBuf::from(format!("/dev/fd/{}", to.as_raw_fd())), "through too");
        drop(to);
        let mut text = String::new();
        from.read_to_string(&mut text).expect("text");
        assert_eq!(text, "through too");
        let open = File::create(dir.path().join("open")).expect("a file");
        let mut before = &open;
        before.write_all(b"before, ").expect("written");
        export(&PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd())), "after");
        assert_eq!(fs::read_to_string(dir.path().join("open")).expect("text"), "before, after");
        export(Path::new("/dev/null"), "nothing");
        assert!(!Path::new("/dev/null").metadata().expect("a device").is_file());
    }
}
