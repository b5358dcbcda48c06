//! The cart at checkout: its items must still be on sale, at the price that the shopper has seen.

use std::sync::Arc;

use super::place::Checkout;
use crate::{
    actors::gateway::{Answer, AskError, Call},
    domain::{
        cart::{Cart, CartCommand, CartRejection, CartView, Item},
        ids::{OrderId, Sku},
        money::Money,
        order::Order,
        pricing::BasketLine,
    },
    shop::{Services, product::catalogue::SkuCard},
};

/// A line whose price changed since it was put into the cart.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedPrice {
    /// The item as it is sold now.
    pub now: Item,
    pub was: Money,
    pub quantity: u32,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CartRefusal {
    #[error("there is nothing in the cart")]
    Empty,
    #[error("{} SKUs are no longer sold", .skus.len())]
    Withdrawn { skus: Vec<Sku> },
    #[error("{} prices have changed", .lines.len())]
    PricesChanged { lines: Vec<ChangedPrice> },
    #[error(transparent)]
    Cart(#[from] AskError<CartRejection>),
}

/// The cart as this checkout buys it.
#[derive(Clone, Debug, PartialEq)]
pub struct Bought {
    pub lines: Vec<BasketLine>,
    /// Older orders of the cart without a sale, whose place this one takes.
    pub replaces: Vec<OrderId>,
}

/// Begins the checkout. What the cart's last order has bought is about to leave the cart: that moment is waited for, since
/// nobody wants to buy it again.
pub async fn begin(services: &Services, checkout: &Checkout, by: &Arc<str>) -> Result<Bought, CartRefusal> {
    let bought = begin_once(services, checkout, by).await?;
    let Some(sold) = bought.replaces.iter().copied().find(|older| is_sold(services, *older)) else { return Ok(bought) };
    let settled = |cart: &CartView| !cart.checkouts.contains(&sold);
    services.gateway.wait::<Cart>(&checkout.cart.to_string(), services.command_timeout, settled).await?;
    begin_once(services, checkout, by).await
}

/// As far as this node has seen: where it has not, the sold order itself refuses to give way.
fn is_sold(services: &Services, order: OrderId) -> bool {
    let seen = services.gateway.read_local::<Order>(&order.to_string());
    seen.ok().flatten().is_some_and(|seen| seen.view.lifecycle.is_sold())
}

/// In the cart, which names its older orders: two checkouts at once are one after the other there. A cart that cannot be
/// bought is refused before: a checkout that begins takes an older one's place in the cart's list.
async fn begin_once(services: &Services, checkout: &Checkout, by: &Arc<str>) -> Result<Bought, CartRefusal> {
    let cart = checkout.cart.to_string();
    let seen = services.gateway.read::<Cart>(&cart, services.command_timeout).await?;
    for_sale(services, checkout, by, &seen).await?;
    let command = CartCommand::BeginCheckout { order: checkout.order };
    let begun = services.gateway.ask::<Cart>(&cart, command, services.call_by(by.clone())).await?;
    let lines = for_sale(services, checkout, by, &begun).await?;
    // Those before this one: a retry does not take a newer checkout's place.
    let older = begun.view.checkouts.into_iter().take_while(|older| *older != checkout.order);
    Ok(Bought { lines, replaces: older.collect() })
}

async fn for_sale(
    services: &Services,
    checkout: &Checkout,
    by: &Arc<str>,
    cart: &Answer<CartView>,
) -> Result<Vec<BasketLine>, CartRefusal> {
    if cart.view.lines.is_empty() {
        return Err(CartRefusal::Empty);
    }
    let checked = check(&cart.view, |sku| services.catalogue.sku(sku));
    if let Err(CartRefusal::PricesChanged { lines }) = &checked {
        take_new_prices(services, checkout, by, cart.version, lines).await;
    }
    checked
}

/// Writes the new prices into the cart, for the shopper's next read, unless the cart changed meanwhile. In that case
/// the next checkout finds the difference again: so the outcome does not matter here.
async fn take_new_prices(
    services: &Services,
    checkout: &Checkout,
    by: &Arc<str>,
    version: u64,
    changed: &[ChangedPrice],
) {
    let call = Call { expected_version: Some(version), ..services.call_by(by.clone()) };
    let lines = changed.iter().map(|line| (line.now.clone(), line.quantity)).collect();
    let command = CartCommand::SetLines { owner: checkout.user, lines, add: false };
    if let Err(error) = services.gateway.ask::<Cart>(&checkout.cart.to_string(), command, call).await {
        tracing::debug!(%error, "a cart keeps its old prices for now");
    }
}

fn check(cart: &CartView, card: impl Fn(&Sku) -> Option<SkuCard>) -> Result<Vec<BasketLine>, CartRefusal> {
    let (mut lines, mut skus, mut changed) = (Vec::new(), Vec::new(), Vec::new());
    for line in &cart.lines {
        let (sku, name, quantity, unit_price) = (line.sku.clone(), line.name.clone(), line.quantity, line.unit_price);
        match card(&line.sku).filter(|_| !line.withdrawn) {
            None => skus.push(sku),
            Some(now) if now.price != unit_price => {
                let item = Item { sku, name: now.name, unit_price: now.price };
                changed.push(ChangedPrice { now: item, was: unit_price, quantity });
            }
            Some(_) => lines.push(BasketLine { sku, name, quantity, unit_price }),
        }
    }
    match (skus.is_empty(), changed.is_empty()) {
        (true, true) => Ok(lines),
        (true, false) => Err(CartRefusal::PricesChanged { lines: changed }),
        (false, _) => Err(CartRefusal::Withdrawn { skus }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{cart::CartLine, ids::ProductId, stock::Availability},
        shop::product::catalogue::SkuCard,
        testing::eur,
    };

    fn cart(lines: &[(&str, i64)]) -> CartView {
        let lines = lines.iter().map(|(sku, price)| CartLine {
            sku: Sku::parse(sku).unwrap(),
            name: "old name".to_owned(),
            quantity: 2,
            unit_price: eur(*price),
            line_total: eur(2 * price),
            withdrawn: false,
        });
        CartView { lines: lines.collect(), ..CartView::default() }
    }

    fn sold(sku: &Sku) -> Option<SkuCard> {
        (sku.as_str() != "GONE").then(|| SkuCard {
            sku: sku.clone(),
            product: ProductId::default(),
            slug: "thing".to_owned(),
            name: "Thing".to_owned(),
            price: eur(100),
            image: None,
            availability: Availability::InStock,
            available: Some(5),
        })
    }

    #[test]
    fn a_cart_at_current_prices_passes() {
        let sku = Sku::parse("A").unwrap();
        assert_eq!(
            check(&cart(&[("A", 100)]), sold),
            Ok(vec![BasketLine { sku, name: "old name".to_owned(), quantity: 2, unit_price: eur(100) }])
        );
    }

    #[test]
    fn a_changed_price_is_named_with_both_prices() {
        let Err(CartRefusal::PricesChanged { lines }) = check(&cart(&[("A", 100), ("B", 90)]), sold) else {
            panic!("not refused")
        };
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].now.sku.as_str(), lines[0].now.unit_price, lines[0].was), ("B", eur(100), eur(90)));
    }

    #[test]
    fn a_line_that_the_cart_calls_withdrawn_is_not_sold() {
        let mut told = cart(&[("A", 100), ("B", 100)]);
        told.lines[0].withdrawn = true;
        assert_eq!(check(&told, sold), Err(CartRefusal::Withdrawn { skus: vec![Sku::parse("A").unwrap()] }));
    }

    #[test]
    fn what_is_no_longer_sold_comes_first() {
        let refused = check(&cart(&[("GONE", 100), ("B", 90)]), sold);
        assert_eq!(refused, Err(CartRefusal::Withdrawn { skus: vec![Sku::parse("GONE").unwrap()] }));
    }
}
