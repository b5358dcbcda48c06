//! Linearisability: is there one order of the operations that respects their windows and that the model allows?
//!
//! The search of Wing and Gong (1993) with Lowe's memory (2017) of what was seen before: a set of operations done
//! and the state after them. An operation without an end may happen at any time after its beginning, or never.
//! The set is remembered as a 128-bit sum of random numbers, one for each operation: 2^20 sets share one by chance
//! with a probability below 2^-88. The search is bounded and says so when it gives up.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

pub trait Model {
    type Op;
    type State: Clone + Hash;
    /// The state after the operation, if the model allows the operation with its recorded result.
    fn step(state: &Self::State, op: &Self::Op) -> Option<Self::State>;
}

/// An operation and its time window; `to: None` for an operation of unknown outcome.
#[derive(Clone, Debug)]
pub struct Window<O> {
    pub from: u64,
    pub to: Option<u64>,
    pub op: O,
}

#[derive(Debug, PartialEq)]
pub enum Verdict {
    Linear {
        steps: u64,
    },
    /// No order exists. The longest that was found, and the operation whose end no longer could be passed;
    /// as positions in the given list.
    Broken {
        longest: Vec<usize>,
        stuck: usize,
    },
    /// The bound was hit: nothing is known.
    GaveUp {
        steps: u64,
    },
}

const NONE: usize = usize::MAX;

/// A line of events in time, from which operations are lifted as they are given a place.
struct Events {
    /// The operation of each event; its begin or its end.
    ops: Vec<(usize, bool)>,
    next: Vec<usize>,
    prev: Vec<usize>,
    ends: Vec<usize>,
}

impl Events {
    fn new<O>(windows: &[Window<O>]) -> Self {
        let mut at: Vec<(u64, bool, usize)> = Vec::new();
        for (n, window) in windows.iter().enumerate() {
            at.push((window.from, false, n));
            at.extend(window.to.map(|to| (to.max(window.from), true, n)));
        }
        // At the same moment beginnings come first: what touches may overlap.
        at.sort_unstable();
        let mut events =
            Self { ops: vec![(NONE, false)], next: vec![NONE], prev: vec![0], ends: vec![NONE; windows.len()] };
        for (n, (_, end, op)) in at.iter().enumerate() {
            events.ops.push((*op, *end));
            events.next[n] = n + 1;
            events.next.push(NONE);
            events.prev.push(n);
            if *end {
                events.ends[*op] = n + 1;
            }
        }
        events
    }

    fn unlink(&mut self, event: usize) {
        let (before, after) = (self.prev[event], self.next[event]);
        self.next[before] = after;
        if after != NONE {
            self.prev[after] = before;
        }
    }

    fn relink(&mut self, event: usize) {
        let (before, after) = (self.prev[event], self.next[event]);
        self.next[before] = event;
        if after != NONE {
            self.prev[after] = event;
        }
    }

    /// Takes out the operation that begins at this event.
    fn lift(&mut self, event: usize) {
        self.unlink(event);
        let end = self.ends[self.ops[event].0];
        if end != NONE {
            self.unlink(end);
        }
    }

    fn put_back(&mut self, event: usize) {
        let end = self.ends[self.ops[event].0];
        if end != NONE {
            self.relink(end);
        }
        self.relink(event);
    }
}

fn number_of(n: usize, state: &impl Hash) -> u128 {
    let half = |salt: u64| {
        let mut hasher = DefaultHasher::new();
        (salt, n).hash(&mut hasher);
        state.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0x9e37) << 64 | half(0x79b9)
}

pub fn check<M: Model>(initial: M::State, windows: &[Window<M::Op>], steps_max: u64) -> Verdict {
    let mut events = Events::new(windows);
    let mut open = windows.iter().filter(|window| window.to.is_some()).count();
    let mut seen: HashSet<u128> = HashSet::new();
    let mut placed: Vec<(usize, M::State)> = Vec::new();
    let (mut state, mut done, mut steps) = (initial, 0_u128, 0_u64);
    let (mut longest, mut stuck) = (Vec::new(), 0);
    let mut event = events.next[0];
    while open > 0 {
        steps += 1;
        if steps > steps_max {
            return Verdict::GaveUp { steps };
        }
        // An open operation's end is still in the line, so the line has not ended.
        let (op, is_end) = events.ops[event];
        if !is_end {
            let after = M::step(&state, &windows[op].op);
            let with_it = done.wrapping_add(number_of(op, &()));
            match after.filter(|after| seen.insert(with_it ^ number_of(NONE, after))) {
                Some(after) => {
                    events.lift(event);
                    placed.push((event, std::mem::replace(&mut state, after)));
                    done = with_it;
                    open -= usize::from(windows[op].to.is_some());
                    event = events.next[0];
                }
                None => event = events.next[event],
            }
            continue;
        }
        // This one should have happened by now: something before was placed wrongly.
        if placed.len() > longest.len() || longest.is_empty() {
            longest = placed.iter().map(|(event, _)| events.ops[*event].0).collect();
            stuck = op;
        }
        let Some((last, before)) = placed.pop() else { return Verdict::Broken { longest, stuck } };
        events.put_back(last);
        let undone = events.ops[last].0;
        state = before;
        done = done.wrapping_sub(number_of(undone, &()));
        open += usize::from(windows[undone].to.is_some());
        event = events.next[last];
    }
    Verdict::Linear { steps }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register: write a value, or read one.
    struct Register;
    #[derive(Clone, Copy, Debug)]
    enum Cell {
        Write(u8),
        Read(u8),
    }
    use Cell::{Read, Write};
    impl Model for Register {
        type Op = Cell;
        type State = u8;
        fn step(state: &u8, op: &Cell) -> Option<u8> {
            match *op {
                Write(value) => Some(value),
                Read(value) => (value == *state).then_some(value),
            }
        }
    }

    fn judge(ops: &[(u64, u64, Cell)]) -> Verdict {
        // An end of 0: unknown.
        let windows = ops.iter().map(|&(from, to, op)| Window { from, to: (to > 0).then_some(to), op });
        check::<Register>(0, &windows.collect::<Vec<_>>(), 100_000)
    }

    fn linear(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Linear { .. })
    }

    #[test]
    fn overlapping_operations_may_take_either_order() {
        for value in [0, 1, 2] {
            let ops = [(1, 10, Write(1)), (2, 9, Write(2)), (3, 8, Read(value))];
            assert!(linear(&judge(&ops)), "{value}");
        }
        assert_eq!(judge(&[]), Verdict::Linear { steps: 0 });
    }

    #[test]
    fn a_stale_read_after_a_finished_write_is_found() {
        let verdict = judge(&[(1, 2, Write(1)), (3, 4, Read(0))]);
        assert_eq!(verdict, Verdict::Broken { longest: vec![0], stuck: 1 });
        // Two readers who disagree on the order.
        let ops = [(1, 20, Write(1)), (1, 20, Write(2)), (21, 22, Read(1)), (23, 24, Read(2)), (25, 26, Read(1))];
        assert!(matches!(judge(&ops), Verdict::Broken { .. }));
        // Seen, and then gone again.
        let ops = [(1, 20, Write(1)), (2, 3, Read(1)), (4, 5, Read(0))];
        assert!(matches!(judge(&ops), Verdict::Broken { .. }));
    }

    #[test]
    fn an_unknown_write_happens_late_or_never_but_not_before_it_began() {
        assert!(linear(&judge(&[(1, 0, Write(1)), (50, 51, Read(0)), (60, 61, Read(1))])));
        assert!(linear(&judge(&[(1, 0, Write(1)), (50, 51, Read(0))])));
        assert!(!linear(&judge(&[(10, 0, Write(1)), (1, 2, Read(1))])));
        assert!(!linear(&judge(&[(1, 0, Write(1)), (5, 6, Read(1)), (7, 8, Read(0))])), "it happens once");
    }

    #[test]
    fn the_bound_is_told() {
        let many: Vec<_> = (0..40).map(|n| (n + 1, 1_000, Write(n as u8))).chain([(1_001, 1_002, Read(99))]).collect();
        assert!(matches!(judge(&many), Verdict::GaveUp { .. }));
    }

    /// All orders, tried one by one: what the search must agree with.
    fn by_hand(ops: &[(u64, u64, Cell)], done: usize, state: u8) -> bool {
        let left = |n: usize| done & (1 << n) == 0;
        if (0..ops.len()).all(|n| !left(n) || ops[n].1 == 0) {
            return true;
        }
        (0..ops.len()).filter(|n| left(*n)).any(|n| {
            let first = (0..ops.len()).all(|m| m == n || !left(m) || ops[m].1 == 0 || ops[m].1 >= ops[n].0);
            let after = Register::step(&state, &ops[n].2).filter(|_| first);
            after.is_some_and(|after| by_hand(ops, done | 1 << n, after))
        })
    }

    #[test]
    fn it_agrees_with_trying_every_order() {
        let rng = crate::rng::Rng::new(7);
        let (mut good, mut bad) = (0, 0);
        for _ in 0..4_000 {
            let ops: Vec<_> = (0..2 + rng.below(5))
                .map(|_| {
                    let from = 1 + rng.below(12);
                    let to = if rng.one_in(5) { 0 } else { from + rng.below(6) };
                    let value = rng.below(3) as u8;
                    // A read without a reply is no evidence.
                    (from, to, if to > 0 && rng.one_in(2) { Read(value) } else { Write(value) })
                })
                .collect();
            let expected = by_hand(&ops, 0, 0);
            assert_eq!(linear(&judge(&ops)), expected, "{ops:?}");
            *if expected { &mut good } else { &mut bad } += 1;
        }
        assert!(good > 400 && bad > 400, "{good} good and {bad} bad histories");
    }
}
