//! The cart at checkout: what is in it must still be sold, at the price that the shopper has seen.

use serde_json::json;

use crate::{
    actors::gateway::Call,
    domain::{
        cart::{Cart, CartCommand, CartView, Item},
        ids::Sku,
        money::Money,
    },
    http::{AppState, Code, Problem, dto::money::MoneyBody},
    identity::Principal,
    views::catalogue::SkuCard,
};

/// `(sku, name, quantity, unit price)`, as `pricing::price` takes them.
pub type Lines = Vec<(Sku, String, u32, Money)>;

pub async fn lines(state: &AppState, who: &Principal) -> Result<Lines, Problem> {
    let answer = state.gateway.read::<Cart>(&who.cart.to_string(), state.command_timeout()).await?;
    if answer.view.lines.is_empty() {
        return Err(Problem::new(Code::CartEmpty, "there is nothing in the cart"));
    }
    let checked = check(&answer.view, |sku| state.catalogue.sku(sku));
    if let Err(Changed::Prices(items)) = &checked {
        // The shopper sees the new prices at the next look. Only if nothing else changed meanwhile; and if it did,
        // the next checkout finds the difference again: so the outcome does not matter here.
        let call = Call { expected_version: Some(answer.version), ..state.call(who) };
        let items = items.iter().map(|(item, _, quantity)| (item.clone(), *quantity)).collect();
        let command = CartCommand::SetLines { owner: who.user, lines: items, add: false };
        if let Err(error) = state.gateway.ask::<Cart>(&who.cart.to_string(), command, call).await {
            tracing::debug!(%error, "a cart keeps its old prices for now");
        }
    }
    checked.map_err(Into::into)
}

#[derive(Debug, PartialEq)]
enum Changed {
    Withdrawn(Vec<Sku>),
    /// The item as it is now, the price in the cart, the quantity.
    Prices(Vec<(Item, Money, u32)>),
}

fn check(cart: &CartView, card: impl Fn(&Sku) -> Option<SkuCard>) -> Result<Lines, Changed> {
    let (mut lines, mut withdrawn, mut prices) = (Vec::new(), Vec::new(), Vec::new());
    for line in &cart.lines {
        match card(&line.sku) {
            None => withdrawn.push(line.sku.clone()),
            Some(now) if now.price != line.unit_price => {
                let item = Item { sku: line.sku.clone(), name: now.name, unit_price: now.price };
                prices.push((item, line.unit_price, line.quantity));
            }
            Some(_) => lines.push((line.sku.clone(), line.name.clone(), line.quantity, line.unit_price)),
        }
    }
    match (withdrawn.is_empty(), prices.is_empty()) {
        (true, true) => Ok(lines),
        (true, false) => Err(Changed::Prices(prices)),
        (false, _) => Err(Changed::Withdrawn(withdrawn)),
    }
}

impl From<Changed> for Problem {
    fn from(changed: Changed) -> Self {
        match changed {
            Changed::Withdrawn(skus) => {
                Problem::new(Code::ItemWithdrawn, format!("{} SKUs are no longer sold", skus.len())).with("skus", skus)
            }
            Changed::Prices(lines) => {
                let money = |money: Money| MoneyBody::from(money);
                let shown = lines
                    .iter()
                    .map(|(item, was, _)| json!({"sku": item.sku, "was": money(*was), "now": money(item.unit_price)}));
                Problem::new(Code::PriceChanged, format!("{} prices have changed", lines.len()))
                    .with("lines", shown.collect::<Vec<_>>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{cart::CartLine, ids::ProductId, money::Currency, stock::Availability};

    fn eur(amount: i64) -> Money {
        Money { amount, currency: Currency::EUR }
    }

    fn cart(lines: &[(&str, i64)]) -> CartView {
        let lines = lines.iter().map(|(sku, price)| CartLine {
            sku: Sku::parse(sku).unwrap(),
            name: "old name".to_owned(),
            quantity: 2,
            unit_price: eur(*price),
            line_total: eur(2 * price),
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
            available: 5,
        })
    }

    #[test]
    fn a_cart_at_current_prices_passes() {
        let sku = Sku::parse("A").unwrap();
        assert_eq!(check(&cart(&[("A", 100)]), sold), Ok(vec![(sku, "old name".to_owned(), 2, eur(100))]));
    }

    #[test]
    fn a_changed_price_is_named_with_both_prices() {
        let Err(Changed::Prices(lines)) = check(&cart(&[("A", 100), ("B", 90)]), sold) else { panic!("not refused") };
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].0.sku.as_str(), lines[0].0.unit_price, lines[0].1), ("B", eur(100), eur(90)));
    }

    #[test]
    fn what_is_no_longer_sold_comes_first() {
        let refused = check(&cart(&[("GONE", 100), ("B", 90)]), sold);
        assert_eq!(refused, Err(Changed::Withdrawn(vec![Sku::parse("GONE").unwrap()])));
    }
}
