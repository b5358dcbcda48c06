//! The sandbox's webhooks over a real loopback connection: signed, delivered, repeated until taken; and its page.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    routing::post,
};
use http_body_util::{BodyExt, Empty};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use souk::{
    actors::ports::Clock,
    app::SystemClock,
    config::Sandbox,
    connectors::{
        payment::PaymentProvider,
        sandbox::{HttpOutbox, SandboxProvider, SandboxWebhooks, ledger, page},
        signature::WebhookKey,
        webhook::{WebhookEvent, WebhookVerifier},
    },
    domain::{
        ids::{OrderId, PaymentId},
        payment::{ProviderCall, ProviderEvent, ProviderOperation},
    },
    testing::eur,
};
use tokio::sync::Notify;
use uuid::Uuid;

/// A shop that refuses the first deliveries and then takes what verifies.
struct Shop {
    verifier: SandboxWebhooks,
    refusals_left: Mutex<u32>,
    taken: Mutex<Vec<WebhookEvent>>,
    changed: Notify,
}

async fn receive(
    State(shop): State<Arc<Shop>>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    assert_eq!(provider, "sandbox");
    {
        let mut left = shop.refusals_left.lock().unwrap();
        if *left > 0 {
            *left -= 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
    }
    let verified = shop.verifier.verify(&headers, &body, SystemClock.now()).await;
    let Ok(Some(news)) = verified else { return StatusCode::BAD_REQUEST };
    shop.taken.lock().unwrap().push(news);
    shop.changed.notify_one();
    StatusCode::OK
}

async fn start(refusals: u32, settings: Sandbox) -> (String, Arc<Shop>, SandboxProvider) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let key = WebhookKey::new([4; 32]);
    let shop = Arc::new(Shop {
        verifier: SandboxWebhooks::new(key.clone()),
        refusals_left: Mutex::new(refusals),
        taken: Mutex::default(),
        changed: Notify::new(),
    });
    let outbox = HttpOutbox::start(&base, key, Arc::new(SystemClock)).unwrap();
    let sandbox = SandboxProvider::new(settings, &base, Arc::new(outbox), Arc::new(SystemClock));
    let app = Router::new()
        .route("/api/payments/webhooks/{provider}", post(receive))
        .with_state(shop.clone())
        .merge(page::routes(sandbox.clone()));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (base, shop, sandbox)
}

async fn taken(shop: &Shop, count: usize) -> Vec<WebhookEvent> {
    let wait = async {
        loop {
            let taken = shop.taken.lock().unwrap().clone();
            if taken.len() >= count {
                return taken;
            }
            shop.changed.notified().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("the webhooks come")
}

const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(5));

async fn pay(sandbox: &SandboxProvider, token: &str) -> ProviderEvent {
    let operation =
        ProviderOperation::Authorize { order: OrderId::default(), amount: eur(1999), token: token.to_owned() };
    sandbox.call(ProviderCall { payment: PAYMENT, operation }).await.unwrap()
}

async fn fetch(method: &str, url: String) -> (StatusCode, String) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let request = hyper::Request::builder().method(method).uri(url).body(Empty::new()).unwrap();
    let response = client.request(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_refused_webhook_comes_again_and_a_duplicate_has_the_same_id() {
    let settings = Sandbox { webhook_delay_ms: 5, duplicate_webhooks: true, ..Default::default() };
    let (_, shop, sandbox) = start(3, settings).await;
    assert!(matches!(pay(&sandbox, "tok_ok").await, ProviderEvent::Authorized { .. }));
    let news = taken(&shop, 2).await;
    assert_eq!(*shop.refusals_left.lock().unwrap(), 0);
    assert_eq!(news[0], news[1]);
    let reference = ledger::reference(PAYMENT);
    assert_eq!((news[0].payment, &news[0].news), (PAYMENT, &ProviderEvent::Authorized { reference }));
}

#[tokio::test]
async fn the_customer_approves_on_the_page_behind_continue_url() {
    let (base, shop, sandbox) = start(0, Sandbox { webhook_delay_ms: 5, ..Default::default() }).await;
    let ProviderEvent::RequiresAction { continue_url, .. } = pay(&sandbox, "tok_requires_action").await else {
        panic!("an action is required")
    };
    let (status, html) = fetch("GET", continue_url.clone()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(html.contains("19.99 EUR"), "{html}");
    for action in ["approve", "decline"] {
        let path = continue_url.strip_prefix(&base).unwrap();
        assert!(html.contains(&format!(r#"method="post" action="{path}/{action}""#)), "{html}");
    }
    assert_eq!(fetch("POST", format!("{continue_url}/maybe")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(fetch("GET", format!("{base}/sandbox/continue/%3Cscript%3E")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(fetch("POST", format!("{continue_url}/approve")).await.0, StatusCode::OK);
    assert_eq!(fetch("POST", format!("{continue_url}/decline")).await.0, StatusCode::CONFLICT);
    let news: Vec<_> = taken(&shop, 2).await.into_iter().map(|taken| taken.news).collect();
    assert!(news.contains(&ProviderEvent::Authorized { reference: ledger::reference(PAYMENT) }), "{news:?}");
}
