//! A webhook's body, and its conversion back to a payment's event.
//!
//! An event's id is a function of what happened, so that a second delivery, and even the same event after the sandbox's
//! restart, is a duplicate.

use std::future::ready;

use axum::http::HeaderMap;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    connectors::{
        signature::{self, WebhookKey},
        webhook::{WebhookEvent, WebhookRefusal, WebhookVerifier},
    },
    domain::{
        ids::{PaymentId, RefundId},
        payment::ProviderEvent,
        time::Timestamp,
    },
    strict,
};

use super::ledger;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventType {
    #[serde(rename = "payment.authorized")]
    Authorized,
    #[serde(rename = "payment.requires_action")]
    RequiresAction,
    #[serde(rename = "payment.declined")]
    Declined,
    #[serde(rename = "payment.captured")]
    Captured,
    #[serde(rename = "payment.voided")]
    Voided,
    #[serde(rename = "payment.refunded")]
    Refunded,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SandboxEvent {
    /// `evt_<uuid>`.
    pub id: String,
    #[serde(rename = "type")]
    pub kind: EventType,
    /// Seconds since the Unix epoch.
    pub created: i64,
    pub payment: PaymentId,
    pub reference: String,
    /// Of a decline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund: Option<RefundId>,
    /// Where the customer goes on, of a required action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continue_url: Option<String>,
}

impl SandboxEvent {
    /// `None`: failed refunds and captures have no webhook; the call's answer carries them.
    pub fn of(payment: PaymentId, news: &ProviderEvent, now: Timestamp) -> Option<Self> {
        let (mut code, mut refund, mut continue_url) = (None, None, None);
        let kind = match news {
            ProviderEvent::Authorized { .. } => EventType::Authorized,
            ProviderEvent::RequiresAction { continue_url: url, .. } => {
                continue_url = Some(url.clone());
                EventType::RequiresAction
            }
            ProviderEvent::Declined { code: why } => {
                code = Some(why.clone());
                EventType::Declined
            }
            ProviderEvent::Captured => EventType::Captured,
            ProviderEvent::Voided => EventType::Voided,
            ProviderEvent::Refunded { refund: id } => {
                refund = Some(*id);
                EventType::Refunded
            }
            ProviderEvent::RefundFailed { .. } | ProviderEvent::CaptureFailed { .. } => return None,
        };
        let what = format!("{kind:?}/{}", refund.map(|id| id.to_string()).unwrap_or_default());
        let id = format!("evt_{}", Uuid::new_v5(&payment.0, what.as_bytes()).simple());
        let (created, reference) = (now.0.div_euclid(1000), ledger::reference(payment));
        Some(Self { id, kind, created, payment, reference, code, refund, continue_url })
    }

    fn news(self) -> Result<ProviderEvent, WebhookRefusal> {
        let missing = |field: &str| WebhookRefusal::Malformed(format!("{field} is missing"));
        let reference = self.reference;
        Ok(match self.kind {
            EventType::Authorized => ProviderEvent::Authorized { reference },
            EventType::RequiresAction => {
                let continue_url = self.continue_url.ok_or_else(|| missing("continue_url"))?;
                ProviderEvent::RequiresAction { reference, continue_url }
            }
            EventType::Declined => ProviderEvent::Declined { code: self.code.ok_or_else(|| missing("code"))? },
            EventType::Captured => ProviderEvent::Captured,
            EventType::Voided => ProviderEvent::Voided,
            EventType::Refunded => ProviderEvent::Refunded { refund: self.refund.ok_or_else(|| missing("refund"))? },
        })
    }
}

/// The receiving side, for the API's webhook route.
pub struct SandboxWebhooks {
    key: WebhookKey,
}

impl SandboxWebhooks {
    pub fn new(key: WebhookKey) -> Self {
        Self { key }
    }

    fn read(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<Option<WebhookEvent>, WebhookRefusal> {
        let signature = headers.get(signature::HEADER).and_then(|value| value.to_str().ok());
        self.key.verify(signature.ok_or(WebhookRefusal::BadSignature)?, body, now)?;
        let malformed = |error: serde_json::Error| WebhookRefusal::Malformed(error.to_string());
        let Head { kind } = strict::from_slice(body).map_err(malformed)?;
        if EventType::deserialize(kind).is_err() {
            // A newer kind of event, which this shop does not use: a repetition would not help.
            return Ok(None);
        }
        let event: SandboxEvent = strict::from_slice(body).map_err(malformed)?;
        let (id, payment) = (event.id.clone(), event.payment);
        Ok(Some(WebhookEvent { event: id, payment, news: event.news()? }))
    }
}

/// Read first, to decide whether the rest is for the shop.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: serde_json::Value,
}

impl WebhookVerifier for SandboxWebhooks {
    fn name(&self) -> &str {
        super::NAME
    }

    fn verify<'a>(
        &'a self,
        headers: &'a HeaderMap,
        body: &'a [u8],
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Option<WebhookEvent>, WebhookRefusal>> {
        Box::pin(ready(self.read(headers, body, now)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_000_000_000);

    fn with(signature: &str) -> HeaderMap {
        HeaderMap::from_iter([(axum::http::HeaderName::from_static(signature::HEADER), signature.parse().unwrap())])
    }

    fn signed(body: &[u8]) -> HeaderMap {
        with(&WebhookKey::new([1; 32]).sign(body, NOW))
    }

    #[test]
    fn what_is_sent_is_what_is_read() {
        let (payment, refund) = (PaymentId(Uuid::from_u128(5)), RefundId(Uuid::from_u128(6)));
        let reference = ledger::reference(payment);
        let hooks = SandboxWebhooks::new(WebhookKey::new([1; 32]));
        let all = [
            ProviderEvent::Authorized { reference: reference.clone() },
            ProviderEvent::RequiresAction { reference, continue_url: "http://x/y".to_owned() },
            ProviderEvent::Declined { code: "card_declined".to_owned() },
            ProviderEvent::Captured,
            ProviderEvent::Voided,
            ProviderEvent::Refunded { refund },
        ];
        let mut ids = std::collections::HashSet::new();
        for news in all {
            let event = SandboxEvent::of(payment, &news, NOW).unwrap();
            let body = serde_json::to_vec(&event).unwrap();
            let read = hooks.read(&signed(&body), &body, NOW).unwrap();
            assert_eq!(read, Some(WebhookEvent { event: event.id.clone(), payment, news }));
            assert!(ids.insert(event.id), "each event has its own id");
        }
    }

    #[test]
    fn nothing_is_read_before_the_signature_is_right() {
        let hooks = SandboxWebhooks::new(WebhookKey::new([1; 32]));
        let bad = Err(WebhookRefusal::BadSignature);
        assert_eq!(hooks.read(&HeaderMap::new(), b"not json", NOW), bad);
        assert_eq!(hooks.read(&with("t=1,v1=00"), b"not json", NOW), bad);
        let read = |body: &[u8]| hooks.read(&signed(body), body, NOW);
        assert!(matches!(read(b"not json"), Err(WebhookRefusal::Malformed(_))));
        let body = br#"{"id":"evt_1","type":"payment.refunded","created":1,"payment":"00000000-0000-0000-0000-000000000005","reference":"r"}"#;
        assert_eq!(read(body), Err(WebhookRefusal::Malformed("refund is missing".to_owned())));
    }

    #[test]
    fn a_signed_event_of_another_kind_is_not_for_us() {
        let hooks = SandboxWebhooks::new(WebhookKey::new([1; 32]));
        let body = br#"{"id":"evt_1","type":"payout.paid","created":1}"#;
        assert_eq!(hooks.read(&signed(body), body, NOW), Ok(None));
        assert_eq!(hooks.read(&with("t=1,v1=00"), body, NOW), Err(WebhookRefusal::BadSignature));
    }
}
