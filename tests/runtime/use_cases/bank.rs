//! The payment provider of these tests: the token says how a payment goes, and the books say where the money is.
//!
//! Absent: faults, delays and webhooks that come by themselves; the simulation's provider has them.

use std::{collections::BTreeMap, future::pending, sync::Mutex};

use futures::future::BoxFuture;
use souk::{
    actors::ports::ConnectorFault,
    connectors::payment::PaymentProvider,
    domain::{
        ids::PaymentId,
        payment::{ProviderCall, ProviderEvent, ProviderOperation},
    },
};

pub const NAME: &str = "bank";
pub const GOOD: &str = "tok_good";
pub const DECLINED: &str = "tok_declined";
/// The shopper must say yes at the bank first.
pub const ASKS: &str = "tok_asks";
/// The bank does not return.
pub const SILENT: &str = "tok_silent";

/// Minor units of one payment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Account {
    pub authorised: i64,
    pub captured: i64,
    pub voided: bool,
    pub refunded: i64,
}

#[derive(Default)]
pub struct Bank(Mutex<BTreeMap<PaymentId, Account>>);

impl Bank {
    pub fn account(&self, payment: PaymentId) -> Account {
        self.0.lock().unwrap().get(&payment).copied().unwrap_or_default()
    }

    fn write(&self, payment: PaymentId, entry: impl FnOnce(&mut Account)) {
        entry(self.0.lock().unwrap().entry(payment).or_default());
    }

    /// The shopper says yes: what the bank then reports.
    pub fn approve(&self, payment: PaymentId, amount: i64) -> ProviderEvent {
        self.write(payment, |account| account.authorised += amount);
        ProviderEvent::Authorized { reference: payment.to_string() }
    }

    /// Every call counts, also a repeated one: the runtime repeats only what was not answered.
    fn perform(&self, ProviderCall { payment, operation }: ProviderCall) -> ProviderEvent {
        match operation {
            ProviderOperation::Authorize { token, .. } if token == DECLINED => {
                ProviderEvent::Declined { code: "card_declined".to_owned() }
            }
            ProviderOperation::Authorize { token, .. } if token == ASKS => {
                ProviderEvent::RequiresAction { reference: payment.to_string(), continue_url: "/yes".to_owned() }
            }
            ProviderOperation::Authorize { amount, .. } => self.approve(payment, amount.amount),
            ProviderOperation::Capture { amount, .. } => {
                self.write(payment, |account| account.captured += amount.amount);
                ProviderEvent::Captured
            }
            ProviderOperation::Void { .. } => {
                self.write(payment, |account| account.voided = true);
                ProviderEvent::Voided
            }
            ProviderOperation::Refund { refund, amount, .. } => {
                self.write(payment, |account| account.refunded += amount.amount);
                ProviderEvent::Refunded { refund }
            }
        }
    }
}

impl PaymentProvider for Bank {
    fn name(&self) -> &str {
        NAME
    }

    fn call(&self, call: ProviderCall) -> BoxFuture<'_, Result<ProviderEvent, ConnectorFault>> {
        Box::pin(async move {
            match &call.operation {
                ProviderOperation::Authorize { token, .. } if token == SILENT => pending().await,
                ProviderOperation::Authorize { .. }
                | ProviderOperation::Capture { .. }
                | ProviderOperation::Void { .. }
                | ProviderOperation::Refund { .. } => Ok(self.perform(call)),
            }
        })
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), ConnectorFault>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
