//! The webhook receiver: one event is one command, nothing unsigned passes, and the responses after which a provider
//! repeats. The payments themselves are a recorder here.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode},
};
use futures::future::{BoxFuture, ready};
use http_body_util::BodyExt;
use tower::Service;
use uuid::Uuid;

use super::*;
use crate::{
    connectors::webhook::{WebhookEvent, WebhookRefusal, WebhookVerifier},
    domain::{
        ids::{CommandId, PaymentId},
        payment::ProviderEvent,
        time::Timestamp,
    },
    testing::FixedClock,
};

/// A provider that signs with two headers, whose body is the event's id; `payout` is not for the shop.
struct Simple;

impl Simple {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Option<WebhookEvent>, WebhookRefusal> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match (header("simple-signature"), header("simple-key"), body) {
            (Some("right"), Some("k1"), b"payout") => Ok(None),
            (Some("right"), Some("k1"), body) => {
                let event = String::from_utf8_lossy(body).into_owned();
                Ok(Some(WebhookEvent { event, payment: PaymentId(Uuid::from_u128(5)), news: ProviderEvent::Captured }))
            }
            (Some("silent"), ..) => Err(WebhookRefusal::Unverifiable("nobody there".to_owned())),
            _ => Err(WebhookRefusal::BadSignature),
        }
    }
}

impl WebhookVerifier for Simple {
    fn name(&self) -> &str {
        "simple"
    }

    fn verify<'a>(
        &'a self,
        headers: &'a HeaderMap,
        body: &'a [u8],
        _: Timestamp,
    ) -> BoxFuture<'a, Result<Option<WebhookEvent>, WebhookRefusal>> {
        Box::pin(async move {
            if body == b"endless" {
                std::future::pending::<()>().await;
            }
            Self::read(headers, body)
        })
    }
}

struct Recorder {
    answer: Result<Told, PaymentsFault>,
    ids: Mutex<Vec<(CommandId, Arc<str>)>>,
}

impl Payments for Recorder {
    fn tell(
        &self,
        _: PaymentId,
        _: ProviderEvent,
        id: CommandId,
        by: Arc<str>,
    ) -> BoxFuture<'_, Result<Told, PaymentsFault>> {
        self.ids.lock().unwrap().push((id, by));
        Box::pin(ready(self.answer.clone()))
    }
}

fn shop(answer: Result<Told, PaymentsFault>) -> (Arc<Recorder>, Router) {
    let payments = Arc::new(Recorder { answer, ids: Mutex::default() });
    let receiver = WebhookReceiver::new(vec![Arc::new(Simple)], payments.clone(), Arc::new(FixedClock::default()));
    let (router, _) = routes::<WebhookReceiver>().split_for_parts();
    (payments, router.with_state(receiver))
}

async fn send(app: &mut Router, provider: &str, signature: &str, body: &str) -> (StatusCode, serde_json::Value) {
    let request = Request::post(format!("/api/payments/webhooks/{provider}"))
        .header("simple-signature", signature)
        .header("simple-key", "k1")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = app.call(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn an_event_is_one_command_however_often_it_comes() {
    let (payments, mut app) = shop(Ok(Told::Taken));
    for event in ["evt_1", "evt_1", "evt_2"] {
        let (status, body) = send(&mut app, "simple", "right", event).await;
        assert_eq!((status, &body["received"], &body["ignored"]), (StatusCode::OK, &true.into(), &false.into()));
    }
    let ids = payments.ids.lock().unwrap();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0].0, ids[2].0);
    assert_eq!(&*ids[0].1, "provider:simple");
}

#[tokio::test]
async fn what_is_not_signed_reaches_no_payment() {
    let (payments, mut app) = shop(Ok(Told::Taken));
    let (status, body) = send(&mut app, "simple", "wrong", "evt_1").await;
    assert_eq!((status, &body["code"]), (StatusCode::BAD_REQUEST, &"bad_signature".into()));
    let (status, body) = send(&mut app, "other", "right", "evt_1").await;
    assert_eq!((status, &body["code"]), (StatusCode::NOT_FOUND, &"not_found".into()));
    let (status, _) = send(&mut app, "simple", "right", &"x".repeat(BODY_BYTES_MAX + 1)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(payments.ids.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_provider_comes_again_only_where_that_helps() {
    let (_, mut app) = shop(Ok(Told::Ignored));
    let (status, body) = send(&mut app, "simple", "right", "evt_1").await;
    assert_eq!((status, &body["ignored"]), (StatusCode::OK, &true.into()));
    let (_, mut app) = shop(Err(PaymentsFault { retry_after_ms: 1500, reason: "busy".to_owned() }));
    let (status, body) = send(&mut app, "simple", "right", "evt_1").await;
    assert_eq!((status, &body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"unavailable".into()));
}

#[tokio::test]
async fn an_event_that_is_not_for_us_is_taken_and_reaches_no_payment() {
    let (payments, mut app) = shop(Ok(Told::Taken));
    let (status, body) = send(&mut app, "simple", "right", "payout").await;
    assert_eq!((status, &body["received"], &body["ignored"]), (StatusCode::OK, &true.into(), &true.into()));
    assert!(payments.ids.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_be_verified_now_comes_again() {
    let (payments, mut app) = shop(Ok(Told::Taken));
    for (signature, event) in [("silent", "evt_1"), ("right", "endless")] {
        let (status, body) = send(&mut app, "simple", signature, event).await;
        assert_eq!((status, &body["code"]), (StatusCode::SERVICE_UNAVAILABLE, &"unavailable".into()));
    }
    assert!(payments.ids.lock().unwrap().is_empty());
}
