//! Backup: a journal as JSON lines. A header, the body of each record as it stands in the log, and a footer with their
//! number and checksum, so that a cut or changed file is detected. The records are one shard's after the other's, and
//! those that were written while the logs' ends were read follow at the end.
//!
//! The shop may run meanwhile: the export is one moment (`cut`).

use std::io::Write;

use crc32fast::Hasher;
use futures::StreamExt;

use super::{EXPORT_FORMAT, EXPORT_VERSION, Footer, Header, PROGRESS_EVERY, Progress, ToolError, cut::Cut};
use crate::{
    actors::ports::journal::{Entry, Journal, Record, Shard},
    persistence::envelope,
};

/// The result of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    pub records: u64,
    pub commits: u64,
}

/// Writes the records that are durable now, and returns their number: a cut of all logs in which no record rests on one
/// outside it. Effects and alarms finish after a restore what was under way, as after a crash.
///
/// # Errors
/// An unreadable record ends the export: a backup has no holes.
pub async fn export(
    journal: &dyn Journal,
    out: &mut (dyn Write + Send),
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Exported, ToolError> {
    let mut cut = Cut::begin(journal).await?;
    let header = Header {
        format: EXPORT_FORMAT.into(),
        version: EXPORT_VERSION,
        journal: journal.id(),
        shards: journal.shards(),
    };
    let mut lines = Lines { out, sum: Hasher::new(), exported: Exported::default() };
    lines.line(&json(&header)?)?;
    let total = Some(cut.from.iter().sum());
    for (shard, end) in (0..).map(Shard).zip(cut.from.clone()) {
        let mut records = journal.read_range(shard, 1, end);
        while let Some(record) = records.next().await {
            let record = record?;
            cut.passed(&record);
            lines.record(&record)?;
            let done = lines.exported.records;
            if done.is_multiple_of(PROGRESS_EVERY) {
                progress(Progress { done, total });
            }
        }
    }
    for record in cut.end()? {
        lines.record(&record)?;
    }
    let exported = lines.exported;
    let footer = Footer { end: true, records: exported.records, crc32: lines.sum.clone().finalize() };
    lines.line(&json(&footer)?)?;
    lines.out.flush()?;
    progress(Progress { done: exported.records, total: Some(exported.records) });
    Ok(exported)
}

fn json(value: &impl serde::Serialize) -> Result<String, ToolError> {
    serde_json::to_string(value).map_err(|error| ToolError::Write(error.into()))
}

struct Lines<'a> {
    out: &'a mut (dyn Write + Send),
    sum: Hasher,
    exported: Exported,
}

impl Lines<'_> {
    fn record(&mut self, record: &Record) -> Result<(), ToolError> {
        self.exported.records += 1;
        if let Entry::Batch(batch) = &record.entry {
            self.exported.commits += batch.commits.len() as u64;
        }
        self.line(envelope::body(&envelope::encode(record)?)?)
    }

    fn line(&mut self, text: &str) -> Result<(), ToolError> {
        for part in [text.as_bytes(), b"\n"] {
            self.sum.update(part);
            self.out.write_all(part)?;
        }
        Ok(())
    }
}
