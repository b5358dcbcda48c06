//! What can be read of a damaged journal, without sled and without a write: every record that is whole by its own
//! checksum, wherever it lies in `db`. Behind `souk journal verify` of a journal that does not open, and behind
//! `souk journal export --salvage`.
//!
//! Memory: about 100 bytes for each record. Deliberately absent: the order of time between shards, and a guess at what a
//! missing record said.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::Path,
    sync::Arc,
};

use futures::{FutureExt, StreamExt, future::BoxFuture, stream};
use uuid::Uuid;

use super::{
    directory::{self, Meta, Sidecar, io_error},
    error::OpenError,
    layout,
    reader::corrupt,
    sled_log::{Log, Step, entries},
};
use crate::{
    actors::ports::journal::{
        AppendError, Batch, BatchId, Claim, Journal, JournalError, NodeId, Record, Records, Resolution, Seq, Shard,
    },
    persistence::{envelope, lock::DirectoryLock},
};

/// A piece of `db`.
type Piece = (u64, u32);
/// Of each record, in order.
type Pieces = BTreeMap<(Shard, Seq), Vec<Piece>>;

#[derive(Clone)]
pub struct Salvage(Arc<Found>);

struct Found {
    meta: Meta,
    /// The newest record of each shard that is there, or that the witness file knows.
    ends: Vec<Seq>,
    records: Pieces,
    file: File,
    _lock: DirectoryLock,
}

impl Salvage {
    /// Reads the whole of `db`. Blocks.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        let lock = DirectoryLock::take(dir)?;
        let database = directory::database(dir);
        let io = io_error(&database);
        let meta = match directory::read_meta(dir)? {
            Sidecar::Read(meta) => meta,
            Sidecar::Missing => return Err(gone(dir, "journal.meta is missing")),
            Sidecar::Unreadable(problem) => return Err(gone(dir, &problem)),
        };
        let mut gathered = Gathered::new(File::open(database.join("db")).map_err(&io)?);
        gathered.read(&Log::open(&database).map_err(&io)?).map_err(&io)?;
        let (file, records) = gathered.finish().map_err(&io)?;
        let mut ends = vec![0; usize::from(meta.shards)];
        let witness = directory::read_ends(dir).filter(|ends| ends.id == meta.id).unwrap_or_default();
        let known = witness.ends.iter().enumerate().map(|(shard, end)| (shard, *end));
        for (shard, seq) in known.chain(records.keys().map(|(shard, seq)| (usize::from(shard.0), *seq))) {
            if let Some(end) = ends.get_mut(shard) {
                *end = seq.max(*end);
            }
        }
        Ok(Self(Arc::new(Found { meta, ends, records, file, _lock: lock })))
    }
}

fn gone(dir: &Path, problem: &str) -> OpenError {
    OpenError::Damaged { path: dir.into(), problem: problem.into() }
}

struct Gathered {
    file: File,
    records: Pieces,
    /// Of records in several chunks, by chunk.
    chunks: BTreeMap<(Shard, Seq), BTreeMap<u16, Piece>>,
    /// What the keys of a page begin with.
    prefixes: HashMap<u64, Vec<u8>>,
}

impl Gathered {
    fn new(file: File) -> Self {
        Self { file, records: BTreeMap::new(), chunks: BTreeMap::new(), prefixes: HashMap::new() }
    }

    /// In the order of lsn: a page's node stands before its links, and a newer copy replaces an older one.
    fn read(&mut self, log: &Log) -> io::Result<()> {
        let mut order = log.headers()?;
        order.sort_by_key(|(offset, lsn)| (lsn.unwrap_or(0), *offset));
        for (offset, _) in order {
            let segment = log.segment(offset)?;
            for step in segment.steps() {
                let Step::Message(message) = step else { continue };
                let body = segment.bytes(&message);
                let Some(found) = entries(message.kind, body) else { continue };
                if let Some(prefix) = found.prefix {
                    self.prefixes.insert(message.page, prefix.to_vec());
                }
                for (key, value) in found.entries {
                    let inside = value.as_ptr().addr() - body.as_ptr().addr();
                    let piece = (offset + (message.body + inside) as u64, value.len() as u32);
                    self.entry(message.page, key, value, piece);
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, page: u64, key: &[u8], value: &[u8], piece: Piece) {
        // Most records are one value, which names its place itself.
        if let Some(place) = envelope::place(value)
            && envelope::body(value).is_ok()
        {
            self.records.insert(place, vec![piece]);
        } else if let Some(prefix) = self.prefixes.get(&page)
            && let Some((shard, seq, chunk)) = layout::parse(&[prefix, key].concat())
        {
            self.chunks.entry((shard, seq)).or_default().insert(chunk, piece);
        }
    }

    fn finish(mut self) -> io::Result<(File, Pieces)> {
        for (place, chunks) in self.chunks {
            let pieces: Vec<Piece> = chunks.into_values().collect();
            if !self.records.contains_key(&place) && envelope::body(&read(&self.file, &pieces)?).is_ok() {
                self.records.insert(place, pieces);
            }
        }
        Ok((self.file, self.records))
    }
}

fn read(file: &File, pieces: &[Piece]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(pieces.iter().map(|(_, length)| *length as usize).sum());
    for (offset, length) in pieces {
        let from = bytes.len();
        bytes.resize(from + *length as usize, 0);
        file.read_exact_at(&mut bytes[from..], *offset)?;
    }
    Ok(bytes)
}

impl Found {
    fn record(&self, shard: Shard, seq: Seq) -> Result<Arc<Record>, JournalError> {
        let Some(pieces) = self.records.get(&(shard, seq)) else {
            return Err(corrupt(shard, seq, "missing or unreadable".into()));
        };
        let bytes = read(&self.file, pieces).map_err(|error| corrupt(shard, seq, error.to_string()))?;
        envelope::decode(&bytes).map(Arc::new).map_err(|error| corrupt(shard, seq, error.to_string()))
    }
}

fn refused() -> Arc<str> {
    "read for salvage: nothing is written".into()
}

impl Journal for Salvage {
    fn id(&self) -> Uuid {
        self.0.meta.id
    }

    fn shards(&self) -> u16 {
        self.0.meta.shards
    }

    fn claim(&self, _: Shard, _: NodeId) -> BoxFuture<'_, Result<Claim, JournalError>> {
        async { Err(JournalError::Refused(refused())) }.boxed()
    }

    fn release(&self, _: Claim, _: Seq) -> BoxFuture<'_, Result<Seq, AppendError>> {
        async { Err(AppendError::Refused(refused())) }.boxed()
    }

    fn append(&self, _: Claim, _: Seq, _: Arc<Batch>) -> BoxFuture<'_, Result<Seq, AppendError>> {
        async { Err(AppendError::Refused(refused())) }.boxed()
    }

    /// To the end: nothing is appended.
    fn read(&self, shard: Shard, from: Seq) -> Records {
        self.read_range(shard, from, Seq::MAX)
    }

    /// Goes on behind a damaged record, unlike a journal that is open.
    fn read_range(&self, shard: Shard, from: Seq, to: Seq) -> Records {
        let found = self.0.clone();
        let end = found.ends.get(usize::from(shard.0)).copied().unwrap_or(0);
        stream::iter(from.max(1)..=to.min(end)).map(move |seq| found.record(shard, seq)).boxed()
    }

    fn resolve(&self, _: Claim, _: Seq, _: BatchId) -> BoxFuture<'_, Result<Resolution, JournalError>> {
        async { Err(JournalError::Refused(refused())) }.boxed()
    }

    fn end(&self, shard: Shard) -> BoxFuture<'_, Result<Seq, JournalError>> {
        let end = self.0.ends.get(usize::from(shard.0)).copied().unwrap_or(0);
        async move { Ok(end) }.boxed()
    }
}
