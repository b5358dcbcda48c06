//! `[actors]`: shards, residency, admission and supervision of the entity runtime.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::{Checks, DAY_MS};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actors {
    /// Logs that entities are spread over. Fixed when the journal is created; another number is refused later. Default
    /// 0: on one machine the journal's number, and 4 for a new one; in a cluster 16.
    pub shards: u16,
    /// Entities in memory, at most; past it the longest idle ones are put to sleep. Default 50,000.
    pub resident_max: usize,
    /// Milliseconds without a command until an entity is put to sleep. Default 120,000.
    pub idle_timeout_ms: u64,
    /// Commands that wait for one entity, at most; the next is answered 503 with Retry-After. Default 1,024.
    pub entity_inflight_max: u32,
    /// Commands that wait for one shard from outside, at most; the next is answered 503. As many again are kept free for the
    /// shop's own steps. Default 8,192.
    pub shard_inflight_max: usize,
    /// Milliseconds until an unanswered command is given up; it may yet happen, a retry with its id tells. Default 5,000.
    pub command_timeout_ms: u64,
    /// Effects on other entities (holds, numbers) under way, at most; beyond it new work is answered 503. Calls to connectors
    /// have budgets of their own. Default 65,536.
    pub effects_inflight_max: usize,
    /// Effects that nobody waits for (mails) begun each second by a node, at most; the next ones begin later, and the unused
    /// ones of a second may begin at once. Default 100.
    pub background_per_second: u32,
    /// Such effects that wait for their turn, at most, each with its entity in memory; the next one begins at once. Default
    /// 10,000.
    pub background_waiting_max: u32,
    /// Milliseconds that one try of an owed step may take before it is repeated with the same id. Default 10,000.
    pub effect_timeout_ms: u64,
    /// Milliseconds between two polls for due alarms: a hold expires at most this late. Default 250.
    pub alarm_poll_ms: u64,
    /// Milliseconds before a crashed entity, a failed shard or a failed step is first tried again; doubles with each further crash. Default 200.
    pub restart_backoff_ms_min: u64,
    /// Milliseconds between two such tries, at most. Default 5,000.
    pub restart_backoff_ms_max: u64,
    /// Crashes in a row by one command until it is quarantined. Default 3.
    pub quarantine_after: u32,
}

impl Default for Actors {
    fn default() -> Self {
        Self {
            shards: 0,
            resident_max: 50_000,
            idle_timeout_ms: 120_000,
            entity_inflight_max: 1_024,
            shard_inflight_max: 8_192,
            command_timeout_ms: 5_000,
            effects_inflight_max: 65_536,
            background_per_second: 100,
            background_waiting_max: 10_000,
            effect_timeout_ms: 10_000,
            alarm_poll_ms: 250,
            restart_backoff_ms_min: 200,
            restart_backoff_ms_max: 5_000,
            quarantine_after: 3,
        }
    }
}

impl Actors {
    /// `None`: the journal's number.
    pub fn shards(&self) -> Option<u16> {
        (self.shards > 0).then_some(self.shards)
    }

    pub const fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms)
    }

    pub const fn command_timeout(&self) -> Duration {
        Duration::from_millis(self.command_timeout_ms)
    }

    pub const fn effect_timeout(&self) -> Duration {
        Duration::from_millis(self.effect_timeout_ms)
    }

    pub const fn alarm_poll(&self) -> Duration {
        Duration::from_millis(self.alarm_poll_ms)
    }

    /// The pause before try `attempt` of what keeps failing: the first one doubled each time, up to the longest.
    pub fn backoff(&self, attempt: u32) -> Duration {
        let first = Duration::from_millis(self.restart_backoff_ms_min);
        let longest = Duration::from_millis(self.restart_backoff_ms_max);
        first.saturating_mul(2_u32.saturating_pow(attempt.min(16))).min(longest)
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        checks.range("actors.shards", u64::from(self.shards), 0, 1_024, "shards");
        checks.range("actors.resident_max", self.resident_max, 16, 10_000_000, "entities");
        checks.range("actors.idle_timeout_ms", self.idle_timeout_ms, 10, DAY_MS, "milliseconds");
        let of_one = self.entity_inflight_max as usize;
        checks.range("actors.entity_inflight_max", of_one, 1, self.shard_inflight_max, "commands");
        checks.range("actors.shard_inflight_max", self.shard_inflight_max, 1, 1_000_000, "commands");
        checks.range("actors.command_timeout_ms", self.command_timeout_ms, 10, 300_000, "milliseconds");
        checks.range("actors.effects_inflight_max", self.effects_inflight_max, 16, 10_000_000, "steps");
        let per_second = u64::from(self.background_per_second);
        checks.range("actors.background_per_second", per_second, 1, 1_000_000, "effects");
        let waiting = u64::from(self.background_waiting_max);
        checks.range("actors.background_waiting_max", waiting, 0, 1_000_000, "effects");
        checks.range("actors.effect_timeout_ms", self.effect_timeout_ms, 100, 300_000, "milliseconds");
        checks.range("actors.alarm_poll_ms", self.alarm_poll_ms, 10, 60_000, "milliseconds");
        let max = self.restart_backoff_ms_max;
        checks.range("actors.restart_backoff_ms_min", self.restart_backoff_ms_min, 1, max, "milliseconds");
        checks.range("actors.restart_backoff_ms_max", max, 1, DAY_MS, "milliseconds");
        checks.range("actors.quarantine_after", u64::from(self.quarantine_after), 1, 100, "crashes");
    }
}
