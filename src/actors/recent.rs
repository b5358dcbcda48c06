//! The command ids that an entity remembers (G3): part of its stored state.
//!
//! A repeated command gets its first run's reply: the view at the version that the run made, read from history.
//! Refusals are not remembered: they had no effect, and are decided again.

use std::{collections::VecDeque, num::NonZeroU64};

use serde::{Deserialize, Serialize};

use crate::domain::ids::CommandId;

/// Ids remembered for each entity; an id older than that many remembered commands is forgotten.
pub const RECENT_MAX: usize = 256;
/// The fingerprint of a remembered command without an idempotency key, whose content is not compared.
pub const UNKEYED: NonZeroU64 = NonZeroU64::MIN;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    pub id: CommandId,
    pub fingerprint: NonZeroU64,
    /// The version that the command made.
    pub version: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Recent(VecDeque<Remembered>);

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
