//! Is the log still the one that the store was made from?
//!
//! Servers that lost what they had not yet synced go on with other records at the same places; so does a
//! journal that was restored from an older copy. A batch's id is written once, behind everything that
//! stands before it: if the newest batch that may be in the store stands where it stood, all before it is
//! as it was. Behind it, up to the watermark, there were only claims and releases.
//!
//! Where a log has several copies, the copy that is read here may be the very one that was folded and that the others do
//! not know. So the watermark's record is compared by its name as well, with the copy that decides about appends.

use futures::StreamExt;

use crate::actors::ports::{
    BatchAt, Journal,
    journal::{Entry, JournalError, RecordName, Seq, Shard},
};

/// In words, what the log has in place of what was folded; `None`: it is the same log.
pub(in crate::actors) async fn diverged(
    journal: &dyn Journal,
    shard: Shard,
    (watermark, name): (Seq, Option<RecordName>),
    newest: Option<BatchAt>,
) -> Result<Option<String>, JournalError> {
    let from = newest.map_or(1, |newest| newest.seq);
    let to = watermark.max(newest.map_or(0, |newest| newest.seq));
    if to == 0 {
        return Ok(None);
    }
    let end = journal.end(shard).await?;
    if end < to {
        return Ok(Some(format!("record {to} was folded, and the log ends at {end}")));
    }
    if let Some(folded) = name
        && let Some(there) = journal.name(shard, watermark).await?
        && there != folded
    {
        let (folded, there) = (folded.0, there.0);
        return Ok(Some(format!("record {watermark} was folded as {folded:08x}, and the log has {there:08x}")));
    }
    let mut found = None;
    let mut records = journal.read_range(shard, from, to);
    while let Some(record) = records.next().await {
        let record = record?;
        match &record.entry {
            Entry::Batch(batch) => found = Some(BatchAt { seq: record.seq, batch: batch.id }),
            Entry::Claimed | Entry::Released => {}
        }
    }
    let words = |batch: Option<BatchAt>| match batch {
        Some(BatchAt { seq, batch }) => format!("batch {} at record {seq}", batch.0),
        None => "no batch".to_owned(),
    };
    Ok((found != newest)
        .then(|| format!("{} was folded, and the log has {} up to record {to}", words(newest), words(found))))
}
