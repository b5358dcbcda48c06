//! The use case: turns a cart into an order whose stock is held until it is paid.
//!
//! The order's id is the caller's (made from its key), so a retry finds the first attempt's order and never reads a
//! cart that has changed since. Holds and refusals are the order's own process in `domain::order`; this file reads the
//! cart, quotes it, places the order and waits. Deliberately absent: requests, JSON, status codes.

use std::sync::Arc;

use super::{
    cart_lines::{self, Bought, CartRefusal},
    unpaid,
};
use crate::{
    actors::gateway::{Answer, AskError, Call},
    domain::{
        ids::{CartId, OrderId, Sku, UserId},
        money::MoneyError,
        order::{
            Address, CheckoutDetails, CheckoutSnapshot, HoldState, Order, OrderCommand, OrderRejection, OrderStatus,
            OrderStockLine, OrderView,
        },
        pricing::{Basket, Quote},
    },
    network::Bucket,
    shop::{
        Services,
        unpaid::{OverShare, UnpaidRefusal},
    },
};

/// A shopper's request, parsed.
#[derive(Clone, Debug)]
pub struct Checkout {
    pub order: OrderId,
    pub user: UserId,
    pub cart: CartId,
    pub email: String,
    pub shipping_address: Address,
    pub billing_address: Option<Address>,
    pub shipping_method: String,
    /// The client's network address, where it is known and counts.
    pub address: Option<Bucket>,
    /// Staff places what it is asked for.
    pub bounded: bool,
    /// An account's, not a guest's.
    pub by_account: bool,
}

/// A SKU that cannot be held.
#[derive(Clone, Debug, PartialEq)]
pub struct ShortLine {
    pub sku: Sku,
    pub requested: u32,
    pub available: u64,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CheckoutRefusal {
    #[error("there is no such shipping method")]
    UnknownShippingMethod { known: Vec<String> },
    #[error(transparent)]
    Cart(#[from] CartRefusal),
    #[error("the key's order was placed with another request")]
    KeyReused,
    #[error("{} of the order's SKUs cannot be held; a new key asks the stock again", .lines.len())]
    OutOfStock { order: OrderId, lines: Vec<ShortLine> },
    #[error(transparent)]
    Unpaid(#[from] UnpaidRefusal),
    #[error("the cart's order {by} is paid")]
    AlreadyBought { by: OrderId },
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error(transparent)]
    Order(#[from] AskError<OrderRejection>),
}

/// Returns once the order's holds are decided, or at the call's deadline with the undecided order (`Placing`).
pub async fn place(services: &Services, checkout: &Checkout, call: Call) -> Result<Answer<OrderView>, CheckoutRefusal> {
    let shop = &services.settings;
    let method = shop.shipping(&checkout.shipping_method).ok_or_else(|| {
        let known = shop.shipping_methods.iter().map(|method| method.id.clone()).collect();
        CheckoutRefusal::UnknownShippingMethod { known }
    })?;
    if let Some(answer) = placed_before(services, checkout).await? {
        return decided(services, checkout.order, answer).await;
    }
    unpaid::check_pause(services, checkout)?;
    let Bought { lines, replaces } = cart_lines::begin(services, checkout, &call.by).await?;
    let Quote { lines, totals } = Basket::new(lines, method.price(shop.currency), shop.tax_basis_points).quote()?;
    let hold_ms = i64::try_from(shop.hold_ttl_ms).unwrap_or(i64::MAX);
    let pay_by = services.gateway.now().plus_ms(hold_ms);
    let snapshot = CheckoutSnapshot {
        order: checkout.order,
        user: checkout.user,
        cart: Some(checkout.cart),
        email: checkout.email.clone(),
        shipping_address: checkout.shipping_address.clone(),
        billing_address: checkout.billing_address.clone(),
        shipping_method: checkout.shipping_method.clone(),
        lines,
        totals,
        pay_by,
        capture: shop.capture,
        replaces,
        revivable_until: Some(pay_by.plus_ms(shop.late_payment_ms())),
        hold_at: shop.hold_at,
        share: checkout.bounded.then(|| services.unpaid.bounds().share_of_buyer()),
        mails: services.order_mails,
        by_account: checkout.by_account,
    };
    unpaid::enter(services, checkout, &snapshot)?;
    let command = OrderCommand::Place(Arc::new(snapshot));
    match services.gateway.ask_until::<Order>(&checkout.order.to_string(), command, call, is_decided).await {
        Ok(answer) => held(services, checkout.order, answer),
        // A parallel request with this key came first, with a cart or a clock read a moment apart.
        Err(AskError::Refused(OrderRejection::AlreadyPlaced)) => match placed_before(services, checkout).await? {
            Some(answer) => decided(services, checkout.order, answer).await,
            None => Err(CheckoutRefusal::KeyReused),
        },
        Err(other) => {
            if let AskError::Refused(_) = &other {
                services.unpaid.forget(checkout.order);
            }
            Err(other.into())
        }
    }
}

/// An order of 0.00 is sold without a payment, in a moment.
fn is_decided(order: &OrderView) -> bool {
    !order.lifecycle.is_undecided() || (order.lifecycle == OrderStatus::AwaitingPayment && !order.is_free())
}

/// The order of an earlier attempt with this id; refused when that attempt had other contents.
async fn placed_before(services: &Services, checkout: &Checkout) -> Result<Option<Answer<OrderView>>, CheckoutRefusal> {
    let id = checkout.order.to_string();
    let answer = services.gateway.read::<Order>(&id, services.command_timeout).await?;
    match answer.view.placement.as_deref() {
        None => Ok(None),
        Some(snapshot) if snapshot.details() == checkout.details() => Ok(Some(answer)),
        Some(_) => Err(CheckoutRefusal::KeyReused),
    }
}

impl Checkout {
    fn details(&self) -> CheckoutDetails<'_> {
        CheckoutDetails {
            email: &self.email,
            shipping_address: &self.shipping_address,
            billing_address: self.billing_address.as_ref(),
            shipping_method: &self.shipping_method,
        }
    }
}

/// Waits for the holds of an existing order.
async fn decided(
    services: &Services,
    order: OrderId,
    seen: Answer<OrderView>,
) -> Result<Answer<OrderView>, CheckoutRefusal> {
    let answer = match is_decided(&seen.view) {
        true => seen,
        false => services.gateway.wait::<Order>(&order.to_string(), services.command_timeout, is_decided).await?,
    };
    held(services, order, answer)
}

fn held(services: &Services, order: OrderId, answer: Answer<OrderView>) -> Result<Answer<OrderView>, CheckoutRefusal> {
    if let Some(by) = answer.view.outrun_by {
        return Err(CheckoutRefusal::AlreadyBought { by });
    }
    if answer.view.lifecycle != OrderStatus::Rejected {
        return Ok(answer);
    }
    Err(not_held(services, order, &answer.view))
}

/// Why the stock refused an order, which keeps nothing. Units that are not there come first: no wait makes them more.
pub fn not_held(services: &Services, order: OrderId, view: &OrderView) -> CheckoutRefusal {
    services.unpaid.forget(order);
    let (short, over) = (short_lines(&view.stock), over_share(&view.stock, services.unpaid.bounds().sku_units.into()));
    match short.is_empty() && !over.is_empty() {
        true => services.unpaid.refused(UnpaidRefusal::OverShare { lines: over, retry_after_ms: None }).into(),
        false => CheckoutRefusal::OutOfStock { order, lines: short },
    }
}

/// The lines of which the buyer keeps too much.
fn over_share(stock: &[OrderStockLine], told_max: u64) -> Vec<OverShare> {
    let over = stock.iter().filter_map(|line| {
        let HoldState::OverShare { remaining } = line.state else { return None };
        Some(OverShare { sku: line.sku.clone(), requested: line.units.into(), remaining, told_max })
    });
    over.collect()
}

/// The refused lines with their numbers.
fn short_lines(stock: &[OrderStockLine]) -> Vec<ShortLine> {
    let short = stock.iter().filter_map(|line| match line.state {
        HoldState::Refused { available } => Some(ShortLine { sku: line.sku.clone(), requested: line.units, available }),
        HoldState::OverShare { .. }
        | HoldState::Wanted
        | HoldState::Held
        | HoldState::Lost
        | HoldState::Committed
        | HoldState::Releasing
        | HoldState::Released
        | HoldState::Shipped => None,
    });
    short.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejection_names_only_the_refused_lines_with_their_numbers() {
        let line = |sku: &str, units, state| OrderStockLine { sku: Sku::parse(sku).unwrap(), units, shipped: 0, state };
        let stock = [
            line("A", 3, HoldState::Refused { available: 1 }),
            line("B", 1, HoldState::Released),
            line("C", 1, HoldState::Refused { available: 0 }),
        ];
        let short = |sku: &str, requested, available| ShortLine { sku: Sku::parse(sku).unwrap(), requested, available };
        assert_eq!(short_lines(&stock), [short("A", 3, 1), short("C", 1, 0)]);
    }
}
