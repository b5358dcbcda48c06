//! Restore: a journal from an export's JSON lines, into a directory that is empty.
//!
//! No import is partial: records go to `<dir>.importing`, every line is checked, and the directory gets its name only
//! after the footer has proved the file whole and the data is on disk.

use std::{
    fs,
    io::{self, BufRead, Read},
    path::{Path, PathBuf},
};

use crc32fast::Hasher;
use uuid::Uuid;

use super::{
    EXPORT_FORMAT, EXPORT_VERSION, Footer, Header, PROGRESS_EVERY, Progress,
    check::{Checker, Counts},
};
use crate::persistence::{
    envelope,
    sled_journal::{Loader, OpenError},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    pub journal: Uuid,
    pub shards: u16,
    /// Bytes of the file.
    pub bytes: u64,
    pub counts: Counts,
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("line {line}: {problem}; nothing was imported")]
    Line { line: u64, problem: String },
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("{path}: {error}", path = .path.display())]
    Io { path: PathBuf, error: io::Error },
}

/// Bytes of one line, at most: a record's body with room to spare. A longer line is refused.
const LINE_BYTES_MAX: usize = 2 * envelope::RECORD_BYTES_MAX;

/// Blocks. `size` is the file's length in bytes, if known, for the progress bar.
pub fn import(
    dir: &Path,
    input: &mut dyn BufRead,
    size: Option<u64>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Imported, ImportError> {
    if fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(OpenError::NotEmpty { path: dir.into() }.into());
    }
    let mut name = dir.as_os_str().to_owned();
    name.push(".importing");
    let building = PathBuf::from(name);
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| ImportError::Io { path, error }
    };
    // Left by a killed import; no run continues from it.
    remove(&building).map_err(io(&building))?;
    let mut lines = Lines { input, line: 0, bytes: 0, sum: Hasher::new(), text: String::new() };
    let imported = match load(&building, &mut lines, size, progress) {
        Ok(imported) => imported,
        Err(error) => {
            remove(&building).map_err(io(&building))?;
            return Err(error);
        }
    };
    // The rename replaces an empty directory of that name.
    fs::rename(&building, dir).map_err(io(dir))?;
    if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::File::open(parent).and_then(|parent| parent.sync_all()).map_err(io(parent))?;
    }
    Ok(imported)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn load(
    building: &Path,
    lines: &mut Lines<'_>,
    size: Option<u64>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Imported, ImportError> {
    let header = read_header(lines)?;
    let mut loader = Loader::create(building, header.journal, header.shards)?;
    let mut checker = Checker::new(header.shards);
    loop {
        let sum = lines.sum.clone().finalize();
        let Some(text) = lines.next()? else {
            return Err(lines.bad("the file ends without its footer: it was cut off"));
        };
        if let Ok(footer) = serde_json::from_str::<Footer>(text) {
            let found = checker.counts().records;
            if footer.records != found || footer.crc32 != sum {
                let Footer { records, crc32, .. } = footer;
                return Err(lines.bad(format!(
                    "the footer says {records} records with checksum {crc32:08x}, the file has {found} with {sum:08x}"
                )));
            }
            break;
        }
        let record = envelope::decode_body(text).map_err(|error| error.to_string());
        let record = record.map_err(|problem| lines.bad(problem))?;
        if let Some(problem) = checker.check(&record).into_iter().next() {
            return Err(lines.bad(problem));
        }
        let bytes = envelope::wrap(&lines.text);
        loader.put(record.shard, record.seq, &bytes).map_err(|problem| lines.bad(problem))?;
        if lines.line.is_multiple_of(PROGRESS_EVERY) {
            progress(Progress { done: lines.bytes, total: size });
        }
    }
    if lines.next()?.is_some() {
        return Err(lines.bad("something follows the footer"));
    }
    loader.finish(building)?;
    progress(Progress { done: lines.bytes, total: size });
    let (bytes, counts) = (lines.bytes, checker.counts());
    Ok(Imported { journal: header.journal, shards: header.shards, bytes, counts })
}

fn read_header(lines: &mut Lines<'_>) -> Result<Header, ImportError> {
    let Some(text) = lines.next()? else { return Err(lines.bad("the file is empty")) };
    let header: Header = serde_json::from_str(text)
        .map_err(|error| error.to_string())
        .map_err(|error| lines.bad(format!("not the header of a journal's export: {error}")))?;
    match (header.format.as_str(), header.version) {
        (EXPORT_FORMAT, EXPORT_VERSION) => Ok(header),
        (format, version) => Err(lines.bad(format!(
            "format {format} version {version}; this build reads {EXPORT_FORMAT} version {EXPORT_VERSION}"
        ))),
    }
}

/// Lines with their numbers, bounded, and the checksum of all of them.
struct Lines<'a> {
    input: &'a mut dyn BufRead,
    line: u64,
    bytes: u64,
    sum: Hasher,
    text: String,
}

impl Lines<'_> {
    fn bad(&self, problem: impl Into<String>) -> ImportError {
        ImportError::Line { line: self.line, problem: problem.into() }
    }

    fn next(&mut self) -> Result<Option<&str>, ImportError> {
        self.line += 1;
        let mut bytes = std::mem::take(&mut self.text).into_bytes();
        bytes.clear();
        let read = (&mut *self.input).take(LINE_BYTES_MAX as u64).read_until(b'\n', &mut bytes);
        let read = read.map_err(|error| self.bad(error.to_string()))?;
        if read == 0 {
            return Ok(None);
        }
        if read == LINE_BYTES_MAX {
            return Err(self.bad(format!("longer than {LINE_BYTES_MAX} bytes")));
        }
        self.sum.update(&bytes);
        self.bytes += read as u64;
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        self.text = String::from_utf8(bytes).map_err(|error| self.bad(error.to_string()))?;
        Ok(Some(&self.text))
    }
}
