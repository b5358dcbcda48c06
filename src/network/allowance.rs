//! How often one client may do something: a leaky bucket in one instant.
//!
//! The generic cell rate algorithm (ITU-T I.371): each unit moves the time at which the client would be even with its
//! average rate; the distance of that time from now is the client's excess. What an excess means is the caller's to say.

use std::time::Duration;

use tokio::time::Instant;

/// Units a second on average, and how many at once before the average counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    each: Duration,
    pub burst: Duration,
}

impl Rate {
    pub fn new(per_second: u32, burst: u32) -> Self {
        let each = Duration::from_secs(1) / per_second.max(1);
        Self { each, burst: each * burst.max(1) }
    }

    fn cost(&self, units: u64) -> Duration {
        self.each.saturating_mul(u32::try_from(units).unwrap_or(u32::MAX))
    }
}

/// What one client has used of a rate.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// When the client would be even with its rate.
    even_at: Instant,
}

/// Nothing is used yet.
impl Default for Allowance {
    fn default() -> Self {
        Self { even_at: Instant::now() }
    }
}

impl Allowance {
    /// The excess with `units` more.
    pub fn excess_with(&self, rate: &Rate, units: u64, now: Instant) -> Duration {
        self.even_at.max(now) + rate.cost(units) - now
    }

    /// Uses so many units, and gives the excess with them.
    pub fn take(&mut self, rate: &Rate, units: u64, now: Instant) -> Duration {
        let excess = self.excess_with(rate, units, now);
        self.even_at = now + excess;
        excess
    }
}
