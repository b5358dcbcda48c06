//! When operations are due: an open loop. The times are fixed before the first response, so a slow server gets the same
//! arrivals as a quick one, and its slowness shows as latency (no "coordinated omission").

use std::time::Duration;

use super::rng::Rng;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrivals {
    /// Independent shoppers: exponential gaps, seeded.
    Poisson,
    /// Equal gaps.
    Constant,
}

impl Arrivals {
    pub fn name(self) -> &'static str {
        match self {
            Self::Poisson => "poisson",
            Self::Constant => "constant",
        }
    }
}

/// The due times from the start on, in order.
#[derive(Debug)]
pub struct Schedule {
    arrivals: Arrivals,
    rate: f64,
    until: f64,
    left: u64,
    at: f64,
    turn: u64,
    rng: Rng,
}

impl Schedule {
    /// `rate` a second until `seconds`, and at most `count`.
    pub fn new(arrivals: Arrivals, rate: f64, seconds: f64, count: Option<u64>, seed: u64) -> Self {
        Self { arrivals, rate, until: seconds, left: count.unwrap_or(u64::MAX), at: 0.0, turn: 0, rng: Rng::new(seed) }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        self.at = match self.arrivals {
            Arrivals::Poisson => self.at - self.rng.unit().ln() / self.rate,
            // Multiplied, not added up: the millionth is still in its place.
            Arrivals::Constant => self.turn as f64 / self.rate,
        };
        if self.at >= self.until || self.left == 0 {
            return None;
        }
        self.turn += 1;
        self.left -= 1;
        Some(Duration::from_secs_f64(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(arrivals: Arrivals, rate: f64, seconds: f64, count: Option<u64>, seed: u64) -> Vec<Duration> {
        Schedule::new(arrivals, rate, seconds, count, seed).collect()
    }

    #[test]
    fn constant_gaps_are_equal_and_end_in_time() {
        let times = all(Arrivals::Constant, 4.0, 1.0, None, 1);
        assert_eq!(times, [0, 250, 500, 750].map(Duration::from_millis));
    }

    #[test]
    fn poisson_keeps_its_rate_its_seed_and_its_order() {
        let times = all(Arrivals::Poisson, 1000.0, 20.0, None, 42);
        // Standard deviation of the count is its root, 141: five of them.
        assert!((19_293..=20_707).contains(&times.len()), "{}", times.len());
        assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!(times, all(Arrivals::Poisson, 1000.0, 20.0, None, 42));
        assert_ne!(times[..9], all(Arrivals::Poisson, 1000.0, 20.0, None, 43)[..9]);
        // Exponential gaps: a third (1/e) of them is longer than the mean.
        let long = times.windows(2).filter(|pair| pair[1] - pair[0] > Duration::from_millis(1)).count();
        let share = long as f64 / times.len() as f64;
        assert!((0.34..0.40).contains(&share), "{share}");
    }

    #[test]
    fn a_count_ends_it_earlier() {
        assert_eq!(all(Arrivals::Poisson, 10.0, 1e9, Some(7), 3).len(), 7);
    }
}
