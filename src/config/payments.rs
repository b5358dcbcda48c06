//! `[payments]`: the providers. Today the sandbox, which acts like a real one; real ones come beside it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::Checks;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    pub sandbox: Sandbox,
}

/// `[payments.sandbox]`: a provider inside the process, for shops without money and for tests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sandbox {
    /// Whether `provider: "sandbox"` is taken, which sells without money. `souk serve --sample` turns it on. Default false.
    pub enabled: bool,
    /// Whether the sandbox may stand beside a listener that others can reach; the start refuses it otherwise. Default false.
    pub allow_public: bool,
    /// Milliseconds that `tok_slow` takes to be authorised. Default 3,000.
    pub slow_ms: u64,
    /// Milliseconds until a call to the sandbox times out and is repeated (`tok_timeout`'s first). Default 5,000.
    pub timeout_ms: u64,
    /// Calls to the sandbox under way at once, at most: the next waits its turn, and with as many unanswered a new payment
    /// is answered 503. Default 4,096.
    pub in_flight_max: usize,
    /// Calls in a row that fail or time out until calls are refused at once and only a probe goes through. Default 5.
    pub breaker_failures: u32,
    /// Milliseconds from then, or from a failed probe, to the next probe. Default 5,000.
    pub breaker_rest_ms: u64,
    /// Milliseconds from an event to its webhook. Default 200.
    pub webhook_delay_ms: u64,
    /// Whether each webhook comes twice, as real providers' sometimes do. Default false.
    pub duplicate_webhooks: bool,
    /// Whether webhooks' delays vary up to four times `webhook_delay_ms`, so that they overtake each other. Default false.
    pub shuffle_webhooks: bool,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            enabled: false,
            allow_public: false,
            slow_ms: 3_000,
            timeout_ms: 5_000,
            in_flight_max: 4_096,
            breaker_failures: 5,
            breaker_rest_ms: 5_000,
            webhook_delay_ms: 200,
            duplicate_webhooks: false,
            shuffle_webhooks: false,
        }
    }
}

impl Sandbox {
    pub const fn slow(&self) -> Duration {
        Duration::from_millis(self.slow_ms)
    }

    pub const fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    pub const fn breaker_rest(&self) -> Duration {
        Duration::from_millis(self.breaker_rest_ms)
    }
}

/// The sandbox takes every order without money, so a shop on a network must ask for it twice.
const BESIDE_LOOPBACK: &str = "false beside a listener that others can reach (http.listen, http.trusted_hops): the \
     sandbox sells without money; payments.sandbox.allow_public = true takes it all the same";

impl Sandbox {
    /// Whether it would sell without money to others than this machine, unasked.
    pub const fn is_exposed(&self, public: bool) -> bool {
        self.enabled && public && !self.allow_public
    }
}

impl Payments {
    /// `public`: whether others than this machine can reach the shop.
    pub(super) fn check(&self, checks: &mut Checks, public: bool) {
        let sandbox = &self.sandbox;
        checks.that("payments.sandbox.enabled", sandbox.enabled, !sandbox.is_exposed(public), BESIDE_LOOPBACK);
        checks.range("payments.sandbox.slow_ms", sandbox.slow_ms, 0, 600_000, "milliseconds");
        checks.range("payments.sandbox.timeout_ms", sandbox.timeout_ms, 10, 600_000, "milliseconds");
        checks.range("payments.sandbox.in_flight_max", sandbox.in_flight_max, 1, 1_000_000, "calls");
        let failures = u64::from(sandbox.breaker_failures);
        checks.range("payments.sandbox.breaker_failures", failures, 1, 1_000_000, "calls");
        checks.range("payments.sandbox.breaker_rest_ms", sandbox.breaker_rest_ms, 10, 600_000, "milliseconds");
        checks.range("payments.sandbox.webhook_delay_ms", sandbox.webhook_delay_ms, 0, 600_000, "milliseconds");
    }
}
