//! The port of payment providers (Stripe, PayPal, the sandbox), and its adapter to the runtime's [`Connector`].
//!
//! A provider implements [`PaymentProvider`] with the port's own types; [`PaymentConnector`] carries calls to the
//! provider, and counts and logs refused money. Deliberately absent: time-out, budget and breaker, which the runtime's
//! registry has for every connector.

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::{
    actors::ports::{Connector, ConnectorFault},
    domain::{
        external::{AnyAnswer, AnyCall},
        ids::PaymentId,
        payment::{ProviderCall, ProviderEvent, ProviderOperation},
    },
};

pub trait PaymentProvider: Send + Sync + 'static {
    /// The provider's name in the API: `sandbox`.
    fn name(&self) -> &str;
    /// Idempotent by payment and operation: a repeated call returns the first answer.
    fn call(&self, call: ProviderCall) -> BoxFuture<'_, Result<ProviderEvent, ConnectorFault>>;
    /// Whether the provider itself is well: a cheap call of its API that concerns no payment.
    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>>;
}

/// A payment provider as a connector.
pub struct PaymentConnector(Arc<dyn PaymentProvider>);

impl PaymentConnector {
    pub fn new(provider: Arc<dyn PaymentProvider>) -> Self {
        // The counters are at 0 from the start: a counter that first appears at 1 has no increase to alert on.
        for operation in ["refund", "capture"] {
            refusals(provider.name(), operation).increment(0);
        }
        Self(provider)
    }
}

impl Connector for PaymentConnector {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn call(&self, call: AnyCall) -> BoxFuture<'_, Result<AnyAnswer, ConnectorFault>> {
        Box::pin(async move {
            let call = ProviderCall::try_from(call).map_err(|other| {
                ConnectorFault::Invalid(format!("{} is not a payment provider's port", other.port()))
            })?;
            let (payment, operation, begun) = (call.payment, operation_name(&call.operation), Instant::now());
            let answer = self.0.call(call).await;
            let outcome = if answer.is_ok() { "answered" } else { "fault" };
            let provider = self.0.name().to_owned();
            metrics::histogram!("souk_payment_call_seconds", "provider" => provider, "operation" => operation, "outcome" => outcome)
                .record(begun.elapsed());
            let event = answer?;
            warn_of_refusal(self.0.name(), payment, &event);
            Ok(event.into())
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        self.0.ping()
    }
}

fn operation_name(operation: &ProviderOperation) -> &'static str {
    match operation {
        ProviderOperation::Authorize { .. } => "authorize",
        ProviderOperation::Capture { .. } => "capture",
        ProviderOperation::Void { .. } => "void",
        ProviderOperation::Refund { .. } => "refund",
    }
}

/// Logs and counts a provider's refusal of a refund or a capture: the shop tries a few times and then stops, and only a
/// person can continue.
pub fn warn_of_refusal(provider: &str, payment: PaymentId, event: &ProviderEvent) {
    let (operation, code) = match event {
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

fn refusals(provider: &str, operation: &'static str) -> metrics::Counter {
    metrics::counter!("souk_payment_refused_total", "provider" => provider.to_owned(), "operation" => operation)
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    /// Always returns the same result.
    struct Says(&'static str, Result<ProviderEvent, ConnectorFault>);

    impl PaymentProvider for Says {
        fn name(&self) -> &str {
            self.0
        }

        fn call(&self, _: ProviderCall) -> BoxFuture<'_, Result<ProviderEvent, ConnectorFault>> {
            Box::pin(ready(self.1.clone()))
        }

        fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
            Box::pin(ready(Ok(())))
        }
    }

    fn call(name: &'static str, says: Result<ProviderEvent, ConnectorFault>) -> Result<AnyAnswer, ConnectorFault> {
        let operation = ProviderOperation::Void { reference: "r".to_owned() };
        let call = ProviderCall { payment: PaymentId::default(), operation };
        let connector = PaymentConnector::new(Arc::new(Says(name, says)));
        assert_eq!(connector.name(), name);
        futures::executor::block_on(connector.call(call.into()))
    }

    #[test]
    fn refused_money_is_counted_and_a_decline_is_not() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let code = || "x".to_owned();
        metrics::with_local_recorder(&recorder, || {
            for event in [
                ProviderEvent::RefundFailed { refund: Default::default(), code: code() },
                ProviderEvent::RefundFailed { refund: Default::default(), code: code() },
                ProviderEvent::CaptureFailed { code: code() },
                ProviderEvent::Declined { code: code() },
            ] {
                assert_eq!(call("test", Ok(event.clone())), Ok(AnyAnswer::Payment(event)));
            }
            assert_eq!(call("other", Err(ConnectorFault::TimedOut)), Err(ConnectorFault::TimedOut));
        });
        let told = recorder.handle().render();
        let line = |provider: &str, operation: &str, n: u32| {
            format!("souk_payment_refused_total{{provider=\"{provider}\",operation=\"{operation}\"}} {n}\n")
        };
        assert!(told.contains(&line("test", "refund", 2)) && told.contains(&line("test", "capture", 1)), "{told}");
        assert!(told.contains(&line("other", "refund", 0)) && told.contains(&line("other", "capture", 0)), "{told}");
        assert!(told.contains("souk_payment_call_seconds"), "{told}");
    }
}
