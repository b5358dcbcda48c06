//! `[payments]`: the providers. Today the sandbox, which acts like a real one; real ones come beside it.

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
    /// Whether `provider: "sandbox"` is taken. Turn it off in a real shop. Default true.
    pub enabled: bool,
    /// Milliseconds that `tok_slow` takes to be authorised. Default 3,000.
    pub slow_ms: u64,
    /// Milliseconds until a call to the sandbox is given up and repeated (`tok_timeout`'s first). Default 5,000.
    pub timeout_ms: u64,
    /// Milliseconds until a webhook follows what it tells of. Default 200.
    pub webhook_delay_ms: u64,
    /// Whether each webhook comes twice, as real providers' sometimes do. Default false.
    pub duplicate_webhooks: bool,
    /// Whether webhooks' delays vary up to four times `webhook_delay_ms`, so that they overtake each other. Default false.
    pub shuffle_webhooks: bool,
}

impl Default for Sandbox {
    fn default() -> Self {
        Self {
            enabled: true,
            slow_ms: 3_000,
            timeout_ms: 5_000,
            webhook_delay_ms: 200,
            duplicate_webhooks: false,
            shuffle_webhooks: false,
        }
    }
}

impl Payments {
    pub(super) fn check(&self, checks: &mut Checks) {
        let sandbox = &self.sandbox;
        checks.range("payments.sandbox.slow_ms", sandbox.slow_ms, 0, 600_000, "milliseconds");
        checks.range("payments.sandbox.timeout_ms", sandbox.timeout_ms, 10, 600_000, "milliseconds");
        checks.range("payments.sandbox.webhook_delay_ms", sandbox.webhook_delay_ms, 0, 600_000, "milliseconds");
    }
}
