//! A payment's view for its shopper and for operators; never with its token.

use serde::{Deserialize, Serialize};

use super::Payment;
use crate::domain::{
    entity::Entity,
    ids::{OrderId, RefundId, UserId},
    money::Money,
    order::PaymentStatus,
    states::states,
    time::Timestamp,
};

states! {
    RefundStatus {
        Pending = "pending",
        Done = "done",
        Failed = "failed",
    }
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
    /// When it was opened; lists sort by it.
    pub opened_at: Timestamp,
    pub status: PaymentStatus,
    pub amount: Money,
    /// Minor units given back, finished refunds only.
    pub refunded: i64,
    pub provider: String,
    pub reference: Option<String>,
    pub continue_url: Option<String>,
    pub decline_code: Option<String>,
    pub refunds: Vec<Refund>,
    /// Opened, without a pending effect.
    pub settled: bool,
}

impl Payment {
    pub(super) fn show(&self) -> PaymentView {
        let request = self.request.as_deref();
        PaymentView {
            order: request.map(|request| request.order),
            user: request.map(|request| request.user),
            opened_at: request.map(|request| request.at).unwrap_or_default(),
            status: self.status,
            amount: self.amount(),
            refunded: self.refunded(),
            provider: request.map(|request| request.provider.clone()).unwrap_or_default(),
            reference: self.reference.clone(),
            continue_url: self.continue_url.clone().filter(|_| self.status == PaymentStatus::RequiresAction),
            decline_code: self.decline_code.clone(),
            refunds: self.refunds.clone(),
            settled: request.is_some() && !self.has_pending_effects(),
        }
    }
}
