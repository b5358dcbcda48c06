//! Each of the payment's effects: its id, request and outcome.

use super::{Payment, PaymentCommand, PaymentEffect, ProviderOperation};
use crate::domain::{
    effect::{EffectOf, Outcome, Request},
    external::{AnyAnswer, ExternalCall},
    key::EntityKey,
    kinds::{AnyCommand, Kind},
    order::{OrderCommand, PaymentStatus},
};

impl EffectOf<Payment> for PaymentEffect {
    fn id(&self) -> String {
        match self {
            Self::NotifyOrder { status, refunded, .. } => format!("tell/{}/{refunded}", status.name()),
            Self::CallProvider { call, .. } => match &call.operation {
                ProviderOperation::Authorize { .. } => "authorize".to_owned(),
                ProviderOperation::Capture { .. } => "capture".to_owned(),
                ProviderOperation::Void { .. } => "void".to_owned(),
                ProviderOperation::Refund { refund, .. } => format!("refund/{refund}"),
            },
        }
    }

    fn request(&self) -> Request {
        match self.clone() {
            Self::NotifyOrder { order, payment, news, .. } => Request::Entity(
                EntityKey::new(Kind::Order, order.to_string()),
                AnyCommand::Order(OrderCommand::PaymentUpdate { payment, news }),
            ),
            Self::CallProvider { provider, call } => {
                Request::External(ExternalCall { connector: provider, port: call.into() })
            }
        }
    }

    fn outcome(&self, outcome: Outcome) -> Option<PaymentCommand> {
        match (self, outcome) {
            // An order that refuses the update was notified all the same.
            (Self::NotifyOrder { status, refunded, .. }, Outcome::Accepted(_) | Outcome::Refused(_)) => {
                Some(PaymentCommand::OrderNotified { status: *status, refunded: *refunded })
            }
            (Self::CallProvider { .. }, Outcome::External(AnyAnswer::Payment(event))) => {
                Some(PaymentCommand::Provider(event))
            }
            (Self::NotifyOrder { .. }, Outcome::External(_))
            | (
                Self::CallProvider { .. },
                Outcome::External(AnyAnswer::Mail(_) | AnyAnswer::Erasure(_))
                | Outcome::Accepted(_)
                | Outcome::Refused(_),
            ) => None,
        }
    }

    fn outcome_may_wait(&self) -> bool {
        match self {
            // The capture that usually follows an authorisation.
            Self::NotifyOrder { status, .. } => *status == PaymentStatus::Authorized,
            Self::CallProvider { .. } => false,
        }
    }

    fn reads_view(&self) -> bool {
        match self {
            Self::NotifyOrder { .. } | Self::CallProvider { .. } => false,
        }
    }
}
