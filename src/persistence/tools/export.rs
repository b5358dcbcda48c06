//! Backup: a journal as JSON lines. A header, the body of each record as it stands in the log, and a footer with their
//! number and checksum, so that a cut or changed file is detected. The records are one shard's after the other's, and
//! those that were written while the logs' ends were read follow at the end.
//!
//! The shop may run meanwhile: the export is one moment (`cut`).

use std::io::Write;

use crc32fast::Hasher;
use futures::StreamExt;

use super::{EXPORT_FORMAT, EXPORT_VERSION, Footer, Header, PROGRESS_EVERY, Progress, ToolError, cut::Cut as Moment};
use crate::{
    actors::ports::journal::{Entry, Journal, JournalError, Record, Seq, Shard},
    persistence::envelope,
};

/// The result of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    pub records: u64,
    pub commits: u64,
    /// Where shards were cut. Empty, unless that was asked for.
    pub cut: Vec<Cut>,
}

/// What an export of a damaged journal leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    pub shard: Shard,
    /// The first record that cannot be read.
    pub seq: Seq,
    pub problem: String,
    /// Records from there to the shard's end, readable ones too.
    pub left_out: u64,
}

/// At an unreadable record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The export ends with an error: a backup has no holes.
    Refuse,
    /// The shard ends before it: a restored journal has no holes either.
    CutShard,
}

/// Writes the records that are durable now, and returns their number: a cut of all logs in which no record rests on one
/// outside it. Effects and alarms finish after a restore what was under way, as after a crash.
///
/// # Errors
/// An unreadable record, where that is refused.
pub async fn export(
    journal: &dyn Journal,
    unreadable: Unreadable,
    out: &mut (dyn Write + Send),
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Exported, ToolError> {
    let mut moment = Moment::begin(journal).await?;
    let header = Header {
        format: EXPORT_FORMAT.into(),
        version: EXPORT_VERSION,
        journal: journal.id(),
        shards: journal.shards(),
    };
    let mut lines = Lines { out, sum: Hasher::new(), exported: Exported::default() };
    lines.line(&json(&header)?)?;
    let total = Some(moment.from.iter().sum());
    for (shard, end) in (0..).map(Shard).zip(moment.from.clone()) {
        let mut records = journal.read_range(shard, 1, end);
        while let Some(record) = records.next().await {
            let record = match record {
                Err(JournalError::Corrupt { shard, seq, problem }) if unreadable == Unreadable::CutShard => {
                    let left_out = end - seq + 1;
                    lines.exported.cut.push(Cut { shard, seq, problem: problem.to_string(), left_out });
                    break;
                }
                record => record?,
            };
            moment.passed(&record);
            lines.record(&record)?;
            let done = lines.exported.records;
            if done.is_multiple_of(PROGRESS_EVERY) {
                progress(Progress { done, total });
            }
        }
    }
    for record in moment.end()? {
        // Behind a hole nothing of that shard is kept.
        if !lines.exported.cut.iter().any(|cut| cut.shard == record.shard) {
            lines.record(&record)?;
        }
    }
    let footer = Footer { end: true, records: lines.exported.records, crc32: lines.sum.clone().finalize() };
    lines.line(&json(&footer)?)?;
    lines.out.flush()?;
    let exported = lines.exported;
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
