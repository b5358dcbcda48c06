//! Receives webhooks: the providers' verifiers, and the payments that are notified.

use std::{sync::Arc, time::Duration};

use axum::http::HeaderMap;
use futures::future::BoxFuture;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    actors::{
        gateway::{AskError, Call, Gateway},
        ports::Clock,
    },
    connectors::{
        payment::warn_of_refusal,
        webhook::{WebhookEvent, WebhookRefusal, WebhookVerifier},
    },
    domain::{
        ids::{CommandId, PaymentId},
        payment::{Payment, PaymentCommand, PaymentRejection, ProviderEvent},
    },
};

use super::WebhookProblem;

/// How long a verifier may wait for its provider; then the response is 503 and the provider repeats the webhook.
const VERIFIED_WITHIN: Duration = Duration::from_secs(4);
/// How long a webhook waits for its payment. Providers time out after 5 to 30 s and repeat the webhook.
const WITHIN: Duration = Duration::from_secs(4);
/// Name space of the command ids that webhooks' events become (UUIDv5).
const EVENTS: Uuid = Uuid::from_u128(0x2e8b_90d4_77c3_4c5e_8f61_b52a_19d0_63f7);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    Taken,
    Ignored,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the payment cannot be told now: {reason}")]
pub struct PaymentsFault {
    pub retry_after_ms: u64,
    pub reason: String,
}

/// The payments' port for webhooks, so that the route is tested without the runtime.
pub trait Payments: Send + Sync + 'static {
    fn tell(
        &self,
        payment: PaymentId,
        news: ProviderEvent,
        id: CommandId,
        by: Arc<str>,
    ) -> BoxFuture<'_, Result<Told, PaymentsFault>>;
}

#[derive(Clone)]
pub struct WebhookReceiver(Arc<Inner>);

struct Inner {
    verifiers: Vec<Arc<dyn WebhookVerifier>>,
    payments: Arc<dyn Payments>,
    clock: Arc<dyn Clock>,
}

impl WebhookReceiver {
    pub fn new(verifiers: Vec<Arc<dyn WebhookVerifier>>, payments: Arc<dyn Payments>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner { verifiers, payments, clock }))
    }

    pub async fn receive(&self, provider: &str, headers: &HeaderMap, body: &[u8]) -> Result<Told, WebhookProblem> {
        let known = self.0.verifiers.iter().find(|known| known.name() == provider);
        let verifier = known.ok_or(WebhookProblem::UnknownProvider)?;
        let verified = timeout(VERIFIED_WITHIN, verifier.verify(headers, body, self.0.clock.now())).await;
        let verified = verified.unwrap_or_else(|_| Err(WebhookRefusal::Unverifiable("not within the time".to_owned())));
        let outcome = match &verified {
            Ok(Some(_)) => "verified",
            Ok(None) => "not_for_us",
            Err(_) => "refused",
        };
        metrics::counter!("souk_payment_webhooks_total", "provider" => verifier.name().to_owned(), "outcome" => outcome)
            .increment(1);
        let Some(WebhookEvent { event, payment, news }) = verified? else { return Ok(Told::Ignored) };
        warn_of_refusal(provider, payment, &news);
        let id = CommandId::derive(EVENTS, &format!("{provider}/{event}"));
        Ok(self.0.payments.tell(payment, news, id, format!("provider:{provider}").into()).await?)
    }
}

impl Payments for Gateway {
    fn tell(
        &self,
        payment: PaymentId,
        news: ProviderEvent,
        id: CommandId,
        by: Arc<str>,
    ) -> BoxFuture<'_, Result<Told, PaymentsFault>> {
        let call = Call { command_id: id, by, expected_version: None, fingerprint: None, within: WITHIN };
        Box::pin(async move {
            let answer = self.ask::<Payment>(&payment.to_string(), PaymentCommand::Provider(news), call).await;
            answer.map_or_else(|error| told(payment, error), |_| Ok(Told::Taken))
        })
    }
}

fn told(payment: PaymentId, error: AskError<PaymentRejection>) -> Result<Told, PaymentsFault> {
    let reason = error.to_string();
    match error {
        // Final: the payment would refuse a repetition too.
        AskError::Refused(_) | AskError::Quarantined | AskError::IdConflict | AskError::TooLarge { .. } => {
            tracing::warn!(%payment, reason, "a webhook is of no use to its payment");
            Ok(Told::Ignored)
        }
        AskError::Busy { retry_after_ms }
        | AskError::Unavailable { retry_after_ms, .. }
        | AskError::NoRoom { retry_after_ms, .. } => Err(PaymentsFault { retry_after_ms, reason }),
        AskError::TimedOut | AskError::VersionConflict { .. } => Err(PaymentsFault { retry_after_ms: 1000, reason }),
    }
}
