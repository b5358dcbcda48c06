//! The topics of orders: `order.<id>` for its owner and `orders.read`; `board`, with every open order, for the latter.

#[cfg(test)]
mod tests;

use super::wire::OrderBody;
use crate::{
    actors::gateway::Gateway,
    domain::{
        ids::OrderId,
        key::EntityKey,
        kinds::{AnyView, Kind},
        order::OrderStatus,
    },
    identity::{Access, Permission, PermissionSet},
    live::{Committed, ManyEntities, OneEntity, Shown, Sight, TopicFamily},
    shop::{one_spelling, rows},
};

/// `order.<id>`.
pub struct OneOrder;

/// `board`: keyed by order.
pub struct Board;

impl TopicFamily for OneOrder {
    fn name(&self) -> &'static str {
        "order"
    }

    fn kind(&self) -> Kind {
        Kind::Order
    }

    fn schema(&self) -> &'static str {
        "Order"
    }

    fn access(&self) -> Access {
        Access::Owner { others: Some(Permission::OrdersRead) }
    }

    fn shows(&self) -> PermissionSet {
        OrderBody::SHOWN_BY
    }

    fn frame(&self, change: &Committed, sight: Sight) -> Option<Shown> {
        shown(change, sight)
    }
}

impl OneEntity for OneOrder {
    fn pattern(&self) -> &'static str {
        "order.<id>"
    }

    fn entity(&self, id: &str) -> Option<EntityKey> {
        one_spelling::<OrderId>(id).map(key)
    }
}

impl TopicFamily for Board {
    fn name(&self) -> &'static str {
        "board"
    }

    fn kind(&self) -> Kind {
        Kind::Order
    }

    fn schema(&self) -> &'static str {
        "Order"
    }

    fn access(&self) -> Access {
        Access::Permission(Permission::OrdersRead)
    }

    fn shows(&self) -> PermissionSet {
        OrderBody::SHOWN_BY
    }

    /// An order leaves the board when it is terminal.
    fn frame(&self, change: &Committed, sight: Sight) -> Option<Shown> {
        let AnyView::Order(view) = &change.view else { return None };
        Some(shown(change, sight)?.gone(view.lifecycle.is_terminal()))
    }
}

impl ManyEntities for Board {
    /// The open orders, the most urgent first, the newest of each status first.
    fn snapshot(&self, gateway: &Gateway, max: usize) -> Vec<Committed> {
        let mut open = Vec::new();
        for status in OrderStatus::open_by_urgency() {
            let left = max.saturating_sub(open.len());
            if left == 0 {
                break;
            }
            open.extend(newest(gateway, status, left, "the board's"));
        }
        open
    }
}

/// Orders in this status, the newest first, at most `max`. `whose`: as the log says where they cannot be read.
pub fn newest(gateway: &Gateway, status: OrderStatus, max: usize, whose: &str) -> Vec<Committed> {
    let prefix = rows::lifecycle_prefix(status);
    let found = gateway.row_keys(rows::ORDERS_BY_STATUS, &prefix, None, max).unwrap_or_else(|error| {
        tracing::error!(%error, "{whose} orders cannot be read");
        Vec::new()
    });
    let orders = found.iter().filter_map(|row| rows::order_of(row));
    orders.filter_map(|order| Committed::read_local(gateway, key(order))).collect()
}

/// The shape of `GET /api/orders/{id}`.
fn shown(change: &Committed, sight: Sight) -> Option<Shown> {
    let AnyView::Order(view) = &change.view else { return None };
    let id = change.key.id.parse().ok()?;
    Shown::of(&OrderBody::new(id, change.version, view, sight)?)
}

fn key(order: OrderId) -> EntityKey {
    EntityKey::new(Kind::Order, order.to_string())
}
