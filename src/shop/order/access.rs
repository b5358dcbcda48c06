//! Reads an order for its owner or for staff: for all others the order does not exist.

use super::wire::OrderBody;
use crate::{
    actors::gateway::{Answer, AskError},
    domain::{
        ids::OrderId,
        order::{CheckoutSnapshot, Order, OrderRejection, OrderView},
    },
    http::{Code, Problem, conditional::Tagged},
    identity::Principal,
    shop::Services,
};

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unreadable {
    /// Also another person's order: the response must not reveal whether it exists.
    #[error("there is no order {0} of yours")]
    Unknown(OrderId),
    #[error(transparent)]
    Ask(#[from] AskError<OrderRejection>),
}

/// The order's newest committed state, if `who` may see it.
pub async fn readable(
    services: &Services,
    who: Option<&Principal>,
    id: OrderId,
) -> Result<Answer<OrderView>, Unreadable> {
    // A caller without a session owns no order: no entity is woken.
    let who = who.ok_or(Unreadable::Unknown(id))?;
    let answer = services.gateway.read::<Order>(&id.to_string(), services.command_timeout).await?;
    match answer.view.placement.as_deref() {
        Some(snapshot) if may_read(who, snapshot) => Ok(answer),
        Some(_) | None => Err(Unreadable::Unknown(id)),
    }
}

fn may_read(who: &Principal, snapshot: &CheckoutSnapshot) -> bool {
    who.is_staff() || snapshot.user == who.user
}

pub fn body(id: OrderId, answer: Answer<OrderView>) -> Result<OrderBody, Unreadable> {
    OrderBody::new(id, answer.version, &answer.view).ok_or(Unreadable::Unknown(id))
}

/// The same, with its version as the tag.
pub fn tagged(id: OrderId, answer: Answer<OrderView>) -> Result<Tagged<OrderBody>, Unreadable> {
    Ok(Tagged(answer.version, body(id, answer)?))
}

impl From<Unreadable> for Problem {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Unknown(_) => Problem::new(Code::UNKNOWN_ORDER, unreadable.to_string()),
            Unreadable::Ask(error) => error.into(),
        }
    }
}
