//! The keys of a state store, in one ordered space so that one write is one atomic batch:
//!
//! ```text
//! 'h' kind 0 len:u8 id version:u64   records that change an entity, from this version on -> (version, sequence number)..
//! 'm'                                 what the store was made from
//! 'n' shard:u16                       the newest batch that may be inside: its place (u64) and its id
//! 'r' table 0 key                     a row of a read model
//! 's' kind 0 id                       an entity's version (u64) and state (JSON)
//! 'w' shard:u16                       the shard's watermark
//! ```
//! Numbers are big endian. Kinds and tables are our own names and hold no zero byte.

use std::ops::Bound;

use crate::{
    actors::ports::journal::Shard,
    domain::{key::EntityKey, kinds::Kind},
};

pub const META: &[u8] = b"m";

pub fn state(kind: Kind, id: &str) -> Vec<u8> {
    named(b's', kind.name(), id.as_bytes())
}

pub fn row(table: &str, key: &[u8]) -> Vec<u8> {
    named(b'r', table, key)
}

pub fn watermark(shard: Shard) -> Vec<u8> {
    of_shard(b'w', shard)
}

pub fn newest(shard: Shard) -> Vec<u8> {
    of_shard(b'n', shard)
}

fn of_shard(space: u8, shard: Shard) -> Vec<u8> {
    let mut out = vec![space];
    out.extend_from_slice(&shard.0.to_be_bytes());
    out
}

pub fn history(key: &EntityKey, version: u64) -> Vec<u8> {
    let mut out = named(b'h', key.kind.name(), &[]);
    // An id has at most 128 bytes (`EntityKey::ID_LEN_MAX`); its length first, so that no id is another's prefix.
    out.push(key.id.len() as u8);
    out.extend_from_slice(key.id.as_bytes());
    out.extend_from_slice(&version.to_be_bytes());
    out
}

fn named(space: u8, name: &str, rest: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(2 + name.len() + rest.len() + 10);
    out.push(space);
    out.extend_from_slice(name.as_bytes());
    out.push(0);
    out.extend_from_slice(rest);
    out
}

/// The first key after every key that starts with `prefix`; `None`: there is no such key.
pub fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let kept = prefix.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut out = prefix[..=kept].to_vec();
    out[kept] += 1;
    Some(out)
}

type Span = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// The key range of a table's rows with this `prefix`, after `after` in the direction of reading. `None`: the range is
/// empty.
pub fn row_span(table: &str, prefix: &[u8], after: Option<&[u8]>, reverse: bool) -> Option<Span> {
    let low = row(table, prefix);
    // Always some: the zero byte behind the table's name is below the highest byte.
    let high = after_prefix(&low)?;
    let after = after.map(|key| row(table, key));
    let (low, high) = match (after, reverse) {
        (Some(after), false) if after >= low => (Bound::Excluded(after), Bound::Excluded(high)),
        (Some(after), true) if after < high => (Bound::Included(low), Bound::Excluded(after)),
        (_, _) => (Bound::Included(low), Bound::Excluded(high)),
    };
    match (&low, &high) {
        (Bound::Included(a), Bound::Excluded(b)) if a < b => Some((low, high)),
        (Bound::Excluded(a), Bound::Excluded(b)) if a < b => Some((low, high)),
        (_, _) => None,
    }
}

/// A row's own key, without the space and the table before it.
pub fn row_key(table: &str, stored: &[u8]) -> Vec<u8> {
    stored[table.len() + 2..].to_vec()
}
