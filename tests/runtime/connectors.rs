//! Calls to the outside world: a missing connector loses nothing, a slow one delays only its own callers.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::future::BoxFuture;
use souk::{
    actors::{
        gateway::Gateway,
        ports::{ConnectorEntry, ConnectorFault},
        settings::ConnectorSettings,
    },
    connectors::payment::{PaymentConnector, PaymentProvider},
    domain::{
        ids::{OrderId, PaymentId, UserId},
        money::{Currency, Money},
        order::PaymentStatus,
        payment::{Payment, PaymentCommand, PaymentView, ProviderCall, ProviderEvent},
    },
};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::stage::{Stage, WITHIN, call, eventually, receive};

/// Authorises everything after `takes`.
struct Provider {
    name: &'static str,
    takes: Duration,
    calls: Arc<AtomicUsize>,
}

impl PaymentProvider for Provider {
    fn name(&self) -> &str {
        self.name
    }

    fn call(&self, call: ProviderCall) -> BoxFuture<'_, Result<ProviderEvent, ConnectorFault>> {
        Box::pin(async move {
            self.calls.fetch_add(1, Relaxed);
            sleep(self.takes).await;
            Ok(ProviderEvent::Authorized { reference: call.payment.to_string() })
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn provider(name: &'static str, takes: Duration) -> (ConnectorEntry, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let connector = PaymentConnector::new(Arc::new(Provider { name, takes, calls: calls.clone() }));
    let settings = ConnectorSettings { in_flight_max: 2, timeout: takes * 2, ..ConnectorSettings::default() };
    (ConnectorEntry { connector: Arc::new(connector), settings }, calls)
}

fn payment(n: u128) -> PaymentId {
    PaymentId(Uuid::from_u128(n))
}

async fn open(gateway: &Gateway, n: u128, provider: &str) {
    let (order, user) = (OrderId(Uuid::from_u128(n)), UserId::default());
    let (amount, provider) = (Money::new(100, Currency::EUR), provider.to_owned());
    let open = PaymentCommand::Open { payment: payment(n), order, user, amount, provider, token: "tok".to_owned() };
    gateway.ask::<Payment>(&payment(n).to_string(), open, call(n)).await.expect("opened");
}

async fn until_authorized(gateway: &Gateway, n: u128) -> PaymentView {
    let authorized = |view: &PaymentView| view.status == PaymentStatus::Authorized;
    gateway.wait::<Payment>(&payment(n).to_string(), WITHIN, authorized).await.expect("read").view
}

#[tokio::test(start_paused = true)]
async fn a_call_without_its_connector_stays_pending_until_a_start_that_has_it() {
    let mut stage = Stage::new();
    let life = stage.start().await;
    open(&life.gateway, 1, "test").await;
    assert_eq!(until_authorized(&life.gateway, 1).await.status, PaymentStatus::Pending);
    assert!(!life.gateway.connector_backed_up("test"));
    let begun = Instant::now();
    life.runtime.drain(Duration::from_secs(20)).await;
    assert!(begun.elapsed() < Duration::from_secs(1), "an end does not wait for it: {:?}", begun.elapsed());
    let (entry, calls) = provider("test", Duration::from_millis(10));
    stage.connectors.push(entry);
    let life = stage.start().await;
    assert_eq!(until_authorized(&life.gateway, 1).await.status, PaymentStatus::Authorized);
    assert_eq!(calls.load(Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_connector_keeps_to_its_budget_and_delays_neither_another_nor_the_shop() {
    let hour = Duration::from_secs(3_600);
    let ((slow, slow_calls), (fast, _)) = (provider("slow", hour), provider("fast", Duration::from_millis(10)));
    let mut stage = Stage::new();
    stage.settings.actors.effects_inflight_max = 2;
    stage.connectors = vec![slow, fast];
    let gateway = stage.start().await.gateway;
    open(&gateway, 1, "slow").await;
    assert!(!gateway.connector_backed_up("slow"));
    for n in 2..=5 {
        open(&gateway, n, "slow").await;
    }
    assert!(gateway.connector_backed_up("slow") && !gateway.connector_backed_up("fast"));
    let begun = Instant::now();
    open(&gateway, 6, "fast").await;
    assert_eq!(until_authorized(&gateway, 6).await.status, PaymentStatus::Authorized);
    receive(&gateway, "A", 7, 1).await.expect("the shop takes what the connector does not");
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(slow_calls.load(Relaxed), 2, "the others wait for their turn");
    sleep(hour).await;
    eventually("the next two have their turn", || slow_calls.load(Relaxed) == 4).await;
    assert_eq!(until_authorized(&gateway, 1).await.status, PaymentStatus::Authorized);
}
