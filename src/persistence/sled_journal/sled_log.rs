//! The log of sled 0.34 as it lies in `db`, read without sled, because sled writes to what it opens.
//!
//! ```text
//! segment   header (20 bytes: crc32 xor ff.., lsn xor 7f.., max_stable_lsn xor 7f..), then messages
//! message   crc32 (4), kind (1), then as varints: length, segment number (lsn / segment size), page; then the body
//! body      of a link: 0, key, value (each with its length before it); of a node: see `leaf`
//! ```
//! From `pagecache/{logger,header}.rs` and `serialization.rs` of sled 0.34.7; a test reads what sled wrote. Deliberately
//! absent: pages larger than a quarter of a segment, which the journal never makes (`layout.rs`), and every repair.

use std::{fs::File, io, os::unix::fs::FileExt, path::Path};

use crc32fast::Hasher;

use super::layout::SEGMENT_BYTES;

const SEGMENT_HEADER: usize = 20;
/// sled begins no message where fewer bytes than this are left of a segment.
const MESSAGE_HEADER_MAX: usize = 32;
/// No message has it.
const NO_NUMBER: u64 = u64::MAX;
const FLIP_LSN: u64 = 0x7fff_ffff_ffff_ffff;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing follows in this segment.
    Cap,
    /// Of several messages that count together: the body names the last one's lsn.
    Batch,
    Node,
    Link,
    /// Readable, and without records.
    Other,
}

#[derive(Clone, Copy, Debug)]
pub struct Message {
    /// Offsets in the segment.
    pub at: usize,
    pub body: usize,
    pub end: usize,
    pub kind: Kind,
    pub page: u64,
}

pub enum Step {
    Message(Message),
    /// Nothing readable begins here, although something readable follows, or the segment goes on.
    Broken(usize),
}

pub struct Segment {
    /// Offset in the file.
    pub offset: u64,
    number: u64,
    bytes: Vec<u8>,
}

pub struct Log {
    file: File,
    segments: u64,
}

impl Log {
    pub fn open(database: &Path) -> io::Result<Self> {
        let file = File::open(database.join("db"))?;
        let segments = file.metadata()?.len().div_ceil(SEGMENT_BYTES as u64);
        Ok(Self { file, segments })
    }

    /// Every segment's offset and lsn (where its header is readable), in the order of the file.
    pub fn headers(&self) -> io::Result<Vec<(u64, Option<u64>)>> {
        let mut found = Vec::new();
        for n in 0..self.segments {
            let (offset, mut header) = (n * SEGMENT_BYTES as u64, [0; SEGMENT_HEADER]);
            let read = self.fill(&mut header, offset)?;
            found.push((offset, (read == SEGMENT_HEADER).then(|| lsn_of(&header)).flatten()));
        }
        Ok(found)
    }

    pub fn segment(&self, offset: u64) -> io::Result<Segment> {
        let mut bytes = vec![0; SEGMENT_BYTES];
        let read = self.fill(&mut bytes, offset)?;
        bytes.truncate(read);
        let lsn = bytes.first_chunk::<SEGMENT_HEADER>().and_then(lsn_of);
        // Without a header the first message tells the segment's number.
        let number =
            lsn.map(|lsn| lsn / SEGMENT_BYTES as u64).or_else(|| Some(header_at(&bytes, SEGMENT_HEADER)?.number));
        Ok(Segment { offset, number: number.unwrap_or(NO_NUMBER), bytes })
    }

    fn fill(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < into.len() {
            match self.file.read_at(&mut into[filled..], offset + filled as u64)? {
                0 => break,
                read => filled += read,
            }
        }
        Ok(filled)
    }
}

impl Segment {
    /// The lsn of its first byte.
    pub fn first_lsn(&self) -> u64 {
        self.number.saturating_mul(SEGMENT_BYTES as u64)
    }

    pub fn bytes(&self, message: &Message) -> &[u8] {
        &self.bytes[message.body..message.end]
    }

    /// All of its messages, also behind unreadable bytes.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        let mut at = SEGMENT_HEADER;
        let mut broken = false;
        std::iter::from_fn(move || {
            while at + MESSAGE_HEADER_MAX <= self.bytes.len().max(SEGMENT_BYTES) && at < self.bytes.len() {
                match self.message(at) {
                    Some(message) => {
                        broken = false;
                        at = if message.kind == Kind::Cap { SEGMENT_BYTES } else { message.end };
                        return Some(Step::Message(message));
                    }
                    None => {
                        let began = !std::mem::replace(&mut broken, true);
                        at += 1;
                        if began {
                            return Some(Step::Broken(at - 1));
                        }
                    }
                }
            }
            None
        })
    }

    fn message(&self, at: usize) -> Option<Message> {
        let header = header_at(&self.bytes, at)?;
        // First what is cheap: bytes at random rarely pass.
        if header.number != self.number || self.number == NO_NUMBER {
            return None;
        }
        let end = header.body.checked_add(header.length).filter(|end| *end <= self.bytes.len())?;
        let mut sum = Hasher::new();
        sum.update(&self.bytes[header.body..end]);
        sum.update(&self.bytes[at + 4..header.body]);
        let found = u32::from_le_bytes(*self.bytes[at..].first_chunk()?);
        (sum.finalize() ^ u32::MAX == found).then_some(Message {
            at,
            body: header.body,
            end,
            kind: header.kind,
            page: header.page,
        })
    }
}

struct MessageHeader {
    kind: Kind,
    length: usize,
    number: u64,
    page: u64,
    body: usize,
}

fn header_at(bytes: &[u8], at: usize) -> Option<MessageHeader> {
    let kind = match *bytes.get(at + 4)? {
        2 => Kind::Cap,
        3 => Kind::Batch,
        8 => Kind::Node,
        10 => Kind::Link,
        1 | 4..=7 | 9 | 11 => Kind::Other,
        _ => return None,
    };
    let mut rest = &bytes[at + 5..];
    let length = usize::try_from(varint(&mut rest)?).ok()?;
    let number = varint(&mut rest)?;
    let page = varint(&mut rest)?;
    Some(MessageHeader { kind, length, number, page, body: bytes.len() - rest.len() })
}

fn lsn_of(header: &[u8; SEGMENT_HEADER]) -> Option<u64> {
    let number = |at: usize| header[at..].first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    let sum = u32::from_le_bytes(*header.first_chunk()?) ^ u32::MAX;
    (crc32fast::hash(&header[4..]) == sum).then(|| number(4).map(|lsn| lsn ^ FLIP_LSN)).flatten()
}

/// sled's (and SQLite's) integers: small ones take one byte.
fn varint(from: &mut &[u8]) -> Option<u64> {
    let (first, rest) = from.split_first()?;
    let (value, used) = match *first {
        small @ 0..=240 => (u64::from(small), 0),
        high @ 241..=248 => (240 + 256 * (u64::from(high) - 241) + u64::from(*rest.first()?), 1),
        249 => (2288 + 256 * u64::from(*rest.first()?) + u64::from(*rest.get(1)?), 2),
        wide => {
            let (used, mut bytes) = (usize::from(wide) - 247, [0; 8]);
            bytes[..used].copy_from_slice(rest.get(..used)?);
            (u64::from_le_bytes(bytes), used)
        }
    };
    *from = &rest[used..];
    Some(value)
}

fn text<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(varint(from)?).ok()?;
    let (found, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(found)
}

/// What one message sets.
pub struct Entries<'a> {
    /// What every key of the page begins with: a node tells it, and the page's links leave it out, too.
    pub prefix: Option<&'a [u8]>,
    /// Keys without the prefix, and values.
    pub entries: Vec<(&'a [u8], &'a [u8])>,
}

pub fn entries(kind: Kind, body: &[u8]) -> Option<Entries<'_>> {
    match kind {
        Kind::Link => link(body),
        Kind::Node => leaf(body),
        Kind::Cap | Kind::Batch | Kind::Other => None,
    }
}

fn link(body: &[u8]) -> Option<Entries<'_>> {
    let mut rest = body.strip_prefix(&[0])?;
    Some(Entries { prefix: None, entries: vec![(text(&mut rest)?, text(&mut rest)?)] })
}

/// next, merging child (varints), merging, prefix length (one byte each), lowest and highest key, then 0 for a leaf, the
/// number of keys, all keys, all values.
fn leaf(body: &[u8]) -> Option<Entries<'_>> {
    let mut rest = body;
    varint(&mut rest)?;
    varint(&mut rest)?;
    let ([_, prefix], after) = rest.split_first_chunk::<2>()?;
    rest = after;
    let lowest = text(&mut rest)?;
    text(&mut rest)?;
    rest = rest.strip_prefix(&[0])?;
    let count = varint(&mut rest)?;
    // Not reserved in advance: the number is only as good as its checksum.
    let mut keys = Vec::new();
    for _ in 0..count {
        keys.push(text(&mut rest)?);
    }
    let entries = keys.into_iter().map(|key| Some((key, text(&mut rest)?))).collect::<Option<_>>()?;
    Some(Entries { prefix: Some(lowest.get(..usize::from(*prefix))?), entries })
}

/// The last lsn of a batch.
pub fn batch_end(body: &[u8]) -> Option<u64> {
    body.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}
