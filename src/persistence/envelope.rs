//! The bytes of one journal record, the same in every backend.
//!
//! ```text
//! byte 0     magic 'S'
//! byte 1     version of the format, 1
//! bytes 2-5  CRC-32 (IEEE 802.3, big endian) of bytes 0-1 and of the body
//! bytes 6-   body: one JSON object, readable with everyday tools (`dd bs=1 skip=6 | jq`)
//! ```
//! The body names its own shard and sequence number, so a misplaced record is detected. Deliberately absent:
//! compression, and meaning of events (`AnyEvent` knows that).

mod body;

use crc32fast::Hasher;

use crate::actors::ports::journal::{AppendError, BATCH_BYTES_MAX, Batch, Record, Seq, Shard};

pub const MAGIC: u8 = b'S';
pub const VERSION: u8 = 1;
pub const HEADER_LEN: usize = 6;

/// Upper bound of one whole record: a batch's events and the commits' frames around them. It fits one NATS message.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;

/// A frame around one commit's events without its key and its `by`: field names, two numbers, a UUID, a time.
const COMMIT_FRAME: usize = 224;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EnvelopeError {
    #[error("a record of {0} bytes is shorter than its header")]
    TooShort(usize),
    #[error("not a journal record: it starts with byte {0:#04x}")]
    Magic(u8),
    #[error("record format {found} is unknown; this build reads format {VERSION}")]
    Version { found: u8 },
    #[error("checksum {stored:08x} is stored, {actual:08x} is computed")]
    Checksum { stored: u32, actual: u32 },
    #[error("record body: {0}")]
    Body(String),
}

impl From<serde_json::Error> for EnvelopeError {
    fn from(error: serde_json::Error) -> Self {
        Self::Body(error.to_string())
    }
}

/// The bytes of a record. Events are spliced as their actor encoded them, never encoded again.
pub fn encode(record: &Record) -> Result<Vec<u8>, EnvelopeError> {
    let mut out = begin(body::len_about(record));
    body::write(&mut out, record)?;
    Ok(seal(out))
}

/// Wraps a body that was exported before.
pub fn wrap(body: &str) -> Vec<u8> {
    let mut out = begin(body.len());
    out.extend_from_slice(body.as_bytes());
    seal(out)
}

pub fn decode(bytes: &[u8]) -> Result<Record, EnvelopeError> {
    body::read(body(bytes)?)
}

/// Reads a record from its body alone, as an export carries it.
pub fn decode_body(body: &str) -> Result<Record, EnvelopeError> {
    body::read(body)
}

/// The JSON body, after a check of header and checksum.
pub fn body(bytes: &[u8]) -> Result<&str, EnvelopeError> {
    let Some((header, body)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Err(EnvelopeError::TooShort(bytes.len()));
    };
    let [magic, version, a, b, c, d] = *header;
    if magic != MAGIC {
        return Err(EnvelopeError::Magic(magic));
    }
    if version != VERSION {
        return Err(EnvelopeError::Version { found: version });
    }
    let (stored, actual) = (u32::from_be_bytes([a, b, c, d]), checksum(body));
    if stored != actual {
        return Err(EnvelopeError::Checksum { stored, actual });
    }
    std::str::from_utf8(body).map_err(|error| EnvelopeError::Body(error.to_string()))
}

/// Refuses a batch that is larger than the port's contract allows, before it reaches a backend.
pub fn check_size(batch: &Batch) -> Result<(), AppendError> {
    let events: usize = batch.commits.iter().map(|commit| commit.events_json.len()).sum();
    let record = body::batch_len_about(batch);
    match events > BATCH_BYTES_MAX || record > RECORD_BYTES_MAX {
        false => Ok(()),
        true => Err(AppendError::Io(
            format!(
                "a batch of {} commits has {events} bytes of events, at most {BATCH_BYTES_MAX}, \
                 and needs {record} bytes in all, at most {RECORD_BYTES_MAX}",
                batch.commits.len()
            )
            .into(),
        )),
    }
}

/// Shard and sequence number that a record's first bytes name, whole or not; nothing is checked.
pub fn place(bytes: &[u8]) -> Option<(Shard, Seq)> {
    let body = bytes.strip_prefix(&[MAGIC, VERSION])?.get(HEADER_LEN - 2..)?;
    let rest = body.strip_prefix(b"{\"shard\":")?;
    let number = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.parse::<u64>().ok();
    let comma = rest.iter().position(|byte| *byte == b',')?;
    let shard = u16::try_from(number(&rest[..comma])?).ok()?;
    let rest = rest[comma..].strip_prefix(b",\"seq\":")?;
    let comma = rest.iter().position(|byte| *byte == b',')?;
    Some((Shard(shard), number(&rest[..comma])?))
}

fn begin(body_len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_LEN + body_len);
    out.extend_from_slice(&[MAGIC, VERSION, 0, 0, 0, 0]);
    out
}

/// Puts the checksum into its place; `out` comes from [`begin`], so it holds a header.
fn seal(mut out: Vec<u8>) -> Vec<u8> {
    let sum = checksum(&out[HEADER_LEN..]);
    out[2..HEADER_LEN].copy_from_slice(&sum.to_be_bytes());
    out
}

fn checksum(body: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&[MAGIC, VERSION]);
    hasher.update(body);
    hasher.finalize()
}
