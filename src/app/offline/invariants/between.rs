//! Stock, orders and money together: what is sold is known to the stock, what is paid belongs to an order, and what is
//! held is held for somebody.

use std::collections::HashMap;

use super::{FoldAll, listed};
use crate::{
    cli::Invariant,
    domain::{
        ids::{OrderId, PaymentId},
        key::EntityKey,
        kinds::{AnyState, AnyView, Kind},
        order::{HoldState, OrderStockLine, OrderView, PaymentStatus},
        payment::{PaymentView, RefundStatus},
        stock::OpenHold,
    },
};

type Orders<'a> = HashMap<&'a EntityKey, &'a OrderView>;

impl FoldAll {
    pub(super) fn between(&self, orders: &[(&EntityKey, OrderView)]) -> [Invariant; 3] {
        let by_key: Orders<'_> = orders.iter().map(|(key, order)| (*key, order)).collect();
        [self.sold_is_known(orders), self.held_for_somebody(&by_key), self.money_has_its_order(&by_key)]
    }

    /// Per order and not in sums: a return makes the stock's sums smaller, and not what the order owns.
    fn sold_is_known(&self, orders: &[(&EntityKey, OrderView)]) -> Invariant {
        let owns = |line: &&OrderStockLine| matches!(line.state, HoldState::Committed | HoldState::Shipped);
        let owned = orders.iter().flat_map(|(key, order)| {
            let id = order.placement.as_ref().map(|placement| placement.order);
            order.stock.iter().filter(owns).filter_map(move |line| Some((*key, id?, line)))
        });
        let owned: Vec<(&EntityKey, OrderId, &OrderStockLine)> = owned.collect();
        let unknown = owned.iter().filter(|(_, order, line)| {
            !self.committed.contains(&(EntityKey::new(Kind::Stock, line.sku.as_str()), *order))
        });
        let line = |(key, _, line): &(&EntityKey, _, &OrderStockLine)| {
            format!("{key} owns {} of {}, and the stock has not given them", line.units, line.sku)
        };
        let broken = listed(unknown.map(line));
        Invariant::between("each stock has committed the units that an order owns", owned.len() as u64, broken)
    }

    fn held_for_somebody(&self, orders: &Orders<'_>) -> Invariant {
        let holds = self.models.iter().flat_map(|(sku, model)| {
            let stock = if let AnyState::Stock(stock) = model { Some(stock) } else { None };
            stock.into_iter().flat_map(move |stock| stock.open_holds().map(move |hold| (sku, hold)))
        });
        let of_orders = holds.filter(|(sku, hold)| !self.by_hand.contains(&((*sku).clone(), hold.order)));
        let of_orders: Vec<(&EntityKey, OpenHold)> = of_orders.collect();
        let line = |(sku, hold): &(&EntityKey, OpenHold)| {
            let OpenHold { order, units, committed } = hold;
            let state = if *committed { "committed" } else { "held" };
            let why = match orders.get(&EntityKey::new(Kind::Order, order.to_string())) {
                None => "which is not there",
                // A hold that is not committed ends by itself.
                Some(view) if *committed && has_given_back(view, &sku.id) => "which has given them back",
                Some(_) => return None,
            };
            Some(format!("{sku}: {units} units are {state} for order {order}, {why}"))
        };
        let mut broken: Vec<String> = of_orders.iter().filter_map(line).collect();
        broken.sort();
        let broken = listed(broken.into_iter());
        Invariant::between("no unit is held for nobody", of_orders.len() as u64, broken)
    }

    fn money_has_its_order(&self, orders: &Orders<'_>) -> Invariant {
        let payments = self.models.iter().filter_map(|(key, model)| match model.view() {
            AnyView::Payment(payment) => Some((key, payment)),
            _ => None,
        });
        let payments: Vec<(&EntityKey, PaymentView)> = payments.collect();
        let line = |(key, payment): &(&EntityKey, PaymentView)| {
            let order = EntityKey::new(Kind::Order, payment.order?.to_string());
            let (status, amount) = (payment.status.name(), payment.amount);
            let known = payment_id(key).is_some_and(|id| self.begun.contains(&(id, order.clone())));
            let view = orders.get(&order);
            let problem = match (payment.status.is_paid() && !known, view) {
                (true, _) => "does not know it",
                (false, Some(view)) if keeps_money_unsold(view, payment) => "is not sold, and at rest",
                (false, Some(view)) if is_ahead(view, payment, key) => "has recorded more than the payment",
                (false, _) => return None,
            };
            Some(format!("{key} is {status} with {amount}, and {order} {problem}"))
        };
        let mut broken: Vec<String> = payments.iter().filter_map(line).collect();
        broken.sort();
        let broken = listed(broken.into_iter());
        Invariant::between("money that is taken has its order, which is sold or open", payments.len() as u64, broken)
    }
}

fn payment_id(key: &EntityKey) -> Option<PaymentId> {
    key.id.parse().ok()
}

fn has_given_back(order: &OrderView, sku: &str) -> bool {
    let gone = |state: HoldState| {
        matches!(state, HoldState::Released | HoldState::Refused { .. } | HoldState::OverShare { .. })
    };
    order.settled && order.stock.iter().any(|line| line.sku.as_str() == sku && gone(line.state))
}

/// Refunds that the provider refused are in the payment's view, for staff.
fn keeps_money_unsold(order: &OrderView, payment: &PaymentView) -> bool {
    let refused = payment.refunds.iter().any(|refund| refund.status == RefundStatus::Failed);
    let both_rest = order.settled && payment.settled;
    order.lifecycle.is_given_up() && both_rest && payment.status.is_paid() && !refused
}

fn is_ahead(order: &OrderView, payment: &PaymentView, key: &EntityKey) -> bool {
    let ours = order.payment.is_some() && order.payment == payment_id(key);
    let (told, known) = (order.payment_status, payment.status);
    // A payment that has failed stays so; an order hears of each refund, and both names are alike then.
    ours && told != known && known != PaymentStatus::Failed && known.precedes(told)
}
