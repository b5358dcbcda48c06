//! An entity's key, and the frozen hash that gives its shard.
//!
//! Invariant: `shard_of` never changes; a journal written by one version is read by every later one.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::kinds::Kind;

/// `kind/id`, e.g. `stock/TSHIRT-RED-M`: the name of one entity in the journal, in topics and in logs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EntityKey {
    pub kind: Kind,
    pub id: Arc<str>,
}

impl EntityKey {
    /// Bytes of the id; longer keys are refused where they are parsed. A SKU of 255 characters has up to 1,020,
    /// and a note's id contains the key that the note is about.
    pub const ID_LEN_MAX: usize = 1_100;

    pub fn new(kind: Kind, id: impl AsRef<str>) -> Self {
        Self { kind, id: id.as_ref().into() }
    }

    /// The shard that owns this entity, of `shards`.
    pub fn shard_of(&self, shards: u16) -> u16 {
        let mut hash = FNV_OFFSET;
        for part in [self.kind.name(), "/", &self.id] {
            hash = fnv1a(hash, part.as_bytes());
        }
        // FNV's low bits mix less well than its high ones: fold before the modulo.
        ((hash ^ (hash >> 32)) % u64::from(shards)) as u16
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bit (Fowler, Noll, Vo; draft-eastlake-fnv). Frozen: see the test vectors below.
fn fnv1a(mut hash: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

impl fmt::Display for EntityKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.name(), self.id)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("an entity key reads kind/id, with an id of 1 to 1,100 bytes, not {0:?}")]
pub struct BadKey(String);

impl TryFrom<String> for EntityKey {
    type Error = BadKey;
    fn try_from(text: String) -> Result<Self, BadKey> {
        let parsed = text.split_once('/').and_then(|(kind, id)| Some((Kind::parse(kind)?, id)));
        match parsed {
            Some((kind, id)) if (1..=Self::ID_LEN_MAX).contains(&id.len()) => Ok(Self::new(kind, id)),
            _ => Err(BadKey(text)),
        }
    }
}

impl From<EntityKey> for String {
    fn from(key: EntityKey) -> String {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_matches_its_published_vectors() {
        assert_eq!(fnv1a(FNV_OFFSET, b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(FNV_OFFSET, b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(FNV_OFFSET, b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn shards_are_frozen() {
        let id = "0192f0c1-2e7a-7d0e-9b53-1f6a50c48a11";
        // Of 4 (one machine), 16 (a cluster), 7 (any other number).
        let frozen = [
            (Kind::Stock, "TSHIRT-RED-M", [3, 15, 6]),
            (Kind::Stock, "SKU1", [1, 1, 3]),
            (Kind::Cart, id, [1, 9, 6]),
            (Kind::Order, id, [0, 0, 4]),
            (Kind::Payment, id, [1, 1, 2]),
            (Kind::Product, id, [0, 4, 1]),
            (Kind::Category, "shoes", [0, 0, 6]),
            (Kind::Account, "admin@souk.local", [2, 10, 3]),
            (Kind::Numbers, "orders", [2, 14, 3]),
            (Kind::Stock, "käse", [0, 4, 3]),
        ];
        for (kind, id, shards) in frozen {
            let key = EntityKey::new(kind, id);
            assert_eq!([4, 16, 7].map(|of| key.shard_of(of)), shards, "{key}");
        }
    }

    #[test]
    fn shards_are_evenly_used() {
        let mut counts = [0_u32; 16];
        for n in 0..16_000 {
            counts[usize::from(EntityKey::new(Kind::Stock, format!("SKU{n}")).shard_of(16))] += 1;
        }
        assert!(counts.iter().all(|count| (800..1200).contains(count)), "{counts:?}");
    }
}
