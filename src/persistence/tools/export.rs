//! Backup: a journal as JSON lines. A header, the body of each record as it stands in the log (one shard after the
//! other), and a footer with their number and checksum, so that a cut or changed file is detected.

use std::io::Write;

use crc32fast::Hasher;
use futures::StreamExt;

use super::{EXPORT_FORMAT, EXPORT_VERSION, Footer, Header, PROGRESS_EVERY, Progress, ToolError};
use crate::{
    actors::ports::journal::{Entry, Journal, Shard},
    persistence::envelope,
};

/// The result of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    pub records: u64,
    pub commits: u64,
}

/// Writes the records that are durable now, and returns their number. The shop may run meanwhile: each shard is cut at
/// its own moment, and effects and alarms complete the work between shards after a restore.
///
/// # Errors
/// An unreadable record ends the export: a backup has no holes.
pub async fn export(
    journal: &dyn Journal,
    out: &mut (dyn Write + Send),
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Exported, ToolError> {
    let shards: Vec<Shard> = (0..journal.shards()).map(Shard).collect();
    let mut ends = Vec::with_capacity(shards.len());
    for shard in &shards {
        ends.push(journal.end(*shard).await?);
    }
    let (total, mut done, mut commits, mut sum) = (Some(ends.iter().sum()), 0, 0, Hasher::new());
    let header = Header {
        format: EXPORT_FORMAT.into(),
        version: EXPORT_VERSION,
        journal: journal.id(),
        shards: journal.shards(),
    };
    line(out, &mut sum, &json(&header)?)?;
    for (shard, end) in shards.into_iter().zip(ends) {
        let mut records = journal.read_range(shard, 1, end);
        while let Some(record) = records.next().await {
            let record = record?;
            if let Entry::Batch(batch) = &record.entry {
                commits += batch.commits.len() as u64;
            }
            let bytes = envelope::encode(&record)?;
            line(out, &mut sum, envelope::body(&bytes)?)?;
            done += 1;
            if done % PROGRESS_EVERY == 0 {
                progress(Progress { done, total });
            }
        }
    }
    let footer = Footer { end: true, records: done, crc32: sum.finalize() };
    line(out, &mut Hasher::new(), &json(&footer)?)?;
    out.flush()?;
    progress(Progress { done, total });
    Ok(Exported { records: done, commits })
}

fn json(value: &impl serde::Serialize) -> Result<String, ToolError> {
    serde_json::to_string(value).map_err(|error| ToolError::Write(error.into()))
}

fn line(out: &mut (dyn Write + Send), sum: &mut Hasher, text: &str) -> Result<(), ToolError> {
    for part in [text.as_bytes(), b"\n"] {
        sum.update(part);
        out.write_all(part)?;
    }
    Ok(())
}
