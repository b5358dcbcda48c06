//! One attempt to pay one order. Money rules: authorise before capture, capture only on the
//! order's word (its stock is committed), undo whatever an unsold order took; the provider's calls
//! and webhooks may come late, twice or out of order and move the state only forwards.

use serde::{Deserialize, Serialize};

use super::{
    ids::{OrderId, PaymentId, RefundId, UserId},
    money::Money,
    order::PaymentRegion,
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
    /// What the provider said, by answer or by webhook.
    Provider(ProviderNews),
    /// From the order (its stock is committed) or an operator.
    Capture,
    /// From the order: it is not sold. Voids, or refunds what was captured; a pending attempt is undone when it succeeds.
    Unwind,
    /// From an operator.
    Void,
    Refund {
        refund: RefundId,
        amount: Option<Money>,
        reason: String,
    },
    /// The order has heard of `status`.
    Told {
        status: PaymentRegion,
        refunded: i64,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderNews {
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

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentEvent {
    Opened { payment: PaymentId, order: OrderId, user: UserId, amount: Money, provider: String, token: String },
    ActionRequired { reference: String, continue_url: String },
    Authorized { reference: String },
    Declined { code: String },
    CaptureAsked,
    Captured,
    CaptureFailed { code: String },
    UnwindAsked,
    VoidAsked,
    Voided,
    RefundAsked { refund: RefundId, amount: Money, reason: String },
    Refunded { refund: RefundId },
    RefundFailed { refund: RefundId, code: String },
    Told { status: PaymentRegion, refunded: i64 },
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentRejection {
    #[error("there is no such payment")]
    NotOpened,
    #[error("the payment was opened with other contents")]
    AlreadyOpened,
    #[error("a payment that is {status:?} cannot be captured")]
    NotCapturable { status: PaymentRegion },
    #[error("a payment that is {status:?} cannot be voided")]
    NotVoidable { status: PaymentRegion },
    #[error("a payment that is {status:?} cannot be refunded")]
    NotRefundable { status: PaymentRegion },
    #[error("{requested} to refund, {refundable} refundable")]
    RefundsTooMuch { requested: i64, refundable: i64 },
    #[error("the refund is in {refund} and the payment in {payment}")]
    CurrencyMismatch { refund: String, payment: String },
    #[error("refund {refund} exists with other contents")]
    RefundConflict { refund: RefundId },
    #[error("a payment has at most {max} refunds")]
    TooManyRefunds { max: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    Pending,
    Done,
    Failed,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    pub id: RefundId,
    pub amount: Money,
    pub reason: String,
    pub status: RefundStatus,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaymentView {
    /// `None` until opened.
    pub order: Option<OrderId>,
    pub user: Option<UserId>,
    pub status: PaymentRegion,
    pub amount: Money,
    /// Minor units given back, finished refunds only.
    pub refunded: i64,
    pub provider: String,
    pub reference: Option<String>,
    pub continue_url: Option<String>,
    pub decline_code: Option<String>,
    pub refunds: Vec<Refund>,
    pub settled: bool,
}

// SKELETON-BEGIN: replaced by the real state, decide and apply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Payment {}
impl super::entity::Entity for Payment {
    const KIND: super::model::Kind = super::model::Kind::Payment;
    type Command = PaymentCommand;
    type Event = PaymentEvent;
    type Rejection = PaymentRejection;
    type View = PaymentView;
    fn decide(&self, _: &PaymentCommand, _: super::time::Timestamp) -> Result<Vec<PaymentEvent>, PaymentRejection> {
        todo!()
    }
    fn apply(&mut self, _: &PaymentEvent) {
        todo!()
    }
    fn view(&self) -> PaymentView {
        todo!()
    }
}
// SKELETON-END
