//! The runtime's bounds and times. Plain values, passed in by `app`; nothing here reads a configuration.

use std::time::Duration;

use super::ports::journal::NodeId;

#[derive(Clone, Debug)]
pub struct ActorSettings {
    /// This process's name in the journal.
    pub node: NodeId,
    /// Entities in memory on this node, at most; the least recently used are passivated beyond it.
    pub resident_max: usize,
    /// An entity without a command for this long is passivated.
    pub idle_timeout: Duration,
    /// Commands waiting for one entity, at most; the reply to one more is `Busy`.
    pub entity_inflight_max: u32,
    /// Commands waiting for one shard, from outside; as many again are kept free for the shop's own steps.
    pub shard_inflight_max: usize,
    /// Effects on other entities in flight on this node; beyond it new work from outside is `Busy`. Calls to connectors
    /// have budgets of their own ([`ConnectorSettings`]).
    pub effects_inflight_max: usize,
    /// Bytes of encoded events in one append; a larger group becomes two. At most `BATCH_BYTES_MAX`.
    pub batch_bytes_max: usize,
    /// First pause before a crashed entity, a failed shard or a failed step is tried again; doubles up to `backoff_max`.
    pub backoff_min: Duration,
    pub backoff_max: Duration,
    /// A command that crashed its entity this often is refused from then on.
    pub quarantine_after: u32,
    /// How long one try of a pending step may take before it is repeated with the same id.
    pub effect_timeout: Duration,
    /// How often due alarms are looked for: an alarm is at most this late.
    pub alarm_poll: Duration,
    /// How long folded states stay in memory before they are written to the state store.
    pub flush_interval: Duration,
    /// Folded entities kept in memory by each shard's tail, beside the unwritten ones.
    pub tail_cache_max: usize,
    /// How long after its last confirmed append an owner replies to strong reads by itself. `None`: one machine, for
    /// ever.
    pub lease: Option<Duration>,
}

impl Default for ActorSettings {
    fn default() -> Self {
        Self {
            node: NodeId("local".into()),
            resident_max: 50_000,
            idle_timeout: Duration::from_secs(120),
            entity_inflight_max: 1024,
            shard_inflight_max: 8192,
            effects_inflight_max: 65_536,
            batch_bytes_max: 256 * 1024,
            backoff_min: Duration::from_millis(200),
            backoff_max: Duration::from_secs(5),
            quarantine_after: 3,
            effect_timeout: Duration::from_secs(10),
            alarm_poll: Duration::from_millis(250),
            flush_interval: Duration::from_secs(2),
            tail_cache_max: 4096,
            lease: None,
        }
    }
}

/// The bounds of one connector.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectorSettings {
    /// Calls in flight at once, at most; the next waits its turn, and work from outside that needs the connector is
    /// refused. 0 counts as 1.
    pub in_flight_max: usize,
    /// How long one call may take before it is aborted and repeated.
    pub timeout: Duration,
    pub breaker: BreakerSettings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// Faults in a row that open the circuit. 0 counts as 1.
    pub failures: u32,
    /// From opening, or from a failed probe, to the next probe.
    pub rest: Duration,
}

impl Default for ConnectorSettings {
    fn default() -> Self {
        let breaker = BreakerSettings { failures: 5, rest: Duration::from_secs(5) };
        Self { in_flight_max: 1_024, timeout: Duration::from_secs(10), breaker }
    }
}

impl ActorSettings {
    /// How often the sweep checks the residents.
    pub(super) fn sweep_interval(&self) -> Duration {
        (self.idle_timeout / 4).clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}

/// `min` doubled `attempt` times, at most `max`.
pub(super) fn backoff(settings: &ActorSettings, attempt: u32) -> Duration {
    settings.backoff_min.saturating_mul(2_u32.saturating_pow(attempt.min(16))).min(settings.backoff_max)
}
