//! At a run's end stock, orders and money must agree: an order with goods is paid once, an order without is not paid.

use std::collections::{BTreeMap, HashSet};

use souk::domain::{
    ids::{OrderId, Sku},
    kinds::{AnyView, Kind},
    order::{HoldState, OrderStatus, OrderView},
};

use crate::{checks::Models, shop::Shop};

pub fn sold(order: &OrderView) -> bool {
    match order.lifecycle {
        OrderStatus::Verified | OrderStatus::Processing | OrderStatus::PartiallyShipped => true,
        OrderStatus::Shipped | OrderStatus::Delivered | OrderStatus::Completed => true,
        OrderStatus::Placing | OrderStatus::AwaitingPayment => false,
        OrderStatus::Rejected | OrderStatus::Expired | OrderStatus::Cancelled => false,
    }
}

/// The units that left the stock are the sold orders' units, unit for unit.
pub fn stock_and_orders(models: &Models, orders: &[OrderView], broken: &mut Vec<String>) {
    let mut owned: BTreeMap<Sku, u64> = BTreeMap::new();
    for order in orders {
        for line in &order.stock {
            let has = matches!(line.state, HoldState::Committed | HoldState::Shipped);
            if has != sold(order) {
                broken.push(format!("G4: {:?} order has {} {:?}", order.lifecycle, line.sku, line.state));
            }
            if has {
                *owned.entry(line.sku.clone()).or_default() += u64::from(line.units);
            }
        }
    }
    for (key, (_, model)) in models.iter().filter(|(key, _)| key.kind == Kind::Stock) {
        let AnyView::Stock(stock) = model.view() else { continue };
        let sku = Sku::parse(&key.id).unwrap();
        let owned = owned.get(&sku).copied().unwrap_or(0);
        if stock.held != 0 || stock.committed + stock.shipped != owned {
            broken.push(format!("G1/G4: {key} gave {stock:?}, sold orders have {owned}"));
        }
    }
}

/// Stock and money together: an order without goods is not paid, an order with goods is paid once.
pub fn money(shop: &Shop, orders: &[OrderView], broken: &mut Vec<String>) {
    let mut paid: BTreeMap<OrderId, (i64, i64)> = BTreeMap::new();
    for account in shop.books.accounts.lock().unwrap().values() {
        let Some(order) = account.order else { continue };
        let sums = paid.entry(order).or_default();
        sums.0 += account.captured - account.refunded;
        let kept = account.authorised > 0 && !account.voided && account.captured == 0;
        sums.1 += if kept { account.authorised } else { 0 };
    }
    for order in orders {
        let Some(placement) = &order.placement else { continue };
        let (taken, authorised) = paid.get(&placement.order).copied().unwrap_or_default();
        let total = placement.totals.total.amount;
        let right = match sold(order) {
            // An operator may have given a little back.
            true => (taken == total || taken == total - 100) && authorised == 0,
            false => taken == 0 && authorised == 0,
        };
        if !right {
            broken.push(format!(
                "money: order {} is {:?} at {total}, the provider keeps {taken} and holds {authorised}",
                placement.order, order.lifecycle
            ));
        }
    }
}

/// A cart is sold once: of an order and those whose place it took, one at most.
pub fn one_sale_of_a_cart(orders: &[OrderView], broken: &mut Vec<String>) {
    let sold: HashSet<OrderId> =
        orders.iter().filter(|order| sold(order)).filter_map(|order| Some(order.placement.as_ref()?.order)).collect();
    for placement in orders.iter().filter_map(|order| order.placement.as_ref()) {
        for older in placement.replaces.iter().filter(|older| sold.contains(older)) {
            if sold.contains(&placement.order) {
                broken
                    .push(format!("money: order {} and {older}, whose place it took, are both sold", placement.order));
            }
        }
    }
}

/// Each sold order has its number, and no two have one.
pub fn numbers(orders: &[OrderView], broken: &mut Vec<String>) {
    let numbers: Vec<u64> = orders.iter().filter_map(|order| order.number).collect();
    if numbers.iter().collect::<HashSet<_>>().len() != numbers.len() {
        broken.push(format!("order numbers were given twice: {numbers:?}"));
    }
    for order in orders.iter().filter(|order| sold(order) && order.number.is_none()) {
        broken.push(format!("a {:?} order has no number", order.lifecycle));
    }
}
