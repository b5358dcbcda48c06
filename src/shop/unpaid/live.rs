//! The topic `unpaid`, for `orders.read`: every order that waits for its payment, each frame with the sums of all.

use super::{
    orders::UnpaidOrders,
    wire::{UnpaidBody, UnpaidOrderBody},
};
use crate::{
    actors::gateway::Gateway,
    domain::{
        kinds::{AnyView, Kind},
        order::OrderStatus,
    },
    identity::{Access, Permission},
    live::{Committed, ManyEntities, Shown, Sight, TopicFamily},
    shop::order::live,
};

pub struct WaitingOrders(pub UnpaidOrders);

impl TopicFamily for WaitingOrders {
    fn name(&self) -> &'static str {
        "unpaid"
    }

    fn kind(&self) -> Kind {
        Kind::Order
    }

    fn schema(&self) -> &'static str {
        "UnpaidOrder"
    }

    fn access(&self) -> Access {
        Access::Permission(Permission::OrdersRead)
    }

    /// An order leaves the topic when it is paid or given up.
    fn frame(&self, change: &Committed, _: Sight) -> Option<Shown> {
        let AnyView::Order(view) = &change.view else { return None };
        let placed = view.placement.as_deref()?;
        let shown = Shown::of(&UnpaidOrderBody {
            order_id: placed.order.0,
            user_id: placed.user.0,
            units: view.stock.iter().map(|line| u64::from(line.units)).sum(),
            pay_by: placed.pay_by.rfc3339(),
            all: UnpaidBody::from(self.0.summary()),
        })?;
        Some(shown.gone(!view.waits_for_payment()))
    }
}

impl ManyEntities for WaitingOrders {
    /// The newest ones.
    fn snapshot(&self, gateway: &Gateway, max: usize) -> Vec<Committed> {
        live::newest(gateway, OrderStatus::AwaitingPayment, max, "the unpaid")
    }
}
