//! What an event states for other entities, and which statements of others it rests on.
//!
//! Logs of different shards have no common order, so a copy of them may be cut where an outcome is inside and its cause
//! is not. These two answers of each kind name the pairs, for the tools that cut and check copies. A command that an
//! effect sent names its cause by its id (`actors/ports/envelope.rs`); here are the outcomes that come back.
//! Deliberately absent: what a caller read before a command (a cart before its checkout), which no event keeps.

use super::key::EntityKey;

/// One statement of one entity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fact {
    pub of: EntityKey,
    pub what: String,
    /// Distinguishes repetitions of the same statement, where the events allow it; else 0.
    pub nth: u8,
}

/// A statement that an event rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Rest {
    pub fact: Fact,
    /// Without the statement the event would not be. Otherwise the other entity may have accepted in silence, since its
    /// state had that content already: then the statement's absence proves nothing.
    pub always: bool,
}

impl Rest {
    pub fn on(of: EntityKey, what: String) -> Self {
        Self { fact: Fact { of, what, nth: 0 }, always: true }
    }

    pub fn nth(self, nth: u8) -> Self {
        Self { fact: Fact { nth, ..self.fact }, ..self }
    }

    pub fn perhaps(self) -> Self {
        Self { always: false, ..self }
    }
}
