//! A payment's commands, events and refusals.

use serde::{Deserialize, Serialize};

use super::ProviderEvent;
use crate::domain::{
    entity::Work,
    ids::{OrderId, PaymentId, RefundId, UserId},
    money::Money,
    order::PaymentStatus,
    time::Timestamp,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentCommand {
    /// From the order: pay `amount` with the shopper's token.
    Open {
        payment: PaymentId,
        order: OrderId,
        user: UserId,
        amount: Money,
        provider: String,
        token: String,
    },
    /// The provider's event, by answer or by webhook.
    Provider(ProviderEvent),
    /// From the order (its stock is committed) or an operator.
    Capture,
    /// From the order, which is not sold. Voids the authorisation, or refunds the captured amount; a pending attempt is
    /// undone when it succeeds.
    Unwind,
    /// From an operator.
    Void,
    Refund {
        refund: RefundId,
        amount: Option<Money>,
        reason: String,
    },
    /// The order has been notified of `status`.
    #[serde(rename = "told")]
    OrderNotified {
        status: PaymentStatus,
        refunded: i64,
    },
    /// The alarm: the shopper has not met the provider's challenge.
    Wake,
}

impl PaymentCommand {
    pub(super) fn work(&self) -> Work {
        match self {
            Self::Open { .. }
            | Self::Provider(_)
            | Self::Capture
            | Self::Unwind
            | Self::Void
            | Self::Refund { .. }
            | Self::OrderNotified { .. }
            | Self::Wake => Work::Owed,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentEvent {
    Opened {
        payment: PaymentId,
        order: OrderId,
        user: UserId,
        amount: Money,
        provider: String,
        token: String,
        at: Timestamp,
    },
    ActionRequired {
        reference: String,
        continue_url: String,
    },
    /// On a payment that has failed already: an authorisation that came too late, only kept to be voided.
    Authorized {
        reference: String,
    },
    Declined {
        code: String,
    },
    CaptureAsked,
    Captured,
    CaptureFailed {
        code: String,
    },
    UnwindAsked,
    VoidAsked,
    Voided,
    RefundAsked {
        refund: RefundId,
        amount: Money,
        reason: String,
    },
    Refunded {
        refund: RefundId,
    },
    RefundFailed {
        refund: RefundId,
        code: String,
    },
    #[serde(rename = "told")]
    OrderNotified {
        status: PaymentStatus,
        refunded: i64,
    },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentRejection {
    #[error("there is no such payment")]
    NotOpened,
    #[error("the payment was opened with other contents")]
    AlreadyOpened,
    #[error("a payment that is {status:?} cannot be captured")]
    NotCapturable { status: PaymentStatus },
    #[error("a payment that is {status:?} cannot be voided")]
    NotVoidable { status: PaymentStatus },
    #[error("a payment that is {status:?} cannot be refunded")]
    NotRefundable { status: PaymentStatus },
    #[error("{requested} to refund, {refundable} refundable")]
    RefundsTooMuch { requested: i64, refundable: i64 },
    #[error("the refund is in {refund} and the payment in {payment}")]
    CurrencyMismatch { refund: String, payment: String },
    #[error("refund {refund} exists with other contents")]
    RefundConflict { refund: RefundId },
    #[error("a payment has at most {max} refunds")]
    TooManyRefunds { max: usize },
}
