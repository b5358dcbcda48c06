//! A payment on the wire: without amounts for who lacks `money.read`. The shopper's token never leaves the server again.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    actors::gateway::Answer,
    domain::{
        ids::{OrderId, PaymentId, UserId},
        order::PaymentStatus,
        payment::{PaymentView, RefundStatus},
    },
    identity::{Permission, Principal},
    shop::money::MoneyBody,
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Payment)]
pub struct PaymentBody {
    #[schema(value_type = Uuid)]
    pub id: PaymentId,
    pub version: u64,
    #[schema(value_type = Option<Uuid>)]
    pub order_id: Option<OrderId>,
    #[schema(value_type = Option<Uuid>)]
    pub user_id: Option<UserId>,
    pub status: PaymentStatus,
    /// For the owner and `money.read`, like the other amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<MoneyBody>,
    /// Given back so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refunded: Option<MoneyBody>,
    pub provider: String,
    /// Where the shopper must go on, while `requires_action`.
    pub continue_url: Option<String>,
    pub decline_code: Option<String>,
    pub refunds: Vec<RefundBody>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refund)]
pub struct RefundBody {
    pub id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<MoneyBody>,
    pub reason: String,
    pub status: RefundStatus,
}

impl PaymentBody {
    /// As `who` sees it.
    pub fn new(id: PaymentId, answer: Answer<PaymentView>, who: &Principal) -> Self {
        let view = answer.view;
        let money = who.sight(view.user).shows(Permission::MoneyRead);
        let refunds = view.refunds.into_iter().map(|refund| RefundBody {
            id: refund.id.0,
            amount: money.then(|| refund.amount.into()),
            reason: refund.reason,
            status: refund.status,
        });
        Self {
            id,
            version: answer.version,
            order_id: view.order,
            user_id: view.user,
            status: view.status,
            amount: money.then(|| view.amount.into()),
            refunded: money.then_some(MoneyBody { amount: view.refunded, currency: view.amount.currency }),
            provider: view.provider,
            continue_url: view.continue_url,
            decline_code: view.decline_code,
            refunds: refunds.collect(),
        }
    }
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPayment)]
pub struct NewPaymentBody {
    pub order_id: Uuid,
    #[schema(example = "sandbox")]
    pub provider: String,
    /// The provider's name for the shopper's means of payment, made in the browser.
    #[schema(min_length = 1, max_length = 255, example = "tok_ok")]
    pub token: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewRefund)]
pub struct NewRefundBody {
    /// Absent: all that is left.
    #[serde(default)]
    pub amount: Option<MoneyBody>,
    #[schema(min_length = 1, max_length = 120)]
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            entity::Entity,
            ids::RefundId,
            money::Money,
            payment::{Payment, Refund},
        },
        identity::PermissionSet,
    };

    #[test]
    fn amounts_are_for_the_owner_and_who_may_see_money() {
        let owner = UserId(Uuid::from_u128(7));
        let view = Payment::default().view();
        let refund = Refund {
            id: RefundId::default(),
            amount: Money::default(),
            reason: "late".to_owned(),
            status: RefundStatus::Pending,
        };
        let view = PaymentView { user: Some(owner), refunds: vec![refund], ..view };
        let amounts = |user: u128, permissions: &[Permission]| {
            let who = Principal::account(UserId(Uuid::from_u128(user)), PermissionSet::of(permissions));
            let answer = Answer { version: 1, changed: false, view: view.clone() };
            serde_json::to_string(&PaymentBody::new(PaymentId::default(), answer, &who))
                .unwrap()
                .matches("amount")
                .count()
        };
        assert_eq!(amounts(8, &[Permission::PaymentsRead, Permission::OrdersRefund]), 0);
        assert!(amounts(7, &[]) > 3 && amounts(7, &[]) == amounts(8, &[Permission::MoneyRead]));
    }
}
