//! Reading an order for its owner or for staff: to anybody else it does not exist.

use super::{super::AppState, wire::OrderBody};
use crate::http::{Code, Problem};
use crate::{
    actors::gateway::Answer,
    domain::{
        ids::OrderId,
        order::{CheckoutSnapshot, Order, OrderView},
    },
    identity::Principal,
};

pub fn unknown(id: OrderId) -> Problem {
    Problem::new(Code::UNKNOWN_ORDER, format!("there is no order {id} of yours"))
}

/// The order's newest committed state, if `who` may see it.
pub async fn readable(state: &AppState, who: Option<&Principal>, id: OrderId) -> Result<Answer<OrderView>, Problem> {
    // Nobody without a session owns an order: no need to wake one.
    let who = who.ok_or_else(|| unknown(id))?;
    let answer = state.gateway.read::<Order>(&id.to_string(), state.command_timeout).await?;
    match answer.view.placement.as_deref() {
        Some(placement) if may_read(who, placement) => Ok(answer),
        Some(_) | None => Err(unknown(id)),
    }
}

pub fn may_read(who: &Principal, placement: &CheckoutSnapshot) -> bool {
    who.is_staff() || placement.user == who.user
}

pub fn body(id: OrderId, answer: Answer<OrderView>) -> Result<OrderBody, Problem> {
    OrderBody::new(id, answer).ok_or_else(|| unknown(id))
}
