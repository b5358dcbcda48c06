//! The JSON body of a record: written by hand around the events' own text, read by serde.
//!
//! Written by hand because the events are encoded already, by the entity's actor; a serializer would
//! copy them twice. Read strictly: a field that this format does not know is an error, since a newer
//! format has a newer version byte.

use std::{num::NonZeroU64, sync::Arc};

use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{COMMIT_FRAME, EnvelopeError};
use crate::{
    actors::ports::journal::{Batch, BatchId, Commit, Entry, NodeId, Record, Shard},
    domain::{ids::CommandId, key::EntityKey, kinds::AnyEvent, time::Timestamp},
};

pub(super) fn write(out: &mut Vec<u8>, record: &Record) -> serde_json::Result<()> {
    out.extend_from_slice(b"{\"shard\":");
    number(out, record.shard.0)?;
    out.extend_from_slice(b",\"seq\":");
    number(out, record.seq)?;
    out.extend_from_slice(b",\"epoch\":");
    number(out, record.epoch)?;
    out.extend_from_slice(b",\"node\":");
    text(out, &record.node.0)?;
    match &record.entry {
        Entry::Claimed => out.extend_from_slice(b",\"entry\":\"claimed\"}"),
        Entry::Released => out.extend_from_slice(b",\"entry\":\"released\"}"),
        Entry::Batch(batch) => {
            out.extend_from_slice(b",\"entry\":\"batch\",\"id\":");
            uuid(out, batch.id.0);
            out.extend_from_slice(b",\"commits\":[");
            for (n, commit) in batch.commits.iter().enumerate() {
                if n > 0 {
                    out.push(b',');
                }
                write_commit(out, commit)?;
            }
            out.extend_from_slice(b"]}");
        }
    }
    Ok(())
}

fn write_commit(out: &mut Vec<u8>, commit: &Commit) -> serde_json::Result<()> {
    out.extend_from_slice(b"{\"key\":\"");
    out.extend_from_slice(commit.key.kind.name().as_bytes());
    out.push(b'/');
    // The id is escaped like any text; its opening quote is the key's own.
    let quote = out.len();
    text(out, &commit.key.id)?;
    out.remove(quote);
    out.extend_from_slice(b",\"version\":");
    number(out, commit.version)?;
    out.extend_from_slice(b",\"command_id\":");
    uuid(out, commit.command_id.0);
    out.extend_from_slice(b",\"fingerprint\":");
    number(out, commit.fingerprint.map_or(0, NonZeroU64::get))?;
    out.extend_from_slice(b",\"by\":");
    text(out, &commit.by)?;
    out.extend_from_slice(b",\"at\":");
    number(out, commit.at.0)?;
    out.extend_from_slice(b",\"events\":");
    out.extend_from_slice(commit.events_json.as_bytes());
    out.push(b'}');
    Ok(())
}

fn number(out: &mut Vec<u8>, number: impl serde::Serialize) -> serde_json::Result<()> {
    serde_json::to_writer(out, &number)
}

fn text(out: &mut Vec<u8>, text: &str) -> serde_json::Result<()> {
    serde_json::to_writer(out, text)
}

fn uuid(out: &mut Vec<u8>, id: Uuid) {
    let mut buffer = Uuid::encode_buffer();
    out.push(b'"');
    out.extend_from_slice(id.hyphenated().encode_lower(&mut buffer).as_bytes());
    out.push(b'"');
}

/// Room for a body, not counting escapes in its texts.
pub(super) fn len_about(record: &Record) -> usize {
    let frame = 128 + record.node.0.len();
    match &record.entry {
        Entry::Claimed | Entry::Released => frame,
        Entry::Batch(batch) => frame + batch_len_about(batch),
    }
}

pub(super) fn batch_len_about(batch: &Batch) -> usize {
    let commit = |c: &Commit| COMMIT_FRAME + c.key.id.len() + c.by.len() + c.events_json.len();
    128 + batch.commits.iter().map(commit).sum::<usize>()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRecord<'a> {
    shard: u16,
    seq: u64,
    epoch: u64,
    node: Arc<str>,
    entry: StoredEntry,
    id: Option<Uuid>,
    #[serde(borrow)]
    commits: Option<Vec<StoredCommit<'a>>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredEntry {
    Claimed,
    Released,
    Batch,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredCommit<'a> {
    key: EntityKey,
    version: u64,
    command_id: CommandId,
    /// 0: none.
    fingerprint: u64,
    by: Arc<str>,
    at: Timestamp,
    #[serde(borrow)]
    events: &'a RawValue,
}

pub(super) fn read(body: &str) -> Result<Record, EnvelopeError> {
    let stored: StoredRecord<'_> = serde_json::from_str(body)?;
    let entry = match (stored.entry, stored.id, stored.commits) {
        (StoredEntry::Claimed, None, None) => Entry::Claimed,
        (StoredEntry::Released, None, None) => Entry::Released,
        (StoredEntry::Batch, Some(id), Some(commits)) => Entry::Batch(Batch {
            id: BatchId(id),
            commits: commits.into_iter().map(read_commit).collect::<Result<_, _>>()?,
        }),
        (StoredEntry::Claimed | StoredEntry::Released, _, _) => {
            return Err(EnvelopeError::Body("a claim or release carries a batch".into()));
        }
        (StoredEntry::Batch, _, _) => return Err(EnvelopeError::Body("a batch has no id or no commits".into())),
    };
    let (shard, node) = (Shard(stored.shard), NodeId(stored.node));
    Ok(Record { shard, seq: stored.seq, epoch: stored.epoch, node, entry, name: None })
}

fn read_commit(stored: StoredCommit<'_>) -> Result<Commit, EnvelopeError> {
    let texts: Vec<&RawValue> = serde_json::from_str(stored.events.get())?;
    let event = |text: &&RawValue| AnyEvent::from_json(stored.key.kind, text.get());
    let events = texts.iter().map(event).collect::<serde_json::Result<_>>().map_err(|error| {
        EnvelopeError::Body(format!("an event of {} version {}: {error}", stored.key, stored.version))
    })?;
    Ok(Commit {
        events,
        events_json: stored.events.get().into(),
        key: stored.key,
        version: stored.version,
        command_id: stored.command_id,
        fingerprint: NonZeroU64::new(stored.fingerprint),
        by: stored.by,
        at: stored.at,
    })
}
