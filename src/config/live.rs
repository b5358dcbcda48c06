//! `[live]`: the fan-out hub and its sockets. Every bound here keeps one client from costing the others.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::{Checks, DAY_MS};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Live {
    /// Milliseconds between two frames of one topic, at least; changes meanwhile are conflated. Default 50.
    pub frame_interval_ms: u64,
    /// Topics of one connection, at most; the next is answered with an error frame. Default 256.
    pub topics_max: usize,
    /// Subscriptions of all connections together, at most (about 100 bytes each, and 400 for each topic's first); the next is
    /// answered with an error frame. Default 1,000,000.
    pub subscriptions_max: usize,
    /// Connections of this process, at most; the next socket is closed with 1013, the next stream is answered 503.
    /// Default 50,000.
    pub connections_max: usize,
    /// Connections of one client address (IPv6: one /64), at most; the next is answered as above. Default 1,000.
    pub connections_per_address_max: usize,
    /// Milliseconds without any byte from the client (a pong counts), or without any subscription, until its socket is closed.
    /// Default 60,000.
    pub idle_timeout_ms: u64,
    /// Milliseconds between two pings to a client: below the 30 to 60 seconds after which proxies drop a silent connection, and
    /// below half of `idle_timeout_ms`, so that one lost pong closes nothing. Default 25,000.
    pub ping_interval_ms: u64,
    /// Bytes of one message from a client, at most; a longer one closes the socket. Default 64 KiB.
    pub message_bytes_max: usize,
    /// Messages a second from one client, on average; each KiB on the wire counts as one more, whatever it carries. Beyond the
    /// burst they are answered with `slow_down`; twice the burst closes the socket. Default 50.
    pub messages_per_second_max: u32,
    /// Messages that one client may send at once before the average counts. Default 200.
    pub messages_burst_max: u32,
    /// Frames that wait for one slow connection, at most; beyond it topics are sent anew once it has caught up. Default 1,024.
    pub outbox_frames_max: usize,
    /// Entities in the first snapshot of `board` and `stock`, newest first. Default 500.
    pub snapshot_entities_max: usize,
    /// Changed keys of `board` or `stock` that wait for the next frame, at most; beyond it: a new snapshot. Default 4,096.
    pub pending_keys_max: usize,
    /// Whether `stock.<sku>` shows exact counts to everybody, not only to staff. Default false.
    pub public_stock_counts: bool,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            frame_interval_ms: 50,
            topics_max: 256,
            subscriptions_max: 1_000_000,
            connections_max: 50_000,
            connections_per_address_max: 1_000,
            idle_timeout_ms: 60_000,
            ping_interval_ms: 25_000,
            message_bytes_max: 64 * 1_024,
            messages_per_second_max: 50,
            messages_burst_max: 200,
            outbox_frames_max: 1_024,
            snapshot_entities_max: 500,
            pending_keys_max: 4_096,
            public_stock_counts: false,
        }
    }
}

impl Live {
    pub const fn frame_interval(&self) -> Duration {
        Duration::from_millis(self.frame_interval_ms)
    }

    /// Seconds, the connections' tick; a begun one counts.
    pub const fn idle_s(&self) -> u64 {
        self.idle_timeout_ms.div_ceil(1_000)
    }

    /// Seconds, the connections' tick; a begun one counts.
    pub const fn ping_s(&self) -> u64 {
        self.ping_interval_ms.div_ceil(1_000)
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        checks.range("live.frame_interval_ms", self.frame_interval_ms, 0, 60_000, "milliseconds");
        checks.range("live.topics_max", self.topics_max, 1, 10_000, "topics");
        checks.range("live.subscriptions_max", self.subscriptions_max, 1, 100_000_000, "subscriptions");
        checks.range("live.connections_max", self.connections_max, 1, 1_000_000, "connections");
        let per_address = self.connections_per_address_max;
        checks.range("live.connections_per_address_max", per_address, 1, self.connections_max, "connections");
        checks.range("live.idle_timeout_ms", self.idle_timeout_ms, 1_000, DAY_MS, "milliseconds");
        let half = self.idle_timeout_ms / 2;
        checks.range(
            "live.ping_interval_ms",
            self.ping_interval_ms,
            100,
            half,
            "milliseconds, half of idle_timeout_ms",
        );
        checks.range("live.outbox_frames_max", self.outbox_frames_max, 16, 100_000, "frames");
        checks.range("live.snapshot_entities_max", self.snapshot_entities_max, 1, 10_000, "entities");
        checks.range("live.pending_keys_max", self.pending_keys_max, 16, 100_000, "keys");
        checks.range("live.message_bytes_max", self.message_bytes_max, 256, 1_024 * 1_024, "bytes");
        checks.range("live.messages_per_second_max", self.messages_per_second_max, 1, 100_000, "messages");
        checks.range("live.messages_burst_max", self.messages_burst_max, 1, 100_000, "messages");
    }
}
