//! What a sandbox is made with beside `[payments.sandbox]`: facts of its surroundings, and choices of tests.

use std::time::Duration;

use crate::config::Sandbox;

#[derive(Clone, Debug, PartialEq)]
pub struct SandboxSettings {
    pub config: Sandbox,
    /// Which events are sent: all, as real providers do, or only those needed because no answer carries them (a charge
    /// whose answer timed out, the customer's word).
    pub webhooks: WebhookChoice,
    /// Whether other processes keep books of the same charges, as the nodes of a cluster do: what a call takes for
    /// granted then happened there.
    pub books_elsewhere: bool,
    /// Which delays `shuffle_webhooks` makes. The same seed gives the same event the same delay.
    pub seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookChoice {
    All,
    Needed,
}

impl From<Sandbox> for SandboxSettings {
    fn from(config: Sandbox) -> Self {
        Self { config, webhooks: WebhookChoice::All, books_elsewhere: false, seed: 0 }
    }
}

impl SandboxSettings {
    /// When copy `copy` of an event is first sent.
    pub fn delay(&self, event: &str, copy: u64) -> Duration {
        let delay = self.config.webhook_delay_ms;
        let ms = match self.config.shuffle_webhooks {
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
