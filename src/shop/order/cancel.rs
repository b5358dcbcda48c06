//! The use case: a shopper cancels an order; the order itself undoes stock and money.

use super::access::{self, Unreadable};
use crate::{
    actors::gateway::{Answer, AskError, Call},
    domain::{
        ids::OrderId,
        order::{Order, OrderCommand, OrderRejection, OrderStatus, OrderView, StaffTransition},
    },
    http::{Code, Problem},
    identity::Reach,
    shop::Services,
};

/// Tries of a cancellation that conflicts with other changes.
const ATTEMPTS: usize = 4;

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CancelRefusal {
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error("an order that is {} cannot be cancelled by its owner", .from.name())]
    TooLate { from: OrderStatus },
    #[error(transparent)]
    Ask(#[from] AskError<OrderRejection>),
}

pub async fn cancel(services: &Services, reach: &Reach, id: OrderId) -> Result<Answer<OrderView>, CancelRefusal> {
    let mut conflict = AskError::TimedOut;
    for _ in 0..ATTEMPTS {
        let seen = access::readable(services, reach, id).await?;
        if seen.view.lifecycle == OrderStatus::Cancelled {
            return Ok(seen);
        }
        // Staff has `transitions` for orders that the owner may not cancel.
        if !seen.view.is_cancellable_by_owner() {
            return Err(CancelRefusal::TooLate { from: seen.view.lifecycle });
        }
        // The check above holds for this version only.
        let call = Call { expected_version: Some(seen.version), ..services.call(&reach.who) };
        let command = OrderCommand::Transition { to: StaffTransition::Cancelled };
        match services.gateway.ask::<Order>(&id.to_string(), command, call).await {
            Ok(answer) => return Ok(answer),
            Err(moved @ AskError::VersionConflict { .. }) => conflict = moved,
            Err(other) => return Err(other.into()),
        }
    }
    Err(conflict.into())
}

impl From<CancelRefusal> for Problem {
    fn from(refusal: CancelRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            CancelRefusal::Unreadable(unreadable) => unreadable.into(),
            CancelRefusal::TooLate { from } => {
                Problem::new(Code::ILLEGAL_MOVE, detail).with("from", from).with("to", StaffTransition::Cancelled)
            }
            CancelRefusal::Ask(error) => error.into(),
        }
    }
}
