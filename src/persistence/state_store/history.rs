//! An entity's history of one flush as one entry: where its commits stand in the log.

use sled::{Db, IVec};

use super::keys;
use crate::{actors::ports::journal::Seq, domain::key::EntityKey, persistence::guard::text};

/// Records of one entity in one entry, at most: a read takes them all for the first.
pub const HISTORY_PACK: usize = 64;

/// Version and record, 8 bytes each, of an entity's history in one flush: a sled insert copies its whole leaf, so one
/// insert for each record was the most expensive part of a flush.
pub fn pack(run: &[(EntityKey, u64, Seq)]) -> Vec<u8> {
    run.iter().flat_map(|(_, version, seq)| [version.to_be_bytes(), seq.to_be_bytes()]).flatten().collect()
}

/// The keys of an entity's entries that begin at the version or later.
pub fn entries_from(db: &Db, key: &EntityKey, version: u64) -> impl Iterator<Item = Result<IVec, String>> + use<> {
    let later = keys::history(key, version)..=keys::history(key, u64::MAX);
    db.range(later).keys().map(|key| key.map_err(text))
}

/// Adds an entry's records to those of the entries before it.
pub fn unpack(bytes: &[u8], into: &mut Vec<(u64, Seq)>) -> Result<(), String> {
    let (pairs, rest) = bytes.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(format!("a history entry of {} bytes", bytes.len()));
    }
    let half = |pair: &[u8]| pair.try_into().map(u64::from_be_bytes).map_err(text);
    for pair in pairs {
        let (version, seq) = (half(&pair[..8])?, half(&pair[8..])?);
        // After a crash the same records are folded again, in other entries: an older entry may reach into this one.
        while into.last().is_some_and(|(before, _)| *before >= version) {
            into.pop();
        }
        into.push((version, seq));
    }
    Ok(())
}
