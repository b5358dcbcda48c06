//! Unpaid orders as a projection in memory: made from the stored orders at each start, then told of every change.

use super::orders::UnpaidOrders;
use crate::{
    actors::{listener::Change, projection::Projection},
    domain::{
        key::EntityKey,
        kinds::{AnyState, AnyView, Kind},
    },
};

impl Projection for UnpaidOrders {
    fn name(&self) -> &'static str {
        "unpaid"
    }

    fn version(&self) -> u32 {
        1
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::Order]
    }

    fn in_memory(&self) -> bool {
        true
    }

    fn restore(&self, key: &EntityKey, _version: u64, state: &AnyState) {
        if let (Ok(order), AnyView::Order(view)) = (key.id.parse(), state.view()) {
            Self::restore(self, order, &view);
        }
    }

    fn committed(&self, change: &Change) {
        if let (Ok(order), AnyView::Order(view)) = (change.key.id.parse(), &change.view) {
            self.follow(order, view);
        }
    }
}
