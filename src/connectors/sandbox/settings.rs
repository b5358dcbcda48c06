//! The sandbox's behaviour: `[payments.sandbox]` in the configuration.

use std::time::Duration;

use serde::Deserialize;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxSettings {
    /// Milliseconds until the answer to `tok_slow`. Default 2,000.
    pub slow_ms: u32,
    /// Milliseconds after which a `tok_timeout` call fails; longer than the runtime waits. Default 30,000. Its webhook
    /// comes this late, too.
    pub timeout_ms: u32,
    /// Milliseconds from an operation to its webhook. Default 200.
    pub webhook_delay_ms: u32,
    /// Which events are sent: `all`, or only those `needed` because no answer carries them (a charge whose answer timed
    /// out, the customer's decision). Default `all`, as real providers do.
    pub webhooks: WebhookChoice,
    /// Whether each event is sent twice. Default false.
    pub duplicate_webhooks: bool,
    /// Whether delays vary from nothing to four times `webhook_delay_ms`, so that events overtake each other.
    /// Default false.
    pub shuffle_webhooks: bool,
    /// Whether other processes keep books of the same charges, as the nodes of a cluster do: an operation that a call
    /// assumes then happened there. Default false.
    pub books_elsewhere: bool,
    /// Seed of these delays. The same seed gives the same event the same delay. Default 0.
    pub seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookChoice {
    All,
    Needed,
}

impl Default for SandboxSettings {
    fn default() -> Self {
        Self {
            slow_ms: 2_000,
            timeout_ms: 30_000,
            webhook_delay_ms: 200,
            webhooks: WebhookChoice::All,
            duplicate_webhooks: false,
            shuffle_webhooks: false,
            books_elsewhere: false,
            seed: 0,
        }
    }
}

impl SandboxSettings {
    /// When copy `copy` of an event is first sent.
    pub fn delay(&self, event: &str, copy: u64) -> Duration {
        let delay = u64::from(self.webhook_delay_ms);
        let ms = match self.shuffle_webhooks {
            false => delay,
            true => event.bytes().fold(mix(self.seed ^ copy), |h, byte| mix(h ^ u64::from(byte))) % (4 * delay + 1),
        };
        Duration::from_millis(ms)
    }
}

/// SplitMix64's step (Steele, Lea, Flood 2014).
fn mix(seed: u64) -> u64 {
    let z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
