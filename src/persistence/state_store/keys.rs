//! The keys of a state store, in one ordered space so that one write is one atomic batch:
//!
//! ```text
//! 'c' shard:u16                       the watermark (u64) and the name (u32) of the record there
//! 'h' kind 0 len id version:u64      records that change an entity, from this version on -> (version, sequence number)..
//! 'm'                                 what the store was made from
//! 'n' shard:u16                       the newest batch that may be inside: its place (u64) and its id
//! 'p' space:u32 table 0 key           a row of a projection -> its value
//! 'r' table 0 key                     a row of the tail's own -> its value
//! 's' kind 0 id                       an entity's version (u64) and state (JSON)
//! 'w' shard:u16                       the shard's watermark
//! ```
//! Numbers are big endian. Kinds and tables are our own names and hold no zero byte.

use std::ops::Bound;

use crate::{
    actors::ports::{Space, journal::Shard},
    domain::{key::EntityKey, kinds::Kind},
};

pub const META: &[u8] = b"m";

pub fn state(kind: Kind, id: &str) -> Vec<u8> {
    named(b's', kind.name(), id.as_bytes())
}

pub const OWN_ROWS: u8 = b'r';
pub const PROJECTED_ROWS: u8 = b'p';

pub fn row(space: Space, table: &str, key: &[u8]) -> Vec<u8> {
    let mut out = rows_of(space);
    out.reserve_exact(table.len() + 1 + key.len());
    out.extend_from_slice(table.as_bytes());
    out.push(0);
    out.extend_from_slice(key);
    out
}

/// What stands before the tables of a space.
pub fn rows_of(space: Space) -> Vec<u8> {
    match space {
        Space::TAIL => vec![OWN_ROWS],
        Space(number) => [&[PROJECTED_ROWS][..], &number.to_be_bytes()].concat(),
    }
}

pub fn watermark(shard: Shard) -> Vec<u8> {
    of_shard(b'w', shard)
}

/// Beside the watermark and not in it: an older program reads a watermark of eight bytes.
pub fn watermark_name(shard: Shard) -> Vec<u8> {
    of_shard(b'c', shard)
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
    // Its length first, so that no id is another's prefix: one byte, or 255 and then two. Ids had at most 128 bytes
    // when the first stores were written.
    match u8::try_from(key.id.len()) {
        Ok(len) if len < u8::MAX => out.push(len),
        Ok(_) | Err(_) => {
            out.push(u8::MAX);
            // At most `EntityKey::ID_LEN_MAX`.
            out.extend_from_slice(&(key.id.len() as u16).to_be_bytes());
        }
    }
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

/// Where the rows of a table lie that start with `prefix` and come after `after`. `None`: there can be none.
pub fn row_span(space: Space, table: &str, prefix: &[u8], after: Option<&[u8]>) -> Option<Span> {
    let low = row(space, table, prefix);
    // Always some: the zero byte behind the table's name is below the highest byte.
    let high = after_prefix(&low)?;
    match after.map(|key| row(space, table, key)) {
        Some(after) if after >= high => None,
        Some(after) if after >= low => Some((Bound::Excluded(after), Bound::Excluded(high))),
        Some(_) | None => Some((Bound::Included(low), Bound::Excluded(high))),
    }
}

/// A row's own key, without the space and the table before it.
pub fn row_key(space: Space, table: &str, stored: &[u8]) -> Vec<u8> {
    let before = match space {
        Space::TAIL => 1,
        Space(_) => 5,
    };
    stored[before + table.len() + 1..].to_vec()
}
