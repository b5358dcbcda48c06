//! `sandbox`: a payment provider that acts like a real one, without money.
//!
//! It has a ledger of its own, idempotent by payment and operation ([`ledger`]), signed webhooks that come late, twice
//! or out of order ([`event`], [`delivery`]), and a page where the customer approves or declines ([`page`]). The token
//! decides a charge's course:
//!
//! | token | the charge |
//! |---|---|
//! | `tok_ok` | is authorised |
//! | `tok_declined` | is declined (`card_declined`) |
//! | `tok_requires_action` | waits for the customer on the page behind `continue_url` |
//! | `tok_timeout` | is authorised, but the first call gets no answer; a repeated one and a webhook say so |
//! | `tok_slow` | is authorised, answered after `slow_ms` |
//! | any other | is declined (`invalid_token`) |
//!
//! A restart forgets the ledger. That is harmless: a reference is a function of the payment, so a repeated
//! authorisation returns the same result, and a capture, void or refund of a reference outside the ledger is accepted.

pub mod delivery;
pub mod event;
pub mod ledger;
pub mod page;
mod settings;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::future::BoxFuture;
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    actors::ports::{Clock, ConnectorFault},
    connectors::payment::PaymentProvider,
    domain::{
        ids::PaymentId,
        payment::{ProviderCall, ProviderEvent, ProviderOperation},
    },
};

pub use delivery::{HttpOutbox, Outbox, OutboxFull};
pub use event::{SandboxEvent, SandboxWebhooks};
pub use ledger::{Ledger, Totals};
pub use settings::{SandboxSettings, WebhookChoice};

pub const NAME: &str = "sandbox";

#[derive(Clone)]
pub struct SandboxProvider(Arc<Inner>);

struct Inner {
    settings: SandboxSettings,
    /// Before `/sandbox/continue/..`, without a slash at the end.
    public_url: String,
    /// Held for one operation and never across an await.
    ledger: Mutex<Ledger>,
    outbox: Arc<dyn Outbox>,
    clock: Arc<dyn Clock>,
}

/// The customer's decision on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Approve,
    Decline,
}

/// The course of a token's charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    AtOnce,
    Slow,
    Never,
}

impl SandboxProvider {
    /// `public_url`: where customers reach this server, e.g. `http://localhost:8080`.
    pub fn new(
        settings: impl Into<SandboxSettings>,
        public_url: &str,
        outbox: Arc<dyn Outbox>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let settings = settings.into();
        let public_url = public_url.trim_end_matches('/').to_owned();
        let ledger = Mutex::new(Ledger::new(settings.books_elsewhere));
        Self(Arc::new(Inner { settings, public_url, ledger, outbox, clock }))
    }

    /// A copy of the books, for assertions and the operator.
    pub fn ledger(&self) -> Ledger {
        self.with(|ledger| ledger.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Ledger) -> T) -> T {
        // Each operation checks first and changes last, so a poisoned lock holds whole books.
        work(&mut self.0.ledger.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn authorize(
        &self,
        payment: PaymentId,
        operation: ProviderOperation,
    ) -> Result<ProviderEvent, ConnectorFault> {
        let ProviderOperation::Authorize { order, amount, token } = operation else {
            return Err(ConnectorFault::Invalid("not an authorisation".to_owned()));
        };
        let (outcome, manner) = behaviour(&token);
        let slow = self.0.settings.config.slow();
        let answers_at = Instant::now() + if manner == Manner::Slow { slow } else { Duration::ZERO };
        let done = self.with(|ledger| ledger.authorize(payment, order, amount, outcome, answers_at))?;
        let news = done.news(&self.continue_url(payment));
        let patience = self.0.settings.config.timeout();
        if done.first {
            let (late, needed) = match manner {
                Manner::AtOnce => (Duration::ZERO, false),
                Manner::Slow => (slow, false),
                Manner::Never => (patience, true),
            };
            self.announce(payment, &news, late, needed);
        }
        // The charge remains whether or not this call returns: a caller that hangs up changes nothing.
        match manner {
            Manner::Never if done.first => {
                sleep(patience).await;
                return Err(ConnectorFault::TimedOut);
            }
            Manner::AtOnce | Manner::Slow | Manner::Never => sleep_until(done.answers_at).await,
        }
        Ok(news)
    }

    /// Sends the event's webhook, if it has one. A full outbox drops the webhook: the payment receives the same event
    /// as the call's answer, and repeats the call until then.
    fn announce(&self, payment: PaymentId, news: &ProviderEvent, late: Duration, needed: bool) {
        let wanted = match self.0.settings.webhooks {
            WebhookChoice::All => true,
            WebhookChoice::Needed => needed,
        };
        if wanted && self.post(payment, news, late).is_err() {
            metrics::counter!("souk_sandbox_webhooks_dropped_total").increment(1);
        }
    }

    fn post(&self, payment: PaymentId, news: &ProviderEvent, late: Duration) -> Result<(), OutboxFull> {
        let Some(event) = SandboxEvent::of(payment, news, self.0.clock.now()) else { return Ok(()) };
        let copies = if self.0.settings.config.duplicate_webhooks { 2 } else { 1 };
        (0..copies).try_for_each(|copy| {
            let delay = self.0.settings.delay(&event.id, copy);
            self.0.outbox.post(event.clone(), late + delay)
        })
    }

    /// The customer's decision on a waiting charge. The webhook is accepted for delivery before the books change,
    /// because only the webhook notifies the shop. A repetition sends the webhook again.
    pub fn customer_says(&self, payment: PaymentId, verdict: Verdict) -> Result<ledger::Status, CustomerError> {
        self.with(|ledger| {
            let status = ledger.after_verdict(payment, verdict)?;
            let news = match &status {
                ledger::Status::Declined { code } => ProviderEvent::Declined { code: code.clone() },
                ledger::Status::Authorized
                | ledger::Status::Captured
                | ledger::Status::Voided
                | ledger::Status::RequiresAction => ProviderEvent::Authorized { reference: ledger::reference(payment) },
            };
            self.post(payment, &news, Duration::ZERO)?;
            ledger.settle_action(payment, status.clone());
            Ok(status)
        })
    }

    fn continue_url(&self, payment: PaymentId) -> String {
        format!("{}/sandbox/continue/{}", self.0.public_url, ledger::reference(payment))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CustomerError {
    #[error("the payment is {status} and cannot be changed any more")]
    Settled { status: &'static str },
    #[error(transparent)]
    Full(#[from] OutboxFull),
}

impl PaymentProvider for SandboxProvider {
    fn name(&self) -> &str {
        NAME
    }

    fn call(&self, call: ProviderCall) -> BoxFuture<'_, Result<ProviderEvent, ConnectorFault>> {
        Box::pin(async move {
            let payment = call.payment;
            let done = match call.operation {
                authorize @ ProviderOperation::Authorize { .. } => return self.authorize(payment, authorize).await,
                ProviderOperation::Capture { reference, amount } => self.with(|l| l.capture(&reference, amount)),
                ProviderOperation::Void { reference } => self.with(|l| l.void(&reference)),
                ProviderOperation::Refund { reference, refund, amount } => {
                    self.with(|l| l.refund(&reference, refund, amount))
                }
            };
            let done = done?;
            if done.changed {
                self.announce(done.payment, &done.news, Duration::ZERO, false);
            }
            Ok(done.news)
        })
    }

    /// In this process, so it is always there: `tok_timeout` is a shopper's own time-out.
    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

fn behaviour(token: &str) -> (ledger::Status, Manner) {
    let declined = |code: &str| ledger::Status::Declined { code: code.to_owned() };
    match token {
        "tok_ok" => (ledger::Status::Authorized, Manner::AtOnce),
        "tok_declined" => (declined("card_declined"), Manner::AtOnce),
        "tok_requires_action" => (ledger::Status::RequiresAction, Manner::AtOnce),
        "tok_timeout" => (ledger::Status::Authorized, Manner::Never),
        "tok_slow" => (ledger::Status::Authorized, Manner::Slow),
        _ => (declined("invalid_token"), Manner::AtOnce),
    }
}

#[cfg(test)]
mod tests;
