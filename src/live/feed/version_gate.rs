//! Why a listener never sees a version go back (G5), though its snapshot and the changes race.
//!
//! The changes of one key come in order. Only a snapshot can be ahead of a change that still waits for its frame
//! time, or behind one already sent. For one entity the last version sent settles it. For the many-keyed topics:
//! while the snapshot is taken, the versions sent are noted (`Gathering`); afterwards the snapshot's versions are
//! a floor under each key (`Live`) until the first change above it. So both maps only shrink once the
//! snapshot is sent, and a connection remembers no key for ever.

use std::{collections::HashMap, sync::Arc};

type Versions = HashMap<Arc<str>, u64>;

#[derive(Debug)]
pub(super) enum VersionGate {
    One {
        last: Option<u64>,
    },
    Gathering {
        sent: Box<Versions>,
        overflowed: bool,
        floor: Box<Versions>,
    },
    Live {
        floor: Box<Versions>,
    },
    /// Dropped for slowness: nothing is sent before the listener starts over.
    Stale,
}

impl VersionGate {
    pub fn gathering() -> Self {
        Self::Gathering { sent: Box::default(), overflowed: false, floor: Box::default() }
    }

    /// May this change be sent? At most `bound` keys are noted during a snapshot; beyond it the listener starts over.
    pub fn accepts(&mut self, key: &Arc<str>, version: u64, bound: usize) -> bool {
        match self {
            Self::One { last } => {
                let newer = last.is_none_or(|last| version > last);
                if newer {
                    *last = Some(version);
                }
                newer
            }
            Self::Gathering { sent, overflowed, floor: _ } => {
                *overflowed |= sent.len() >= bound && !sent.contains_key(key);
                if !*overflowed {
                    sent.insert(key.clone(), version);
                }
                !*overflowed
            }
            Self::Live { floor } => match floor.get(key) {
                Some(sent) if version <= *sent => false,
                Some(_) => floor.remove(key).is_some(),
                None => true,
            },
            Self::Stale => false,
        }
    }

    /// May this view of a snapshot be sent?
    pub fn accepts_snapshot(&mut self, key: &Arc<str>, version: u64) -> bool {
        match self {
            Self::One { .. } => self.accepts(key, version, 0),
            Self::Gathering { sent, floor, .. } => {
                let newer = sent.get(key).is_none_or(|sent| version > *sent);
                if newer {
                    floor.insert(key.clone(), version);
                }
                newer
            }
            Self::Live { .. } | Self::Stale => false,
        }
    }

    /// The snapshot is sent.
    pub fn settle(&mut self) {
        if let Self::Gathering { floor, .. } = self {
            *self = Self::Live { floor: std::mem::take(floor) };
        }
    }

    pub fn overflowed(&self) -> bool {
        matches!(self, Self::Gathering { overflowed: true, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Arc<str> {
        text.into()
    }

    #[test]
    fn one_entity_only_moves_forward() {
        let mut gate = VersionGate::One { last: Some(4) };
        let seen: Vec<bool> = [3, 4, 5, 5, 9, 8].into_iter().map(|v| gate.accepts(&key("a"), v, 1)).collect();
        assert_eq!(seen, [false, false, true, false, true, false]);
    }

    #[test]
    fn a_snapshot_neither_overtakes_nor_is_overtaken() {
        let mut gate = VersionGate::gathering();
        assert!(gate.accepts(&key("a"), 7, 10), "a change during the snapshot is sent at once");
        assert!(!gate.accepts_snapshot(&key("a"), 6), "the snapshot read before it");
        assert!(gate.accepts_snapshot(&key("b"), 5));
        gate.settle();
        assert!(!gate.accepts(&key("b"), 4, 10), "was waiting for its frame time while the snapshot read 5");
        assert!(!gate.accepts(&key("b"), 5, 10));
        assert!(gate.accepts(&key("b"), 6, 10));
        assert!(gate.accepts(&key("a"), 8, 10));
        let VersionGate::Live { floor } = gate else { panic!("settled") };
        assert!(floor.is_empty(), "nothing is remembered for ever");
    }

    #[test]
    fn more_keys_than_may_be_noted_start_over() {
        let mut gate = VersionGate::gathering();
        assert!(gate.accepts(&key("a"), 1, 1));
        assert!(!gate.accepts(&key("b"), 1, 1));
        assert!(gate.overflowed());
    }
}
