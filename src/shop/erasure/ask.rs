//! The use cases: a person is to be erased.
//!
//! What stands in the way is told before anything begins: an order that is on its way, the last superadmin.

use super::find;
use crate::{
    actors::{
        gateway::{Answer, AskError},
        projection::ReadError,
    },
    domain::{
        erasure::{Erasure, ErasureCommand, ErasureRejection, ErasureView},
        ids::{OrderId, UserId},
        order::{Order, OrderRejection, OrderView},
        personal::Subject,
        role::RoleName,
    },
    identity::Principal,
    shop::{
        Services, role,
        role::grant,
        user::{self, UserRefusal},
    },
};

#[derive(Debug, thiserror::Error)]
pub enum ErasureRefusal {
    #[error("orders are on their way: they end first, or are cancelled")]
    OrdersUnderWay(Vec<OrderId>),
    #[error("there is no order {0}")]
    UnknownOrder(OrderId),
    #[error("the order is of an account: it is erased with its account")]
    OfAccount(OrderId),
    #[error(transparent)]
    User(#[from] UserRefusal),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Order(#[from] AskError<OrderRejection>),
    #[error(transparent)]
    Ask(#[from] AskError<ErasureRejection>),
}

type Asked = Result<ErasureView, ErasureRefusal>;

/// The caller's own account, or one whose roles grant nothing that the caller lacks. The caller has waited for the read
/// models.
pub async fn account(services: &Services, who: &Principal, user: UserId) -> Asked {
    let account = user::read(services, user).await?;
    if who.user != user {
        let granted = role::granted(services, &account.view.roles).map_err(UserRefusal::from)?;
        grant::allowed(who, granted).map_err(UserRefusal::from)?;
    }
    let mut under_way = Vec::new();
    let each = &mut |id, order: Answer<OrderView>| under_way.extend(order.view.needs_its_person().then_some(id));
    find::orders(&services.gateway, &services.addresses, &account.view, each)?;
    if !under_way.is_empty() {
        return Err(ErasureRefusal::OrdersUnderWay(under_way));
    }
    if account.view.roles.contains(RoleName::SUPERADMIN) {
        user::demote(services, who, user).await?;
    }
    ask(services, who, Subject::User(user), false).await
}

/// A guest's.
pub async fn order(services: &Services, who: &Principal, id: OrderId) -> Asked {
    let order = services.gateway.read::<Order>(&id.to_string(), services.command_timeout).await?.view;
    let placed = order.placement.as_deref().ok_or(ErasureRefusal::UnknownOrder(id))?;
    if placed.by_account {
        return Err(ErasureRefusal::OfAccount(id));
    }
    if order.needs_its_person() {
        return Err(ErasureRefusal::OrdersUnderWay(vec![id]));
    }
    ask(services, who, Subject::Order(id), false).await
}

/// After a restore: whether it was done once is not asked.
pub async fn again(services: &Services, who: &Principal, subject: Subject) -> Asked {
    ask(services, who, subject, true).await
}

async fn ask(services: &Services, who: &Principal, subject: Subject, again: bool) -> Asked {
    let command = ErasureCommand::Ask { subject, again };
    let id = Erasure::key(subject).id;
    Ok(services.gateway.ask::<Erasure>(&id, command, services.call(who)).await?.view)
}
