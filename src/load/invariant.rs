//! An invariant checked at the end, with its violations.

use serde::Serialize;

/// Examples of one broken invariant that are kept; the rest is counted.
const SHOWN: usize = 10;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Invariant {
    /// As a sentence.
    pub name: &'static str,
    pub checked: u64,
    pub broken: u64,
    /// The first violations, with names and numbers.
    pub examples: Vec<String>,
}

impl Invariant {
    pub fn new(name: &'static str) -> Self {
        Self { name, checked: 0, broken: 0, examples: Vec::new() }
    }

    pub fn holds(name: &'static str, holds: bool, why_not: impl FnOnce() -> String) -> Self {
        let mut one = Self::new(name);
        one.check(holds, why_not);
        one
    }

    pub fn check(&mut self, holds: bool, why_not: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.broken += 1;
            if self.examples.len() < SHOWN {
                self.examples.push(why_not());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_are_bounded_and_counts_are_not() {
        let mut one = Invariant::new("numbers are small");
        (0..30u32).for_each(|n| one.check(n < 5, || format!("{n}")));
        assert_eq!((one.checked, one.broken, one.examples.len(), &*one.examples[0]), (30, 25, SHOWN, "5"));
    }
}
