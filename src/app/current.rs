//! A new subscriber's first view: what this node has folded, read without waking anybody.

use std::{sync::OnceLock, time::Duration};

use futures::future::BoxFuture;

use crate::{
    actors::gateway::Gateway,
    domain::{key::EntityKey, kinds::Kind, order::OrderStatus},
    live::{Committed, Current, Topic},
    shop::rows,
};

/// Connected once the gateway exists: hub, tail and gateway know each other in a circle.
#[derive(Default)]
pub(super) struct Folded {
    pub(super) gateway: OnceLock<Gateway>,
    /// Entities of one snapshot, at most.
    pub(super) max: usize,
}

/// The tail is milliseconds behind; a subscriber is not kept waiting for one that is stuck.
const CATCH_UP_MAX: Duration = Duration::from_secs(1);

/// Orders that an operator still has something to do with, or to wait for.
const OPEN: [OrderStatus; 6] = [
    OrderStatus::Verified,
    OrderStatus::Processing,
    OrderStatus::PartiallyShipped,
    OrderStatus::AwaitingPayment,
    OrderStatus::Shipped,
    OrderStatus::Delivered,
];

impl Folded {
    fn one(&self, gateway: &Gateway, key: EntityKey) -> Option<Committed> {
        match gateway.read_local_any(&key) {
            Ok(found) => found.map(|(version, view)| Committed { key, version, view }),
            Err(error) => {
                tracing::error!(kind = key.kind.name(), %error, "a subscriber's first view cannot be read");
                None
            }
        }
    }

    fn board(&self, gateway: &Gateway) -> Vec<Committed> {
        let mut open = Vec::new();
        for lifecycle in OPEN {
            let left = self.max - open.len();
            let prefix = rows::lifecycle_prefix(lifecycle);
            let rows = gateway.row_keys(rows::ORDERS_BY_STATUS, &prefix, None, left).unwrap_or_else(|error| {
                tracing::error!(%error, "the board's orders cannot be read");
                Vec::new()
            });
            let keys = rows.iter().filter_map(|row| rows::order_of(row));
            open.extend(keys.filter_map(|id| self.one(gateway, EntityKey::new(Kind::Order, id.to_string()))));
            if open.len() >= self.max {
                break;
            }
        }
        open
    }
}

impl Current for Folded {
    fn current(&self, topic: &Topic) -> Vec<Committed> {
        let Some(gateway) = self.gateway.get() else { return Vec::new() };
        match (topic, topic.entity()) {
            (_, Some(key)) => self.one(gateway, key).into_iter().collect(),
            (Topic::Board, None) => self.board(gateway),
            (_, None) => {
                let keys = gateway.keys(Kind::Stock, None, self.max).unwrap_or_default();
                keys.into_iter().filter_map(|key| self.one(gateway, key)).collect()
            }
        }
    }

    fn await_projection(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            if let Some(gateway) = self.gateway.get() {
                // Late or not, what is there then is the answer.
                let _ = gateway.await_projection(CATCH_UP_MAX).await;
            }
        })
    }
}
