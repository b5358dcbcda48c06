//! The bound on one client's message rate: an [`Allowance`].
//!
//! Up to the burst messages are accepted, up to twice the burst refused, beyond it the connection ends. Refused messages
//! count as well: a client that slows down is accepted again within about a second, a client that does not is closed.

use tokio::time::Instant;

use super::Wire;
use crate::{
    config::Live,
    network::{self, Allowance},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    Fine,
    /// Refuse the message with `slow_down`.
    SlowDown,
    Abuse,
}

#[derive(Debug)]
pub struct RateLimit {
    used: Allowance,
    rate: network::Rate,
    wire: Wire,
    /// Bytes of the wire that are paid for.
    paid: u64,
}

/// A message costs one, and each KiB on the wire one more, whatever it carries: long messages, fragments of a message
/// that never ends, control frames, headers. So nothing that costs time to read is free.
const BYTES_OF_ONE: u64 = 1_024;

impl RateLimit {
    /// What the wire has carried so far (the handshake) is free.
    pub fn new(limits: &Live, wire: Wire) -> Self {
        let rate = network::Rate::new(limits.messages_per_second_max, limits.messages_burst_max);
        let paid = wire.read();
        Self { used: Allowance::default(), rate, wire, paid }
    }

    /// A message has arrived.
    pub fn take(&mut self) -> Rate {
        let units = self.unpaid();
        self.paid += units * BYTES_OF_ONE;
        match self.used.take(&self.rate, units + 1, Instant::now()) {
            early if early <= self.rate.burst => Rate::Fine,
            early if early <= self.rate.burst * 2 => Rate::SlowDown,
            _ => Rate::Abuse,
        }
    }

    /// Whether the bytes since the last message alone are abuse: asked while a message does not end.
    pub fn overrun(&self) -> bool {
        let units = self.unpaid();
        units > 0 && self.used.excess_with(&self.rate, units, Instant::now()) > self.rate.burst * 2
    }

    fn unpaid(&self) -> u64 {
        self.wire.read().saturating_sub(self.paid) / BYTES_OF_ONE
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    fn limit() -> RateLimit {
        on(&Wire::default())
    }

    fn on(wire: &Wire) -> RateLimit {
        let limits = Live { messages_per_second_max: 10, messages_burst_max: 5, ..Live::default() };
        RateLimit::new(&limits, wire.clone())
    }

    fn taken(limit: &mut RateLimit, messages: usize) -> Vec<Rate> {
        (0..messages).map(|_| limit.take()).collect()
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
            assert_eq!(limit.take(), Rate::Fine);
            advance(Duration::from_millis(100)).await;
        }
        advance(Duration::from_secs(3_600)).await;
        assert_eq!(taken(&mut limit, 6)[4..], [Rate::Fine, Rate::SlowDown]);
        advance(Duration::from_millis(200)).await;
        assert_eq!(limit.take(), Rate::Fine, "slower again, heard again");
    }

    #[tokio::test(start_paused = true)]
    async fn long_messages_count_by_their_length() {
        let wire = Wire::default();
        let mut limit = on(&wire);
        wire.count(4 * 1_024);
        assert_eq!(limit.take(), Rate::Fine);
        assert_eq!(limit.take(), Rate::SlowDown);
    }

    #[tokio::test(start_paused = true)]
    async fn a_message_that_never_ends_is_abuse_once_it_is_long_enough() {
        let wire = Wire::default();
        wire.count(1 << 20);
        let limit = on(&wire);
        assert!(!limit.overrun(), "the handshake is free");
        // Empty fragments: 6 bytes each.
        let mut fragments = 0;
        while !limit.overrun() {
            wire.count(6);
            fragments += 1;
        }
        assert_eq!(fragments, (11 * 1_024_usize).div_ceil(6), "11 KiB: the first beyond twice the burst");
        advance(Duration::from_secs(1)).await;
        assert!(limit.overrun(), "rest earns nothing before it was paid for");
    }
}
