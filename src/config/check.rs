//! Collects all problems of a configuration, so that one start shows every mistake.

use std::fmt::Display;

use super::error::Problem;

pub const MIB: u64 = 1_024 * 1_024;
pub const GIB: u64 = 1_024 * MIB;
pub const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

#[derive(Default)]
pub struct Checks {
    pub(super) problems: Vec<Problem>,
}

impl Checks {
    pub fn that(&mut self, key: &str, value: impl Display, holds: bool, expected: &str) {
        if !holds {
            self.problems.push(Problem {
                key: key.into(),
                found: Some(value.to_string()),
                expected: expected.into(),
                from: None,
            });
        }
    }

    /// Both ends inclusive.
    pub fn range<N: Copy + Display + PartialOrd>(&mut self, key: &str, value: N, min: N, max: N, unit: &str) {
        self.that(key, value, (min..=max).contains(&value), &format!("{min} to {max} {unit}"));
    }

    pub fn origins(&mut self, key: &str, origins: &[String]) {
        for origin in origins {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")).unwrap_or("");
            let legal = !host.is_empty() && !host.contains('/');
            self.that(key, origin, legal, "origins without a path, such as https://shop.example");
        }
    }
}
