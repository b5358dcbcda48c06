//! A payment provider (Stripe, PayPal, the sandbox), as the runtime calls it.

use futures::future::BoxFuture;

use crate::domain::{effect::ProviderCall, payment::ProviderNews};

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
    fn call(&self, call: ProviderCall) -> BoxFuture<'_, Result<ProviderNews, ProviderFault>>;
}
