//! The bound on one client's message rate: a leaky bucket in one instant.
//!
//! The generic cell rate algorithm (ITU-T I.371): each message moves the time at which the client would be even with
//! its average rate; the distance of that time from now is the client's excess. Up to the burst messages are accepted,
//! up to twice the burst refused, beyond it the connection ends. Refused messages count as well: a client that slows
//! down is accepted again within about a second, a client that does not is closed.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Live;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    Fine,
    /// Refuse the message with `slow_down`.
    SlowDown,
    Abuse,
}

#[derive(Debug)]
pub struct RateLimit {
    /// When the client would be even with its rate.
    even_at: Instant,
    each: Duration,
    burst: Duration,
}

/// A message costs one, and one more for each KiB begun after the first: the cost of reading grows with the length.
const BYTES_OF_ONE: usize = 1_024;

impl RateLimit {
    pub fn new(limits: &Live) -> Self {
        let each = Duration::from_secs(1) / limits.messages_per_second_max.max(1);
        Self { even_at: Instant::now(), each, burst: each * limits.messages_burst_max.max(1) }
    }

    pub fn take(&mut self, bytes: usize) -> Rate {
        let now = Instant::now();
        let cost = u32::try_from(bytes.div_ceil(BYTES_OF_ONE).max(1)).unwrap_or(u32::MAX);
        self.even_at = self.even_at.max(now) + self.each.saturating_mul(cost);
        match self.even_at - now {
            early if early <= self.burst => Rate::Fine,
            early if early <= self.burst * 2 => Rate::SlowDown,
            _ => Rate::Abuse,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn limit() -> RateLimit {
        RateLimit::new(&Live { messages_per_second_max: 10, messages_burst_max: 5, ..Live::default() })
    }

    fn taken(limit: &mut RateLimit, messages: usize) -> Vec<Rate> {
        (0..messages).map(|_| limit.take(20)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_then_a_warning_then_the_end() {
        let seen = taken(&mut limit(), 11);
        assert_eq!(seen[..5], [Rate::Fine; 5]);
        assert_eq!(seen[5..10], [Rate::SlowDown; 5]);
        assert_eq!(seen[10], Rate::Abuse);
    }

    #[tokio::test(start_paused = true)]
    async fn at_its_rate_a_client_speaks_for_ever_and_rest_earns_no_more_than_the_burst() {
        let mut limit = limit();
        for _ in 0..1_000 {
            assert_eq!(limit.take(20), Rate::Fine);
            advance(Duration::from_millis(100)).await;
        }
        advance(Duration::from_secs(3_600)).await;
        assert_eq!(taken(&mut limit, 6)[4..], [Rate::Fine, Rate::SlowDown]);
        advance(Duration::from_millis(200)).await;
        assert_eq!(limit.take(20), Rate::Fine, "slower again, heard again");
    }

    #[tokio::test(start_paused = true)]
    async fn long_messages_count_by_their_length() {
        let mut limit = limit();
        assert_eq!(limit.take(5 * 1_024), Rate::Fine);
        assert_eq!(limit.take(1), Rate::SlowDown);
    }
}
