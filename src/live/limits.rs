//! The bounds of the fan-out, as documented values. Each comment says what happens at the bound. The bounds of sockets
//! and of clients' messages are in `http::live`.

#[derive(Clone, Debug, PartialEq)]
pub struct LiveLimits {
    /// Topics one connection listens to, and names in one message. Default 256. More are refused with
    /// `too_many_topics`.
    pub topics_per_connection: usize,
    /// Subscriptions of all connections together. Default 1,000,000 (about 100 bytes each, and 400 for each topic's
    /// first). One more is refused with `too_many_topics`.
    pub subscriptions: usize,
    /// Connections of one address (IPv6: one /64). Default 1,000. One more is closed at once with code 1013.
    pub connections_per_address: usize,
    /// Connections in all. Default 50,000. One more is closed at once with code 1013.
    pub connections: usize,
    /// Seconds without any byte from the client (a pong counts), or without any subscription. Default 60.
    /// Then the connection is closed.
    pub idle_s: u64,
    /// Seconds between two pings to one client. Default 25; below the 30 to 60 seconds after which proxies drop a
    /// silent connection, and below half of `idle_s` so that one lost pong closes nothing.
    pub ping_s: u64,
    /// Milliseconds between two frames of one topic. Default 50. Changes in between are sent once, at the end.
    pub frame_interval_ms: u64,
    /// Distinct frames (topic and key) that wait for one slow connection. Default 1,024. Beyond it many-keyed topics
    /// are dropped from its queue and sent again, as a fresh snapshot, once the queue is empty.
    pub outbox_frames: usize,
    /// Entities in the first snapshot of a many-keyed topic. Default 500, the most important ones; the lists of the API
    /// page on.
    pub snapshot_entities: usize,
    /// Distinct keys of one many-keyed topic that wait for its next frame time. Default 4,096. Beyond it its listeners
    /// get a fresh snapshot instead.
    pub pending_keys: usize,
}

impl Default for LiveLimits {
    fn default() -> Self {
        Self {
            topics_per_connection: 256,
            subscriptions: 1_000_000,
            connections_per_address: 1_000,
            connections: 50_000,
            idle_s: 60,
            ping_s: 25,
            frame_interval_ms: 50,
            outbox_frames: 1_024,
            snapshot_entities: 500,
            pending_keys: 4_096,
        }
    }
}
