//! What a payment provider sends by itself, as the API receives it: a signed body that becomes news of one payment.

use crate::domain::{ids::PaymentId, payment::ProviderEvent, time::Timestamp};

#[derive(Clone, Debug, PartialEq)]
pub struct WebhookEvent {
    /// The provider's id of the event: a second delivery carries the same.
    pub event: String,
    pub payment: PaymentId,
    pub news: ProviderEvent,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    #[error("the signature is missing or not the provider's")]
    BadSignature,
    #[error("the signature is {age_s} s old, at most {max_s} are accepted")]
    TooOld { age_s: i64, max_s: i64 },
    #[error("the event cannot be read: {0}")]
    Malformed(String),
}

pub trait ProviderWebhooks: Send + Sync + 'static {
    /// The provider's name in the URL: `sandbox`.
    fn provider(&self) -> &str;
    /// The request header that carries the signature, in lower case.
    fn signature_header(&self) -> &str;
    /// Verifies the signature over the raw `body` (in constant time) before reading it.
    fn open(&self, signature: Option<&str>, body: &[u8], now: Timestamp) -> Result<WebhookEvent, WebhookRefusal>;
}
