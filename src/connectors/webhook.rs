//! The port of webhooks: a payment provider's events, verified and parsed.
//!
//! A verifier gets all headers, since some providers use several for a signature, and may call its provider to verify.
//! Deliberately absent: the route and the command that an event becomes (`shop::payment::webhook`).

use axum::http::HeaderMap;
use futures::future::BoxFuture;

use crate::domain::{ids::PaymentId, payment::ProviderEvent, time::Timestamp};

#[derive(Clone, Debug, PartialEq)]
pub struct WebhookEvent {
    /// The provider's id of the event: a second delivery carries the same id.
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
    /// The provider could not confirm the event now, and repeats it later.
    #[error("the event cannot be verified now: {0}")]
    Unverifiable(String),
}

pub trait WebhookVerifier: Send + Sync + 'static {
    /// The provider's name in the URL: `sandbox`.
    fn name(&self) -> &str;
    /// Verifies the raw `body` (a signature in constant time) before reading it. `None`: a genuine event that is not
    /// for the shop, e.g. of an unused kind.
    fn verify<'a>(
        &'a self,
        headers: &'a HeaderMap,
        body: &'a [u8],
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<WebhookEvent>, WebhookRefusal>>;
}
