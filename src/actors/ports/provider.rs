//! A payment provider (Stripe, PayPal, the sandbox), as the runtime calls it.

use futures::future::BoxFuture;

use crate::domain::{effect::ProviderCall, ids::PaymentId, payment::ProviderEvent};

/// The provider did not say: the call is repeated with the same idempotency key until it does.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ProviderFault {
    #[error("the payment provider did not answer in time")]
    TimedOut,
    #[error("the payment provider is unavailable: {0}")]
    Unavailable(String),
}

pub trait PaymentGateway: Send + Sync + 'static {
    /// The provider's name in the API: `sandbox`.
    fn name(&self) -> &str;
    /// Idempotent by payment and operation: a repeated call answers as the first did.
    fn call(&self, call: ProviderCall) -> BoxFuture<'_, Result<ProviderEvent, ProviderFault>>;
}

/// Says aloud that a provider will not give money back, or not take what was authorised: the shop tries a few times and
/// then stops, and only a person can go on.
pub fn warn_of_refusal(provider: &str, payment: PaymentId, news: &ProviderEvent) {
    let (operation, code) = match news {
        ProviderEvent::RefundFailed { code, .. } => ("refund", code),
        ProviderEvent::CaptureFailed { code } => ("capture", code),
        // Declined is the shopper's own affair.
        ProviderEvent::RequiresAction { .. }
        | ProviderEvent::Authorized { .. }
        | ProviderEvent::Declined { .. }
        | ProviderEvent::Captured
        | ProviderEvent::Voided
        | ProviderEvent::Refunded { .. } => return,
    };
    tracing::warn!(%payment, provider, operation, code, "the payment provider refuses for good");
    refusals(provider, operation).increment(1);
}

/// The counters stand at 0 from the start: what first appears at 1 has no increase to alert on.
pub fn expect_refusals(provider: &str) {
    for operation in ["refund", "capture"] {
        refusals(provider, operation).increment(0);
    }
}

fn refusals(provider: &str, operation: &'static str) -> metrics::Counter {
    metrics::counter!("souk_payment_refused_total", "provider" => provider.to_owned(), "operation" => operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_money_is_counted_and_a_decline_is_not() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let code = || "x".to_owned();
        metrics::with_local_recorder(&recorder, || {
            expect_refusals("other");
            for news in [
                ProviderEvent::RefundFailed { refund: Default::default(), code: code() },
                ProviderEvent::RefundFailed { refund: Default::default(), code: code() },
                ProviderEvent::CaptureFailed { code: code() },
                ProviderEvent::Declined { code: code() },
                ProviderEvent::Captured,
            ] {
                warn_of_refusal("test", PaymentId::default(), &news);
            }
        });
        let told = recorder.handle().render();
        let line = |operation: &str, n: u32| {
            format!("souk_payment_refused_total{{provider=\"test\",operation=\"{operation}\"}} {n}\n")
        };
        assert!(told.contains(&line("refund", 2)) && told.contains(&line("capture", 1)), "{told}");
        assert_eq!(told.matches("provider=\"other\"").count(), 2, "{told}");
        assert_eq!(told.matches("souk_payment_refused_total{").count(), 4, "{told}");
    }
}
