//! A payment on the wire. The shopper's token never leaves the server again.

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
    pub amount: MoneyBody,
    /// Given back so far.
    pub refunded: MoneyBody,
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
    pub amount: MoneyBody,
    pub reason: String,
    pub status: RefundStatus,
}

impl PaymentBody {
    pub fn new(id: PaymentId, answer: Answer<PaymentView>) -> Self {
        let view = answer.view;
        let refunds = view.refunds.into_iter().map(|refund| RefundBody {
            id: refund.id.0,
            amount: refund.amount.into(),
            reason: refund.reason,
            status: refund.status,
        });
        Self {
            id,
            version: answer.version,
            order_id: view.order,
            user_id: view.user,
            status: view.status,
            amount: view.amount.into(),
            refunded: MoneyBody { amount: view.refunded, currency: view.amount.currency },
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
