//! Where records lie inside sled: keys, chunks, and the sizes that keep sled in one file.
//!
//! sled moves a page that is larger than a quarter of a segment into a file of its own ("blob") and
//! never syncs that file, so our fdatasync of `db` would not cover it. A leaf splits above 16 entries,
//! hence has 17 at most; with chunks of 24 KiB a leaf stays under a quarter of a 2 MiB segment.
//! `tests/journal_tck` checks that no blob appears under batches of the largest size.

use std::ops::Range;

use sled::{IVec, Tree};

use crate::{
    actors::ports::journal::{Seq, Shard},
    persistence::guard::{guarded, text},
};

pub const SEGMENT_BYTES: usize = 2 << 20;
pub const CHUNK_BYTES: usize = 24 << 10;
pub const LOG_TREE: &[u8] = b"log";
pub const META_TREE: &[u8] = b"meta";
const SHOP: &[u8] = b"shop";

const LEAF_ENTRIES_MAX: usize = 17;
const ENTRY_FRAME: usize = 64;
const _: () = assert!(LEAF_ENTRIES_MAX * (CHUNK_BYTES + ENTRY_FRAME) + 4096 < SEGMENT_BYTES / 4);

/// `shard:u16 seq:u64 chunk:u16`, big endian, so that one shard's records stand in their order.
pub fn key(shard: Shard, seq: Seq, chunk: u16) -> [u8; 12] {
    let mut key = [0; 12];
    key[..2].copy_from_slice(&shard.0.to_be_bytes());
    key[2..10].copy_from_slice(&seq.to_be_bytes());
    key[10..].copy_from_slice(&chunk.to_be_bytes());
    key
}

/// The reverse of [`key`].
pub fn parse(key: &[u8]) -> Option<(Shard, Seq, u16)> {
    let key: &[u8; 12] = key.try_into().ok()?;
    let shard = u16::from_be_bytes(*key.first_chunk()?);
    Some((Shard(shard), seq_of(key)?, u16::from_be_bytes(*key.last_chunk()?)))
}

fn seq_of(key: &[u8]) -> Option<Seq> {
    Some(u64::from_be_bytes(key.get(2..10)?.try_into().ok()?))
}

/// Writes one record, whole or not at all; durable with the next flush and sync.
///
/// A record of one chunk is one insert: sled puts each `Batch` behind a marker in a buffer of its own, which is a
/// second write and a second hand-over to its writing threads, for every sync. Several records need no batch around
/// them. sled recovers its log up to the first hole, so a crash leaves a prefix of them.
pub fn write(log: &Tree, shard: Shard, seq: Seq, bytes: Vec<u8>) -> sled::Result<()> {
    if bytes.len() <= CHUNK_BYTES {
        return log.insert(key(shard, seq, 0), bytes).map(drop);
    }
    let mut batch = sled::Batch::default();
    put(&mut batch, shard, seq, &bytes);
    log.apply_batch(batch)
}

/// Adds one record's chunks to a batch.
pub fn put(batch: &mut sled::Batch, shard: Shard, seq: Seq, bytes: &[u8]) {
    for (n, chunk) in bytes.chunks(CHUNK_BYTES).enumerate() {
        // At most 43 chunks: the envelope bounds a record's bytes.
        batch.insert(&key(shard, seq, n as u16)[..], chunk);
    }
}

/// The shop's record, beside the journal's identity. `None`: an older program made the journal.
pub fn read_shop(db: &sled::Db) -> sled::Result<Option<IVec>> {
    db.open_tree(META_TREE)?.get(SHOP)
}

/// Durable with the next flush and sync.
pub fn write_shop(db: &sled::Db, bytes: Vec<u8>) -> sled::Result<()> {
    db.open_tree(META_TREE)?.insert(SHOP, bytes).map(drop)
}

/// The last record's number, 0 when the shard is empty.
pub fn last_seq(log: &Tree, shard: Shard) -> Result<Seq, String> {
    first_or_last(log, shard, true)
}

pub fn first_seq(log: &Tree, shard: Shard) -> Result<Seq, String> {
    first_or_last(log, shard, false)
}

fn first_or_last(log: &Tree, shard: Shard, last: bool) -> Result<Seq, String> {
    guarded(|| {
        let mut keys = log.range(span(shard, 0..Seq::MAX)).keys();
        match if last { keys.next_back() } else { keys.next() } {
            None => Ok(0),
            Some(key) => seq_of(&key.map_err(text)?).ok_or_else(|| "a key is too short".into()),
        }
    })
}

/// Up to `count` records from `seqs.start` on, whole, as (seq, bytes); stops after `bytes_max` bytes.
pub fn scan(
    log: &Tree,
    shard: Shard,
    seqs: Range<Seq>,
    count: usize,
    bytes_max: usize,
) -> Result<Vec<(Seq, Vec<u8>)>, String> {
    guarded(|| {
        let mut found: Vec<(Seq, Vec<u8>)> = Vec::new();
        let mut bytes = 0;
        for entry in log.range(span(shard, seqs)) {
            let (key, chunk) = entry.map_err(text)?;
            let seq = seq_of(&key).ok_or("a key is too short")?;
            bytes += chunk.len();
            if let Some((last, record)) = found.last_mut()
                && *last == seq
            {
                record.extend_from_slice(&chunk);
            } else if found.len() >= count || (bytes > bytes_max && !found.is_empty()) {
                break;
            } else {
                found.push((seq, chunk.to_vec()));
            }
        }
        Ok(found)
    })
}

fn span(shard: Shard, seqs: Range<Seq>) -> Range<IVec> {
    IVec::from(&key(shard, seqs.start, 0)[..])..IVec::from(&key(shard, seqs.end, 0)[..])
}
