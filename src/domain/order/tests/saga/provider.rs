//! A payment provider that keeps its own books, so that the rules can be checked against real money.

use std::collections::BTreeMap;

use crate::domain::{
    ids::{PaymentId, RefundId},
    payment::{ProviderCall, ProviderEvent, ProviderOperation},
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Answer {
    Authorize,
    Decline,
    RequireAction,
}

#[derive(Clone, Debug, Default)]
pub struct Account {
    authorised: bool,
    pub captured: i64,
    pub refunded: i64,
    released: bool,
    refunds: BTreeMap<RefundId, bool>,
}

impl Account {
    /// Whether the shopper's money is still reserved or taken.
    pub fn bound(&self) -> bool {
        self.authorised && !self.released && self.captured == 0 || self.captured > self.refunded
    }

    pub fn refund_failed(&self) -> bool {
        self.refunds.values().any(|done| !done)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Provider {
    pub accounts: BTreeMap<PaymentId, Account>,
}

impl Provider {
    /// `answer` and `fail` decide this call; a repeated call returns the state of the books.
    pub fn call(&mut self, call: &ProviderCall, answer: Answer, fail: bool) -> ProviderEvent {
        let account = self.accounts.entry(call.payment).or_default();
        let reference = format!("ref-{}", call.payment);
        match &call.operation {
            ProviderOperation::Authorize { .. } if account.authorised => ProviderEvent::Authorized { reference },
            ProviderOperation::Authorize { .. } => match answer {
                Answer::Authorize => {
                    account.authorised = true;
                    ProviderEvent::Authorized { reference }
                }
                Answer::Decline => ProviderEvent::Declined { code: "declined".to_owned() },
                Answer::RequireAction => {
                    ProviderEvent::RequiresAction { reference, continue_url: "https://pay".to_owned() }
                }
            },
            ProviderOperation::Capture { .. } if account.captured > 0 => ProviderEvent::Captured,
            ProviderOperation::Capture { .. } if fail || account.released => {
                account.released = true;
                ProviderEvent::CaptureFailed { code: "lapsed".to_owned() }
            }
            ProviderOperation::Capture { amount, .. } => {
                account.captured = amount.amount;
                ProviderEvent::Captured
            }
            ProviderOperation::Void { .. } => {
                assert_eq!(account.captured, 0, "a captured payment is refunded, not voided");
                account.released = true;
                ProviderEvent::Voided
            }
            ProviderOperation::Refund { refund, amount, .. } => {
                let done = *account.refunds.entry(*refund).or_insert_with(|| {
                    if !fail {
                        account.refunded += amount.amount;
                    }
                    !fail
                });
                assert!(account.refunded <= account.captured, "more given back than taken");
                match done {
                    true => ProviderEvent::Refunded { refund: *refund },
                    false => ProviderEvent::RefundFailed { refund: *refund, code: "no".to_owned() },
                }
            }
        }
    }

    pub fn has_authorised(&self, payment: &PaymentId) -> bool {
        self.accounts.get(payment).is_some_and(|account| account.authorised)
    }

    /// The shopper does what the provider asked for, however late.
    pub fn confirm(&mut self, payment: PaymentId) -> ProviderEvent {
        self.accounts.entry(payment).or_default().authorised = true;
        ProviderEvent::Authorized { reference: format!("ref-{payment}") }
    }
}
