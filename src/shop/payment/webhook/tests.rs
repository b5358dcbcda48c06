//! The webhook's door: one event is one command, nothing unsigned passes, and which answers make a provider
//! come again. The payments themselves are a recorder here.

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
    actors::ports::{ProviderWebhooks, WebhookEvent, WebhookRefusal},
    domain::{
        ids::{CommandId, PaymentId},
        payment::ProviderEvent,
        time::Timestamp,
    },
    identity::testing::FakeClock,
};

/// A provider whose signature is the word `right`, and whose body is the event's id.
struct Simple;

impl ProviderWebhooks for Simple {
    fn provider(&self) -> &str {
        "simple"
    }
    fn signature_header(&self) -> &str {
        "simple-signature"
    }
    fn open(&self, signature: Option<&str>, body: &[u8], _: Timestamp) -> Result<WebhookEvent, WebhookRefusal> {
        match signature {
            Some("right") => {
                let event = String::from_utf8_lossy(body).into_owned();
                Ok(WebhookEvent { event, payment: PaymentId(Uuid::from_u128(5)), news: ProviderEvent::Captured })
            }
            _ => Err(WebhookRefusal::BadSignature),
        }
    }
}

struct Desk {
    answer: Result<Told, PaymentsFault>,
    ids: Mutex<Vec<(CommandId, Arc<str>)>>,
}

impl Payments for Desk {
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

fn shop(answer: Result<Told, PaymentsFault>) -> (Arc<Desk>, Router) {
    let payments = Arc::new(Desk { answer, ids: Mutex::default() });
    let desk = WebhookDesk::new(vec![Arc::new(Simple)], payments.clone(), Arc::new(FakeClock::default()));
    let (router, _) = routes::<WebhookDesk>().split_for_parts();
    (payments, router.with_state(desk))
}

async fn send(app: &mut Router, provider: &str, signature: &str, body: &str) -> (StatusCode, serde_json::Value) {
    let request = Request::post(format!("/api/payments/webhooks/{provider}"))
        .header("simple-signature", signature)
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
