//! Streams of records: history from the disk in bounded pieces, then live from memory.
//!
//! One position walks forward and never past the durable end, so there is no seam between history and
//! live, hence no gap and no duplicate at it. The disk is read on tokio's blocking threads.

use std::{collections::VecDeque, sync::Arc};

use futures::{StreamExt, stream};
use tokio::sync::watch;

use super::{layout, shard_log::Shared};
use crate::{
    actors::ports::journal::{JournalError, Record, Records, Seq, Shard},
    domain::personal::opening,
    persistence::envelope,
};

/// Records and bytes of one read from disk, at most (one record more than the bytes say).
const PIECE_RECORDS_MAX: usize = 256;
const PIECE_BYTES_MAX: usize = 1 << 20;

struct Reader {
    shared: Arc<Shared>,
    shard: Shard,
    /// The next record that is due.
    next: Seq,
    /// The last one wanted; `None`: for ever.
    to: Option<Seq>,
    end: watch::Receiver<Option<Seq>>,
    ready: VecDeque<Arc<Record>>,
}

/// After an error the stream ends.
pub fn records(shared: Arc<Shared>, shard: Shard, from: Seq, to: Option<Seq>) -> Records {
    let (end, now) = match shared.log(shard).and_then(|log| Ok((log.end.subscribe(), log.end()?))) {
        Ok(found) => found,
        Err(error) => return stream::once(async { Err(error) }).boxed(),
    };
    let to = to.map(|to| to.min(now));
    let reader = Reader { shared, shard, next: from.max(1), to, end, ready: VecDeque::new() };
    stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        match reader.next().await {
            Ok(Some(record)) => Some((Ok(record), Some(reader))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

impl Reader {
    async fn next(&mut self) -> Result<Option<Arc<Record>>, JournalError> {
        loop {
            if self.to.is_some_and(|to| self.next > to) {
                return Ok(None);
            }
            if let Some(record) = self.ready.pop_front() {
                if record.seq != self.next {
                    return Err(corrupt(self.shard, self.next, format!("record {} stands in its place", record.seq)));
                }
                self.next += 1;
                return Ok(Some(record));
            }
            let end = *self.end.borrow_and_update();
            match end {
                None => {
                    let reason = self.shared.failure().unwrap_or_else(|| "the journal is closed".into());
                    return Err(JournalError::Io(reason));
                }
                Some(end) if self.next > end => {
                    // The sender lives in `shared`, which this reader holds: the wait cannot fail earlier.
                    self.end.changed().await.map_err(|_| JournalError::Io("the journal is closed".into()))?;
                }
                Some(end) => self.fetch(end).await?,
            }
        }
    }

    async fn fetch(&mut self, end: Seq) -> Result<(), JournalError> {
        let to = self.to.map_or(end, |to| to.min(end));
        if let Some(records) = self.shared.log(self.shard)?.recent(self.next, to) {
            self.ready = records.into();
            return Ok(());
        }
        let (shared, shard, from) = (self.shared.clone(), self.shard, self.next);
        let read = move || opening(shared.vault.get().cloned(), || read_piece(&shared.log, shard, from, to));
        let piece = tokio::task::spawn_blocking(read);
        self.ready = piece.await.map_err(|error| JournalError::Io(error.to_string().into()))??.into();
        match self.ready.is_empty() {
            true => Err(corrupt(shard, from, "missing".into())),
            false => Ok(()),
        }
    }
}

/// Some records from `from` on, checked.
pub fn read_piece(log: &sled::Tree, shard: Shard, from: Seq, to: Seq) -> Result<Vec<Arc<Record>>, JournalError> {
    let found = layout::scan(log, shard, from..to.saturating_add(1), PIECE_RECORDS_MAX, PIECE_BYTES_MAX)
        .map_err(|problem| corrupt(shard, from, problem))?;
    found.into_iter().map(|(seq, bytes)| check(shard, seq, &bytes).map(Arc::new)).collect()
}

pub fn check(shard: Shard, seq: Seq, bytes: &[u8]) -> Result<Record, JournalError> {
    let record = envelope::decode(bytes).map_err(|error| corrupt(shard, seq, error.to_string()))?;
    match (record.shard, record.seq) == (shard, seq) {
        true => Ok(record),
        false => Err(corrupt(shard, seq, format!("it says it is record {} of shard {}", record.seq, record.shard.0))),
    }
}

pub fn corrupt(shard: Shard, seq: Seq, problem: String) -> JournalError {
    JournalError::Corrupt { shard, seq, problem: problem.into() }
}
