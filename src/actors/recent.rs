//! The command ids that an entity remembers (G3): part of its stored state.
//!
//! A repeated command gets its first run's reply: the view at the version that the run made, read from history.
//! Refusals are not remembered: they had no effect, and are decided again.

use std::{collections::VecDeque, num::NonZeroU64};

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::domain::ids::CommandId;

/// Ids remembered for each entity; an id older than that many remembered commands is forgotten.
pub const RECENT_MAX: usize = 256;
/// The fingerprint of a remembered command without an idempotency key, whose content is not compared.
pub const UNKEYED: NonZeroU64 = NonZeroU64::MIN;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    pub id: CommandId,
    pub fingerprint: NonZeroU64,
    /// The version that the command made.
    pub version: u64,
}

/// Stored as one text of packed entries: the state of a busy entity is written at each flush, and the names of three
/// fields 256 times over would be most of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Recent(VecDeque<Remembered>);

impl From<Recent> for String {
    fn from(Recent(entries): Recent) -> Self {
        BASE64_STANDARD_NO_PAD.encode(entries.iter().flat_map(|entry| entry.pack()).collect::<Vec<u8>>())
    }
}

impl TryFrom<String> for Recent {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bytes = BASE64_STANDARD_NO_PAD.decode(text).map_err(|error| error.to_string())?;
        let (entries, rest) = bytes.as_chunks();
        match rest {
            [] => entries
                .iter()
                .map(Remembered::unpack)
                .collect::<Option<_>>()
                .map(Self)
                .ok_or("a fingerprint of 0".into()),
            _ => Err(format!("{} bytes behind the last remembered command", rest.len())),
        }
    }
}

impl Remembered {
    /// The id, the fingerprint, the version.
    fn pack(&self) -> [u8; 32] {
        let [id, numbers] = [self.id.0.as_u128(), u128::from(self.fingerprint.get()) << 64 | u128::from(self.version)];
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&id.to_be_bytes());
        bytes[16..].copy_from_slice(&numbers.to_be_bytes());
        bytes
    }

    fn unpack(bytes: &[u8; 32]) -> Option<Self> {
        let ([id, numbers], []) = bytes.as_chunks::<16>() else { return None };
        let numbers = u128::from_be_bytes(*numbers);
        Some(Self {
            id: CommandId(uuid::Uuid::from_bytes(*id)),
            fingerprint: NonZeroU64::new((numbers >> 64) as u64)?,
            version: numbers as u64,
        })
    }
}

impl Recent {
    pub fn find(&self, id: CommandId) -> Option<Remembered> {
        self.0.iter().rev().find(|entry| entry.id == id).copied()
    }

    pub fn push(&mut self, entry: Remembered) {
        if self.0.len() == RECENT_MAX {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_what_is_read_and_nothing_odd_is() {
        let mut recent = Recent::default();
        for n in 1..=3_u64 {
            let id = CommandId(uuid::Uuid::from_u128(u128::from(n) << 100 | 7));
            recent.push(Remembered { id, fingerprint: NonZeroU64::MAX, version: u64::MAX - n });
        }
        recent.push(Remembered { id: CommandId::default(), fingerprint: UNKEYED, version: 1 });
        let text = serde_json::to_string(&recent).expect("JSON");
        assert_eq!(serde_json::from_str::<Recent>(&text).expect("as written"), recent);
        assert!(text.len() <= 4 * 43 + 2, "{} bytes", text.len());
        for odd in [r#""AA""#.to_owned(), r#""*""#.to_owned(), format!("\"{}\"", "A".repeat(43))] {
            assert!(serde_json::from_str::<Recent>(&odd).is_err(), "{odd}");
        }
    }
}
