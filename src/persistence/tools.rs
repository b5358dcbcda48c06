//! Offline work on a whole journal, behind `souk journal verify | export | import | copy`.
//!
//! All three hold every record against the same rules (`check`), and ask which record rests on which (`trace`).
//! Deliberately absent: repair. A record that fails is reported; lost records come back from a backup, not from a
//! guess. What a damaged journal still has can be exported (`export::Unreadable`).

mod check;
mod copy;
mod cut;
mod export;
mod import;
mod rests;
mod trace;
mod verify;

pub use check::Counts;
pub use copy::{CopyError, CopyReport, copy};
pub use export::{Cut, Exported, Unreadable, export};
pub use import::{ImportError, Imported, import};
pub use rests::Missing;
pub use verify::{Problem, Report, verify};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::actors::ports::journal::JournalError;

/// How far the work is, for a progress bar: records, or bytes of the file for an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub total: Option<u64>,
}

/// The callback is called once for so many records.
const PROGRESS_EVERY: u64 = 256;

#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error("write: {0}")]
    Write(#[from] std::io::Error),
    #[error("a record does not encode: {0}")]
    Encode(#[from] super::envelope::EnvelopeError),
    #[error(
        "the ends of the logs are not one moment: a record rests on one behind the end that a server told; a server \
         without its majority may answer so; try again"
    )]
    NoMoment,
}

const EXPORT_FORMAT: &str = "souk-journal-export";
const EXPORT_VERSION: u32 = 1;

/// First line of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    format: String,
    version: u32,
    journal: Uuid,
    shards: u16,
}

/// Last line of an export: without it the file was cut off.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Footer {
    end: bool,
    records: u64,
    /// CRC-32 of every line before this one, their newlines included.
    crc32: u32,
}
