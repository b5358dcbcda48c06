//! Reads an order for its owner, or for whoever may reach those of others: for everybody else it does not exist.

use super::wire::OrderBody;
use crate::{
    actors::gateway::{Answer, AskError},
    domain::{
        entity::Entity,
        ids::OrderId,
        order::{Order, OrderRejection, OrderView},
    },
    http::{Code, Problem, conditional::Tagged},
    identity::{Principal, Reach, Sight},
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

/// The order's newest committed state, if the caller reaches it.
pub async fn readable(services: &Services, reach: &Reach, id: OrderId) -> Result<Answer<OrderView>, Unreadable> {
    let answer = services.gateway.read::<Order>(&id.to_string(), services.command_timeout).await?;
    match answer.view.placement.as_deref() {
        Some(snapshot) if reach.covers_of(snapshot.user, || Order::contact(&answer.view)) => Ok(answer),
        Some(_) | None => Err(Unreadable::Unknown(id)),
    }
}

/// The order as `who` sees it.
pub fn body(id: OrderId, answer: Answer<OrderView>, who: &Principal) -> Result<OrderBody, Unreadable> {
    // Whose it is decides nothing for who sees all of everybody's.
    let sight = match who.permissions.covers(OrderBody::SHOWN_BY) {
        true => Sight::with(who.permissions),
        false => who.sight_of(Order::owner(&answer.view), || Order::contact(&answer.view)),
    };
    OrderBody::new(id, answer.version, &answer.view, sight).ok_or(Unreadable::Unknown(id))
}

/// The same, with its version as the tag.
pub fn tagged(id: OrderId, answer: Answer<OrderView>, who: &Principal) -> Result<Tagged<OrderBody>, Unreadable> {
    Ok(Tagged(answer.version, body(id, answer, who)?))
}

impl From<Unreadable> for Problem {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::Unknown(_) => Problem::new(Code::UNKNOWN_ORDER, unreadable.to_string()),
            Unreadable::Ask(error) => error.into(),
        }
    }
}
