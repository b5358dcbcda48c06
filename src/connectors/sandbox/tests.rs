//! The sandbox under paused time: each token's course, and the time of its webhooks.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use uuid::Uuid;

use super::{event::EventType, *};
use crate::{
    config::Sandbox,
    domain::ids::OrderId,
    testing::{FixedClock, eur},
};

#[derive(Default)]
struct Posted {
    events: Mutex<Vec<(SandboxEvent, u128)>>,
    full: AtomicBool,
}

impl Outbox for Posted {
    fn post(&self, event: SandboxEvent, after: Duration) -> Result<(), OutboxFull> {
        if self.full.load(Relaxed) {
            return Err(OutboxFull);
        }
        self.events.lock().unwrap().push((event, after.as_millis()));
        Ok(())
    }
}

impl Posted {
    fn seen(&self) -> Vec<(EventType, u128)> {
        self.events.lock().unwrap().iter().map(|(event, after)| (event.kind, *after)).collect()
    }
}

fn needed() -> SandboxSettings {
    SandboxSettings { webhooks: WebhookChoice::Needed, ..Sandbox::default().into() }
}

fn sandbox(settings: impl Into<SandboxSettings>) -> (Arc<Posted>, SandboxProvider) {
    let posted = Arc::new(Posted::default());
    (posted.clone(), SandboxProvider::new(settings, "http://shop/", posted, Arc::new(FixedClock::default())))
}

const PAYMENT: PaymentId = PaymentId(Uuid::from_u128(5));

async fn pay(sandbox: &SandboxProvider, token: &str) -> Result<ProviderEvent, ConnectorFault> {
    let operation =
        ProviderOperation::Authorize { order: OrderId::default(), amount: eur(1999), token: token.to_owned() };
    sandbox.call(ProviderCall { payment: PAYMENT, operation }).await
}

async fn operate(sandbox: &SandboxProvider, operation: ProviderOperation) -> ProviderEvent {
    sandbox.call(ProviderCall { payment: PAYMENT, operation }).await.unwrap()
}

fn authorized() -> ProviderEvent {
    ProviderEvent::Authorized { reference: ledger::reference(PAYMENT) }
}

#[tokio::test(start_paused = true)]
async fn ok_declined_and_unknown_tokens_are_answered_at_once() {
    let started = Instant::now();
    let (posted, gateway) = sandbox(Sandbox::default());
    assert_eq!(pay(&gateway, "tok_ok").await.unwrap(), authorized());
    assert_eq!(pay(&gateway, "tok_ok").await.unwrap(), authorized());
    assert_eq!(posted.seen(), [(EventType::Authorized, 200)], "a repeated call sends nothing");
    for (token, code) in [("tok_declined", "card_declined"), ("tok_other", "invalid_token")] {
        let (_, gateway) = sandbox(Sandbox::default());
        assert_eq!(pay(&gateway, token).await.unwrap(), ProviderEvent::Declined { code: code.to_owned() });
        assert_eq!(gateway.ledger().totals().authorized, 0);
    }
    assert_eq!(started.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_timed_out_charge_was_made_and_a_repeated_call_and_a_late_webhook_say_so() {
    let (posted, gateway) = sandbox(needed());
    let impatient = tokio::time::timeout(Duration::from_secs(1), pay(&gateway, "tok_timeout"));
    assert!(impatient.await.is_err(), "no answer");
    assert_eq!(gateway.ledger().totals().authorized, 1999);
    assert_eq!(pay(&gateway, "tok_timeout").await.unwrap(), authorized());
    assert_eq!(posted.seen(), [(EventType::Authorized, 5_200)]);
    let (_, gateway) = sandbox(Sandbox::default());
    assert!(matches!(pay(&gateway, "tok_timeout").await, Err(ConnectorFault::TimedOut)), "to a patient caller");
}

#[tokio::test(start_paused = true)]
async fn a_slow_charge_is_answered_after_its_time_to_a_repeated_call_too() {
    let (_, gateway) = sandbox(Sandbox { slow_ms: 700, ..Default::default() });
    let started = Instant::now();
    let (first, second) = tokio::join!(pay(&gateway, "tok_slow"), async {
        sleep(Duration::from_millis(300)).await;
        pay(&gateway, "tok_slow").await
    });
    assert_eq!((first.unwrap(), second.unwrap()), (authorized(), authorized()));
    assert_eq!(started.elapsed().as_millis(), 700);
    assert_eq!(gateway.ledger().totals().charges, 1);
}

#[tokio::test(start_paused = true)]
async fn a_required_action_waits_for_the_customer() {
    let (posted, gateway) = sandbox(needed());
    let reference = ledger::reference(PAYMENT);
    let continue_url = format!("http://shop/sandbox/continue/{reference}");
    let asked = ProviderEvent::RequiresAction { reference: reference.clone(), continue_url };
    assert_eq!(pay(&gateway, "tok_requires_action").await.unwrap(), asked);
    let capture = ProviderOperation::Capture { reference, amount: eur(1999) };
    let early = operate(&gateway, capture.clone()).await;
    assert_eq!(early, ProviderEvent::CaptureFailed { code: "not_authorized".to_owned() });
    posted.full.store(true, Relaxed);
    assert_eq!(gateway.customer_says(PAYMENT, Verdict::Approve), Err(CustomerError::Full(OutboxFull)));
    assert_eq!(gateway.ledger().totals().authorized, 0, "what the shop cannot hear of has not happened");
    posted.full.store(false, Relaxed);
    assert_eq!(gateway.customer_says(PAYMENT, Verdict::Approve), Ok(ledger::Status::Authorized));
    assert_eq!(gateway.customer_says(PAYMENT, Verdict::Approve), Ok(ledger::Status::Authorized));
    assert_eq!(posted.seen(), [(EventType::Authorized, 200); 2], "told again when asked again");
    assert!(gateway.customer_says(PAYMENT, Verdict::Decline).is_err());
    assert_eq!(operate(&gateway, capture).await, ProviderEvent::Captured);
}

#[tokio::test(start_paused = true)]
async fn a_voided_charge_cannot_be_approved_and_a_declined_one_stays_declined() {
    let (_, gateway) = sandbox(Sandbox::default());
    pay(&gateway, "tok_requires_action").await.unwrap();
    let reference = ledger::reference(PAYMENT);
    assert_eq!(operate(&gateway, ProviderOperation::Void { reference }).await, ProviderEvent::Voided);
    let late = gateway.customer_says(PAYMENT, Verdict::Approve);
    assert_eq!(late, Err(CustomerError::Settled { status: "voided" }));
    let (posted, gateway) = sandbox(needed());
    pay(&gateway, "tok_requires_action").await.unwrap();
    gateway.customer_says(PAYMENT, Verdict::Decline).unwrap();
    assert_eq!(posted.seen(), [(EventType::Declined, 200)]);
    assert!(gateway.customer_says(PAYMENT, Verdict::Approve).is_err());
}

#[tokio::test(start_paused = true)]
async fn webhooks_come_twice_and_out_of_order_by_seed() {
    let run = async |seed| {
        let config = Sandbox { duplicate_webhooks: true, shuffle_webhooks: true, ..Sandbox::default() };
        let settings = SandboxSettings { seed, ..config.into() };
        let (posted, gateway) = sandbox(settings);
        pay(&gateway, "tok_ok").await.unwrap();
        let amount = eur(1999);
        operate(&gateway, ProviderOperation::Capture { reference: ledger::reference(PAYMENT), amount }).await;
        let events = posted.events.lock().unwrap().clone();
        assert_eq!(events.len(), 4);
        assert_eq!(events[0].0.id, events[1].0.id, "a duplicate carries the id of the first");
        assert!(events.iter().all(|(_, after)| *after <= 800));
        posted.seen()
    };
    assert_eq!(run(1).await, run(1).await);
    let mut overtaken = 0;
    for seed in 0..32 {
        let seen = run(seed).await;
        overtaken += u32::from(seen[2].1.min(seen[3].1) < seen[0].1.min(seen[1].1));
    }
    assert!((4..28).contains(&overtaken), "captures heard of before their authorisation: {overtaken} of 32");
}
