//! A look at the log before sled opens it.
//!
//! sled's recovery stops at the first message that it cannot read and overwrites what stands behind it, up to a segment
//! (2 MiB). After a crash that is right: only a write that nobody was told of is torn. A flipped bit looks the same, and
//! behind it stand acknowledged records. So where something readable stands behind something unreadable, a copy is
//! opened first (`trial.rs`), and what stands there says which records the copy must have.

use std::{collections::BTreeMap, fs, io, path::Path};

use super::{
    layout::SEGMENT_BYTES,
    sled_log::{Kind, Log, Segment, Step, batch_end, entries},
};
use crate::{
    actors::ports::journal::{Seq, Shard},
    persistence::{envelope, sled_files},
};

/// What sled would cut off or pass over.
#[derive(Debug, Default)]
pub struct Odd {
    /// Where the first unreadable byte is, of `journal/db`.
    pub offset: u64,
    /// The newest record of each shard among what is readable behind it.
    pub behind: BTreeMap<Shard, Seq>,
}

impl Odd {
    /// The newest record of a shard that was acknowledged: one append of a shard is under way at a time, so a record's
    /// presence says that its predecessor was.
    pub fn acknowledged(&self, shard: Shard) -> Seq {
        self.behind.get(&shard).map_or(0, |newest| newest.saturating_sub(1))
    }
}

/// `None`: sled will come to the log's end and overwrite nothing that can be read.
pub fn look(database: &Path) -> io::Result<Option<Odd>> {
    if !database.join("db").exists() {
        return Ok(None);
    }
    let log = Log::open(database)?;
    // sled reads from the segment in which its newest snapshot ends.
    let from = newest_snapshot(database)? / SEGMENT_BYTES as u64 * SEGMENT_BYTES as u64;
    let (mut known, mut unknown) = (BTreeMap::new(), Vec::new());
    for (offset, lsn) in log.headers()? {
        match lsn {
            Some(lsn) if lsn >= from => drop(known.insert(lsn, offset)),
            Some(_) => {}
            None => unknown.push(offset),
        }
    }
    let mut reading = Reading { from, ..Reading::default() };
    for offset in known.into_values() {
        reading.segment(&log.segment(offset)?);
    }
    for offset in unknown {
        reading.headless(&log.segment(offset)?);
    }
    Ok(reading.odd)
}

#[derive(Default)]
struct Reading {
    from: u64,
    /// The first unreadable bytes after readable ones.
    broken: Option<u64>,
    /// The last lsn of a batch that is not read to its end.
    batch: Option<u64>,
    /// Where that batch begins.
    batch_at: u64,
    odd: Option<Odd>,
}

impl Reading {
    fn segment(&mut self, segment: &Segment) {
        let lsn = segment.first_lsn();
        for step in segment.steps() {
            let message = match step {
                Step::Broken(at) => {
                    // What is missing of a batch takes its readable part with it.
                    let whole = self.batch.take().is_none();
                    let at = if whole { segment.offset + at as u64 } else { self.batch_at };
                    self.broken.get_or_insert(at);
                    if !whole {
                        self.odd.get_or_insert_with(|| Odd { offset: at, ..Odd::default() });
                    }
                    continue;
                }
                Step::Message(message) => message,
            };
            let at = lsn + message.at as u64;
            if self.batch.is_some_and(|end| at >= end) {
                self.batch = None;
            }
            if message.kind == Kind::Batch {
                self.batch = batch_end(segment.bytes(&message)).filter(|end| *end > at);
                self.batch_at = segment.offset + message.at as u64;
            }
            self.behind(message.kind, segment.bytes(&message));
        }
    }

    /// Its header is unreadable or was never written. What is readable in it sled does not see at all.
    fn headless(&mut self, segment: &Segment) {
        for step in segment.steps() {
            if let Step::Message(message) = step
                && segment.first_lsn() >= self.from
            {
                self.broken.get_or_insert(segment.offset);
                self.behind(message.kind, segment.bytes(&message));
            }
        }
    }

    /// Takes note of a message behind the first unreadable bytes.
    fn behind(&mut self, kind: Kind, body: &[u8]) {
        let Some(offset) = self.broken.filter(|_| matches!(kind, Kind::Node | Kind::Link)) else { return };
        let odd = self.odd.get_or_insert_with(|| Odd { offset, ..Odd::default() });
        for (_, value) in entries(kind, body).map(|found| found.entries).unwrap_or_default() {
            if let Some((shard, seq)) = envelope::place(value) {
                let newest = odd.behind.entry(shard).or_default();
                *newest = seq.max(*newest);
            }
        }
    }
}

/// The lsn in the newest readable snapshot's name, 0 without one.
fn newest_snapshot(database: &Path) -> io::Result<u64> {
    let unreadable: Vec<_> = sled_files::unreadable(database)?.into_iter().map(|(path, _)| path).collect();
    let mut newest = 0;
    for entry in fs::read_dir(database)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let lsn = name.strip_prefix("snap.").and_then(|lsn| u64::from_str_radix(lsn, 16).ok());
        newest = newest.max(lsn.filter(|_| !unreadable.contains(&path)).unwrap_or(0));
    }
    Ok(newest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::persistence::sled_journal::{layout, open::open_database, options::SledOptions};

    fn record(n: u64) -> Vec<u8> {
        envelope::wrap(&format!("{{\"shard\":0,\"seq\":{n},\"text\":\"{}\"}}", "x".repeat(4000)))
    }

    /// Some segments, pages that are written anew, a snapshot: at each flush the log is whole, and after a flipped bit it
    /// is not, with the newest record behind the bit named.
    #[test]
    fn what_sled_leaves_is_whole_until_a_bit_flips() {
        let dir = tempfile::tempdir().expect("a directory");
        let database = dir.path().join("journal");
        let mut n = 0;
        for _ in 0..3 {
            let (db, log) = open_database(dir.path(), &SledOptions::default()).expect("it opens");
            for _ in 0..4 {
                for _ in 0..100 {
                    n += 1;
                    layout::write(&log, Shard(0), n, record(n)).expect("a write");
                }
                db.flush().expect("a flush");
                let found = look(&database).expect("a look");
                assert!(found.is_none(), "after {n} records: {found:?}");
            }
        }
        let path = database.join("db");
        let mut bytes = fs::read(&path).expect("bytes");
        assert!(bytes.len() > 2 * SEGMENT_BYTES, "{} bytes: more than one segment", bytes.len());
        let name = format!("\"seq\":{},", n - 20);
        let at = bytes.windows(name.len()).rposition(|found| found == name.as_bytes()).expect("the record");
        bytes[at + 100] ^= 1;
        fs::write(&path, bytes).expect("flipped");
        let odd = look(&database).expect("a look").expect("something odd");
        assert!(odd.offset < at as u64 && odd.offset + 100_000 > at as u64, "{} for {at}", odd.offset);
        assert_eq!((odd.behind.get(&Shard(0)), odd.acknowledged(Shard(0))), (Some(&n), n - 1));
        assert_eq!(odd.acknowledged(Shard(1)), 0);
    }
}
