//! What a payment owes: calls to its provider until they are answered, and its newest status to its
//! order until the order has heard of it.

use std::iter::once_with;

use super::{Payment, RefundStatus, Request, Void};
use crate::domain::{
    effect::{Effect, ProviderCall, ProviderOperation},
    money::Money,
    order::{PaymentNews, PaymentRegion},
};

impl Payment {
    pub(super) fn owed(&self) -> impl Iterator<Item = Effect> {
        self.request.iter().flat_map(move |request| {
            let (payment, provider) = (request.payment, &request.provider);
            let call =
                move |operation| Effect::Provider(ProviderCall { payment, provider: provider.clone(), operation });
            let news = once_with(move || self.owed_to_order(request)).flatten();
            self.operations(request).into_iter().map(call).chain(news)
        })
    }

    fn operations(&self, request: &Request) -> Vec<ProviderOperation> {
        if self.status == PaymentRegion::Pending {
            let (order, amount, token) = (request.order, request.amount, request.token.clone());
            return vec![ProviderOperation::Authorize { order, amount, token }];
        }
        // Nothing below happens before the provider has named its own reference.
        let Some(reference) = self.reference.clone() else { return Vec::new() };
        if self.void == Void::Asked {
            return vec![ProviderOperation::Void { reference }];
        }
        if self.status == PaymentRegion::Authorized && self.capture_asked {
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

    fn owed_to_order(&self, request: &Request) -> Option<Effect> {
        let (status, refunded, amount) = (self.status, self.refunded(), request.amount);
        let news = match status {
            PaymentRegion::None | PaymentRegion::Pending => return None,
            PaymentRegion::RequiresAction => PaymentNews::RequiresAction,
            PaymentRegion::Authorized => PaymentNews::Authorized { amount },
            PaymentRegion::Captured => PaymentNews::Captured { amount },
            PaymentRegion::PartiallyRefunded | PaymentRegion::Refunded => {
                PaymentNews::Refunded { total: Money::new(refunded, amount.currency) }
            }
            PaymentRegion::Voided => PaymentNews::Voided,
            PaymentRegion::Failed => PaymentNews::Failed { reason: self.decline_code.clone().unwrap_or_default() },
        };
        let (order, payment) = (request.order, request.payment);
        (self.told != (status, refunded)).then_some(Effect::TellOrder { order, payment, news, status, refunded })
    }
}
