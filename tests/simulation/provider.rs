//! The payment provider: its books survive every crash of the shop, its answers do not always arrive.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use souk::{
    actors::{
        gateway::{AskError, Call},
        ports::{ConnectorEntry, ConnectorFault},
        settings::ConnectorSettings,
    },
    connectors::payment::{PaymentConnector, PaymentProvider},
    domain::{
        ids::{CommandId, OrderId, PaymentId},
        payment::{Payment, PaymentCommand, ProviderCall, ProviderEvent, ProviderOperation},
    },
};
use tokio::time::sleep;

use crate::{door::Door, faults::Weather, rng::Rng};

/// The provider's record of one payment.
#[derive(Clone, Debug, Default)]
pub struct Account {
    pub order: Option<OrderId>,
    pub authorised: i64,
    pub captured: i64,
    pub voided: bool,
    pub refunded: i64,
    /// Idempotency: the first answer to each operation.
    answers: BTreeMap<String, ProviderEvent>,
}

/// Survives crashes: the provider's operations, and the webhooks that the shop has not acknowledged yet.
#[derive(Clone, Default)]
pub struct Books {
    pub accounts: Arc<Mutex<BTreeMap<PaymentId, Account>>>,
    pub webhooks: Arc<Mutex<Vec<(PaymentId, ProviderEvent)>>>,
}

pub struct Provider {
    pub books: Books,
    pub rng: Rng,
    pub weather: Weather,
}

impl Provider {
    /// As the shop registers it. The budget is small, so that calls wait their turn here, too.
    pub fn registered(self) -> ConnectorEntry {
        let connector = Arc::new(PaymentConnector::new(Arc::new(self)));
        ConnectorEntry { connector, settings: ConnectorSettings { in_flight_max: 4, ..ConnectorSettings::default() } }
    }

    /// The provider's operation: executed once, regardless of its answer's fate.
    fn perform(&self, call: &ProviderCall) -> ProviderEvent {
        let mut books = self.books.accounts.lock().unwrap();
        let account = books.entry(call.payment).or_default();
        let name = match &call.operation {
            ProviderOperation::Authorize { .. } => "authorize".to_owned(),
            ProviderOperation::Capture { .. } => "capture".to_owned(),
            ProviderOperation::Void { .. } => "void".to_owned(),
            ProviderOperation::Refund { refund, .. } => format!("refund {refund}"),
        };
        if let Some(answer) = account.answers.get(&name) {
            return answer.clone();
        }
        let answer = match &call.operation {
            ProviderOperation::Authorize { order, amount, token } => {
                account.order = Some(*order);
                match token.as_str() {
                    "tok_declined" => ProviderEvent::Declined { code: "card_declined".into() },
                    token => {
                        account.authorised = amount.amount;
                        let reference = format!("ref-{}", call.payment);
                        if token == "tok_requires_action" {
                            // The customer answers the challenge; the success comes by webhook.
                            let done = ProviderEvent::Authorized { reference: reference.clone() };
                            self.webhook(call.payment, &done);
                            ProviderEvent::RequiresAction { reference, continue_url: "/continue".into() }
                        } else {
                            ProviderEvent::Authorized { reference }
                        }
                    }
                }
            }
            ProviderOperation::Capture { amount, .. } => {
                assert!(!account.voided, "a voided payment is captured");
                account.captured += amount.amount;
                assert!(account.captured <= account.authorised, "more captured than authorised");
                ProviderEvent::Captured
            }
            ProviderOperation::Void { .. } => {
                assert_eq!(account.captured, 0, "a captured payment is voided");
                account.voided = true;
                ProviderEvent::Voided
            }
            ProviderOperation::Refund { amount, refund, .. } => {
                account.refunded += amount.amount;
                assert!(account.refunded <= account.captured, "more refunded than captured");
                ProviderEvent::Refunded { refund: *refund }
            }
        };
        account.answers.insert(name, answer.clone());
        answer
    }

    /// Once or twice; the pump takes them in any order.
    fn webhook(&self, payment: PaymentId, news: &ProviderEvent) {
        for _ in 0..=self.rng.below(2) {
            self.books.webhooks.lock().unwrap().push((payment, news.clone()));
        }
    }
}

/// Delivers webhooks until the shop acknowledges each, as real providers do: late and out of order.
pub async fn pump(books: Books, door: Door, rng: Rng) {
    loop {
        sleep(rng.millis(4_000)).await;
        let picked = {
            let waiting = books.webhooks.lock().unwrap();
            (!waiting.is_empty()).then(|| waiting[rng.below(waiting.len() as u64) as usize].clone())
        };
        let Some((payment, news)) = picked else { continue };
        let call = Call {
            command_id: CommandId(rng.uuid()),
            by: "webhook".into(),
            expected_version: None,
            fingerprint: None,
            within: Duration::from_secs(5),
        };
        let asked = door.ask::<Payment>(&payment.to_string(), PaymentCommand::Provider(news.clone()), call).await;
        if matches!(asked, Ok(_) | Err(AskError::Refused(_))) {
            let mut waiting = books.webhooks.lock().unwrap();
            if let Some(at) = waiting.iter().position(|entry| *entry == (payment, news.clone())) {
                waiting.remove(at);
            }
        }
    }
}

impl PaymentProvider for Provider {
    fn name(&self) -> &str {
        "sandbox"
    }

    fn call(&self, call: ProviderCall) -> BoxFuture<'_, Result<ProviderEvent, ConnectorFault>> {
        async move {
            let slow = if self.rng.one_in(self.weather.now().provider_faults) { 3_000 } else { 20 };
            sleep(self.rng.millis(slow)).await;
            if self.rng.one_in(self.weather.now().provider_faults) {
                return Err(ConnectorFault::Unavailable("refused before it was done".into()));
            }
            let answer = self.perform(&call);
            if self.rng.one_in(self.weather.now().late_webhooks) {
                self.webhook(call.payment, &answer);
            }
            sleep(self.rng.millis(slow)).await;
            match self.rng.one_in(self.weather.now().provider_faults) {
                true => Err(ConnectorFault::TimedOut),
                false => Ok(answer),
            }
        }
        .boxed()
    }

    /// As reliable as its calls.
    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        async move {
            sleep(self.rng.millis(20)).await;
            match self.rng.one_in(self.weather.now().provider_faults) {
                true => Err(ConnectorFault::Unavailable("down".into())),
                false => Ok(()),
            }
        }
        .boxed()
    }
}
