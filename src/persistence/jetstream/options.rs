//! The journal's settings on the servers: names, copies, timeouts.

use std::time::Duration;

use crate::actors::ports::journal::Shard;

#[derive(Clone, Debug)]
pub struct JetStreamOptions {
    /// Prefix of every stream and subject of one shop: `[a-z0-9-]`, 1 to 32 characters.
    pub name: String,
    /// Logs of a new journal; a journal that exists with another number is refused.
    pub shards: u16,
    /// Servers that hold each stream: 1, 3 or 5.
    pub replicas: usize,
    /// One request to the servers takes at most this long; an append that takes longer is `Ambiguous`.
    pub request_timeout: Duration,
    /// Create missing streams. Off: a missing stream is an error (for tools that must not create a shop by a typing
    /// error).
    pub create: bool,
    /// Take servers that are older than the floor (`cluster.allow_old_servers`).
    pub allow_old_servers: bool,
}

impl JetStreamOptions {
    /// Default of a cluster: enough for five nodes to own three each.
    pub const SHARDS: u16 = 16;
}

impl Default for JetStreamOptions {
    fn default() -> Self {
        Self {
            name: "souk".into(),
            shards: Self::SHARDS,
            replicas: 3,
            request_timeout: Duration::from_secs(2),
            create: true,
            allow_old_servers: false,
        }
    }
}

impl JetStreamOptions {
    pub(super) fn stream(&self, shard: Shard) -> String {
        format!("{}_ev_{:02}", self.name, shard.0)
    }

    pub(super) fn subject(&self, shard: Shard) -> String {
        format!("{}.ev.{:02}", self.name, shard.0)
    }

    pub(super) fn meta_stream(&self) -> String {
        format!("{}_meta", self.name)
    }

    pub(super) fn keys_stream(&self) -> String {
        format!("{}_keys", self.name)
    }

    /// One for each item.
    pub(super) fn keys_subjects(&self) -> String {
        format!("{}.keys.*", self.name)
    }

    pub(super) fn keys_subject(&self, item: &str) -> String {
        format!("{}.keys.{item}", self.name)
    }

    pub(super) fn meta_subject(&self) -> String {
        format!("{}.meta", self.name)
    }
}
