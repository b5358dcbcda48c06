//! The members' clocks against each other, and the one time that all of them decide by.
//!
//! Each heartbeat carries its node's time, and the server that stores all of them adds its own: so a node compares any
//! two clocks without trusting one of them. The cluster's time is the median of its living members' clocks and of that
//! server's, whose absolute error cancels out. A node whose clock differs by [`TOLERANCE_MS`] or more decides by the
//! corrected time: else an order that it receives from another node would expire at once, or never.
//!
//! Pure: the caller brings heartbeats and asks. Bound: what changes (a clock that is set, another server that stores)
//! is believed after [`STEADY`] echoes of this node's own heartbeat, a second and a half as shipped; until then the
//! node decides by the time that it had.

use std::collections::BTreeMap;

use super::heartbeats::Beat;
use crate::actors::ports::journal::NodeId;

/// A smaller difference is left alone: heartbeats are late by some milliseconds, and holds have a grace of a minute.
pub const TOLERANCE_MS: i64 = 1_000;
/// Measurements in a row that agree, until they count.
const STEADY: u8 = 3;
/// Two measurements agree within this.
const AGREES_MS: i64 = TOLERANCE_MS / 2;

pub struct Clocks {
    me: NodeId,
    /// Each member's clock minus the storing server's, by its newest heartbeat. Bounded by the caller's members.
    ahead: BTreeMap<NodeId, i64>,
    /// The newest measured correction, and how often it was measured in a row.
    measured: (i64, u8),
    correction: i64,
}

impl Clocks {
    pub fn new(me: NodeId) -> Self {
        Self { me, ahead: BTreeMap::new(), measured: (0, 0), correction: 0 }
    }

    /// A heartbeat of an older version has no time, and says nothing.
    pub fn see(&mut self, beat: &Beat) {
        if let (Some(at), Some(stored)) = (beat.at, beat.stored) {
            self.ahead.insert(beat.node.clone(), at.0.saturating_sub(stored.0));
        }
    }

    pub fn keep(&mut self, alive: &[NodeId]) {
        self.ahead.retain(|node, _| alive.contains(node));
    }

    /// Milliseconds by which a member's own clock is ahead of the cluster's time. `None`: not measured, or nobody to
    /// compare with.
    pub fn skew(&self, node: &NodeId) -> Option<i64> {
        if self.ahead.len() < 2 {
            return None;
        }
        let mut clocks: Vec<i64> = self.ahead.values().copied().chain([0]).collect();
        clocks.sort_unstable();
        // Of an even number the lower one of the two in the middle: a clock that somebody has, and the same on all
        // nodes.
        let median = clocks.get((clocks.len() - 1) / 2)?;
        Some(self.ahead.get(node)?.saturating_sub(*median))
    }

    /// At each echo of this node's own heartbeat: the new correction, in milliseconds, if it changes.
    pub fn judge(&mut self) -> Option<i64> {
        let skew = self.skew(&self.me)?;
        // A correction ends lower than it begins, so that none comes and goes at the limit.
        let least = if self.correction == 0 { TOLERANCE_MS } else { TOLERANCE_MS / 2 };
        let wanted = if skew.saturating_abs() < least { 0 } else { skew.saturating_neg() };
        let agrees = |with: i64| wanted.abs_diff(with) <= AGREES_MS.unsigned_abs();
        self.measured = match agrees(self.measured.0) {
            true => (self.measured.0, self.measured.1.saturating_add(1)),
            false => (wanted, 1),
        };
        if self.measured.1 < STEADY || (agrees(self.correction) && (wanted == 0) == (self.correction == 0)) {
            return None;
        }
        self.correction = wanted;
        Some(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    fn node(name: &str) -> NodeId {
        NodeId(name.into())
    }

    /// One heartbeat of each, stored at the server's `at`.
    fn beats(clocks: &mut Clocks, at: i64, nodes: &[(&str, i64)]) {
        for (name, ahead) in nodes {
            let (at, stored) = (Some(Timestamp(at + ahead)), Some(Timestamp(at)));
            let (node, ends) = (node(name), Default::default());
            clocks.see(&Beat { node, counter: 1, draining: false, url: None, at, stored, ends });
        }
    }

    const MINUTES: i64 = 600_000;

    #[test]
    fn the_odd_clock_is_corrected_and_the_others_are_not() {
        for (me, expected) in [("a", -MINUTES), ("b", 0), ("c", 0)] {
            let mut clocks = Clocks::new(node(me));
            let mut corrections = Vec::new();
            for n in 0..10 {
                beats(&mut clocks, 1_000 * n, &[("a", MINUTES + n), ("b", -20), ("c", 35)]);
                corrections.extend(clocks.judge());
            }
            let told: Vec<i64> = corrections.iter().map(|ms| ms / 100 * 100).collect();
            assert_eq!(told, if expected == 0 { vec![] } else { vec![expected] }, "{me}");
            assert!(clocks.skew(&node("a")).is_some_and(|skew| skew.abs_diff(MINUTES) < 100));
            assert!(clocks.correction.abs_diff(expected) < 100);
        }
    }

    #[test]
    fn a_server_with_another_time_moves_nobody() {
        let mut clocks = Clocks::new(node("a"));
        for n in 0..10 {
            beats(&mut clocks, 1_000 * n, &[("a", -MINUTES), ("b", -MINUTES + 9), ("c", -MINUTES - 9)]);
            assert_eq!(clocks.judge(), None);
        }
        // Another server stores from now on: for a moment the old and the new measurements lie side by side.
        beats(&mut clocks, 20_000, &[("b", 0)]);
        assert_eq!(clocks.judge(), None);
        beats(&mut clocks, 20_000, &[("a", 0), ("c", 0)]);
        assert!((0..10).all(|_| clocks.judge().is_none()));
    }

    #[test]
    fn of_two_nodes_the_server_says_which_one_is_odd() {
        let mut clocks = Clocks::new(node("a"));
        beats(&mut clocks, 0, &[("a", MINUTES), ("b", 3)]);
        assert_eq!((0..3).filter_map(|_| clocks.judge()).collect::<Vec<_>>(), [3 - MINUTES]);
        let mut clocks = Clocks::new(node("b"));
        beats(&mut clocks, 0, &[("a", MINUTES), ("b", 3)]);
        assert!((0..9).all(|_| clocks.judge().is_none()));
    }

    #[test]
    fn alone_nothing_is_measured() {
        let mut clocks = Clocks::new(node("a"));
        beats(&mut clocks, 0, &[("a", MINUTES), ("b", 0)]);
        clocks.keep(&[node("a")]);
        assert_eq!((clocks.skew(&node("a")), clocks.judge()), (None, None));
    }

    #[test]
    fn a_clock_that_is_set_right_is_believed_after_a_while_and_small_differences_are_left_alone() {
        let mut clocks = Clocks::new(node("a"));
        let mut judged = |ahead: i64| {
            beats(&mut clocks, 0, &[("a", ahead), ("b", 0), ("c", 0)]);
            clocks.judge()
        };
        assert_eq!([judged(5_000), judged(5_000), judged(5_100)], [None, None, Some(-5_100)]);
        assert_eq!([judged(5_300), judged(4_800), judged(5_000), judged(5_000)], [None; 4], "it trembles");
        assert_eq!([judged(0), judged(1), judged(0), judged(0)], [None, None, Some(0), None]);
        assert!((0..9).all(|_| judged(TOLERANCE_MS - 1).is_none()));
    }
}
