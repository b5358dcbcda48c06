//! A payment's pending effects: calls to its provider until an answer, and its newest status to its order until the
//! order is notified.

use std::iter::once_with;

use super::{Payment, ProviderCall, ProviderOperation, RefundStatus, Request, Void};
use crate::domain::{
    ids::{OrderId, PaymentId},
    money::Money,
    order::{PaymentStatus, PaymentUpdate},
};

#[derive(Clone, Debug, PartialEq)]
pub enum PaymentEffect {
    NotifyOrder {
        order: OrderId,
        payment: PaymentId,
        news: PaymentUpdate,
        status: PaymentStatus,
        refunded: i64,
    },
    /// A call to the connector that is named `provider`.
    CallProvider {
        provider: String,
        call: ProviderCall,
    },
}

impl Payment {
    pub(super) fn pending_effects(&self) -> impl Iterator<Item = PaymentEffect> {
        self.request.iter().flat_map(move |request| {
            let (payment, provider) = (request.payment, &request.provider);
            let call = move |operation| PaymentEffect::CallProvider {
                provider: provider.clone(),
                call: ProviderCall { payment, operation },
            };
            let news = once_with(move || self.pending_for_order(request)).flatten();
            self.operations(request).into_iter().map(call).chain(news)
        })
    }

    fn operations(&self, request: &Request) -> Vec<ProviderOperation> {
        if self.status == PaymentStatus::Pending {
            let (order, amount, token) = (request.order, request.amount, request.token.clone());
            return vec![ProviderOperation::Authorize { order, amount, token }];
        }
        // Nothing below happens before the provider has named its own reference.
        let Some(reference) = self.reference.clone() else { return Vec::new() };
        if self.void == Void::Asked {
            return vec![ProviderOperation::Void { reference }];
        }
        if self.status == PaymentStatus::Authorized && self.capture_asked {
            return vec![ProviderOperation::Capture { reference, amount: request.amount }];
        }
        let pending = self.refunds.iter().filter(|refund| refund.status == RefundStatus::Pending);
        pending
            .map(|refund| ProviderOperation::Refund {
                reference: reference.clone(),
                refund: refund.id,
                amount: refund.amount,
            })
            .collect()
    }

    fn pending_for_order(&self, request: &Request) -> Option<PaymentEffect> {
        let (status, refunded, amount) = (self.status, self.refunded(), request.amount);
        let news = match status {
            PaymentStatus::None | PaymentStatus::Pending => return None,
            PaymentStatus::RequiresAction => PaymentUpdate::RequiresAction,
            // On its way back: an order that was told would commit its stock for money that goes.
            PaymentStatus::Authorized if self.unwind || self.void != Void::No => return None,
            PaymentStatus::Authorized => PaymentUpdate::Authorized { amount },
            PaymentStatus::Captured => PaymentUpdate::Captured { amount },
            PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
                PaymentUpdate::Refunded { total: Money::new(refunded, amount.currency) }
            }
            PaymentStatus::Voided => PaymentUpdate::Voided,
            PaymentStatus::Failed => PaymentUpdate::Failed { reason: self.decline_code.clone().unwrap_or_default() },
        };
        let (order, payment) = (request.order, request.payment);
        (self.notified != (status, refunded)).then_some(PaymentEffect::NotifyOrder {
            order,
            payment,
            news,
            status,
            refunded,
        })
    }
}
