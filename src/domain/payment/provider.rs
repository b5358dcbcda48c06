//! The payment's port to the outside world: a payment provider's calls and events.
//!
//! Payment and operation form a call's idempotency key: a repeated call has one effect and gets the first answer. A
//! [`ProviderEvent`] is such an answer, or arrives as a webhook.

use serde::{Deserialize, Serialize};

use crate::domain::{
    ids::{OrderId, PaymentId, RefundId},
    money::Money,
};

#[derive(Clone, Debug, PartialEq)]
pub struct ProviderCall {
    pub payment: PaymentId,
    pub operation: ProviderOperation,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ProviderOperation {
    Authorize { order: OrderId, amount: Money, token: String },
    Capture { reference: String, amount: Money },
    Void { reference: String },
    Refund { reference: String, refund: RefundId, amount: Money },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderEvent {
    RequiresAction {
        reference: String,
        continue_url: String,
    },
    Authorized {
        reference: String,
    },
    Declined {
        code: String,
    },
    Captured,
    Voided,
    Refunded {
        refund: RefundId,
    },
    /// The provider refuses a refund for good.
    RefundFailed {
        refund: RefundId,
        code: String,
    },
    /// The provider refuses a capture or void for good (the authorisation lapsed).
    CaptureFailed {
        code: String,
    },
}
