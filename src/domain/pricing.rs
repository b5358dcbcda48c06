//! What an order costs: line totals, shipping, discount and the tax contained in them.
//!
//! Prices include tax (the European custom). The tax of the whole is computed once and split over
//! the lines, so that the parts always sum to it.

use serde::{Deserialize, Serialize};

use super::{
    ids::Sku,
    money::{Money, MoneyError},
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    pub sku: Sku,
    pub name: String,
    pub quantity: u32,
    pub unit_price: Money,
    pub line_total: Money,
    /// Tax contained in `line_total`.
    pub tax: Money,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Totals {
    pub items: Money,
    pub shipping: Money,
    /// What promotions take off; none exist yet.
    pub discount: Money,
    /// Contained in `total`, shipping included.
    pub tax: Money,
    pub total: Money,
}

/// Prices `(sku, name, quantity, unit price)` lines. `tax_basis_points` is the rate on the net price
/// (1900 for 19 %); the tax contained in the total is `total * rate / (10000 + rate)`, rounded half up.
///
/// # Errors
/// `CurrencyMismatch` when a line and the shipping differ, `Overflow`.
pub fn price(
    lines: &[(Sku, String, u32, Money)],
    shipping: Money,
    tax_basis_points: u32,
) -> Result<(Vec<Line>, Totals), MoneyError> {
    let currency = shipping.currency;
    let line_totals: Vec<Money> =
        lines.iter().map(|(_, _, quantity, unit_price)| unit_price.checked_mul(*quantity)).collect::<Result<_, _>>()?;
    let items = Money::sum(currency, line_totals.iter().copied())?;
    let totals = totals(items, shipping, tax_basis_points)?;
    // Shipping takes its share too, as the last part.
    let weights: Vec<u64> = line_totals.iter().chain([&shipping]).map(|part| part.amount.unsigned_abs()).collect();
    let taxes = totals.tax.allocate(&weights)?;
    let lines =
        lines.iter().zip(line_totals).zip(taxes).map(|(((sku, name, quantity, unit_price), line_total), tax)| Line {
            sku: sku.clone(),
            name: name.clone(),
            quantity: *quantity,
            unit_price: *unit_price,
            line_total,
            tax,
        });
    Ok((lines.collect(), totals))
}

/// What lines worth `items` together come to: the totals of [`price`] without its lines.
///
/// # Errors
/// `CurrencyMismatch`, `Overflow`.
pub fn totals(items: Money, shipping: Money, tax_basis_points: u32) -> Result<Totals, MoneyError> {
    let total = items.checked_add(shipping)?;
    let tax = tax_within(total, tax_basis_points);
    Ok(Totals { items, shipping, discount: Money::zero(shipping.currency), tax, total })
}

fn tax_within(total: Money, basis_points: u32) -> Money {
    let (rate, base) = (i128::from(basis_points), 10_000 + i128::from(basis_points));
    // The rate over the base is below one, so the tax fits where the total did.
    let tax = (2 * i128::from(total.amount) * rate + base).div_euclid(2 * base);
    Money::new(tax as i64, total.currency)
}

impl Totals {
    /// Whether these are the sums of `lines`: what an order checks before it believes its placement.
    pub fn sum_up(&self, lines: &[Line]) -> bool {
        self.checked_sum_up(lines).unwrap_or(false)
    }

    fn checked_sum_up(&self, lines: &[Line]) -> Result<bool, MoneyError> {
        for line in lines {
            if line.quantity == 0 || line.unit_price.checked_mul(line.quantity)? != line.line_total {
                return Ok(false);
            }
        }
        let currency = self.total.currency;
        let items = Money::sum(currency, lines.iter().map(|line| line.line_total))?;
        let line_tax = Money::sum(currency, lines.iter().map(|line| line.tax))?;
        let shipping_tax = self.tax.checked_sub(line_tax)?;
        let total = items.checked_add(self.shipping)?.checked_sub(self.discount)?;
        let taxed = (0..=self.shipping.amount).contains(&shipping_tax.amount) && self.tax.amount <= total.amount;
        Ok(items == self.items && total == self.total && total.amount >= 0 && taxed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::money::Currency;

    fn eur(amount: i64) -> Money {
        Money::new(amount, Currency::EUR)
    }

    fn line(sku: &str, quantity: u32, unit_price: i64) -> (Sku, String, u32, Money) {
        (Sku::parse(sku).unwrap(), sku.to_lowercase(), quantity, eur(unit_price))
    }

    #[test]
    fn prices_contain_their_tax() {
        let (lines, totals) = price(&[line("A", 2, 1999), line("B", 1, 500)], eur(499), 1900).unwrap();
        // 49.97 EUR at 19 %: 7.978... is 7.98.
        assert_eq!(
            totals,
            Totals { items: eur(4498), shipping: eur(499), discount: eur(0), tax: eur(798), total: eur(4997) }
        );
        assert_eq!(lines.iter().map(|line| line.tax.amount).collect::<Vec<_>>(), [638, 80]);
        assert!(totals.sum_up(&lines));
    }

    #[test]
    fn half_a_cent_rounds_up() {
        // 3 at 20 %: exactly half a cent.
        assert_eq!(tax_within(eur(3), 2000), eur(1));
        assert_eq!(tax_within(eur(i64::MAX), 0), eur(0));
    }

    #[test]
    fn refuses_mixed_currencies_and_overflow() {
        let usd = Currency::parse("USD").unwrap();
        let mismatch = price(&[line("A", 1, 1)], Money::zero(usd), 0);
        assert_eq!(mismatch, Err(MoneyError::CurrencyMismatch(usd, Currency::EUR)));
        assert_eq!(price(&[line("A", 2, i64::MAX)], eur(0), 0), Err(MoneyError::Overflow));
    }

    #[test]
    fn totals_that_do_not_sum_are_noticed() {
        let (lines, totals) = price(&[line("A", 2, 1999)], eur(499), 1900).unwrap();
        let wrong = |change: fn(&mut Totals)| {
            let mut totals = totals;
            change(&mut totals);
            totals.sum_up(&lines)
        };
        assert!(!wrong(|totals| totals.items.amount += 1));
        assert!(!wrong(|totals| totals.total.amount -= 1));
        assert!(!wrong(|totals| totals.tax.amount = 0));
        assert!(!wrong(|totals| totals.discount.amount = 10_000));
        assert!(!wrong(|totals| totals.shipping.currency = Currency::parse("USD").unwrap()));
    }

    proptest! {
        #[test]
        fn whatever_is_priced_sums_up(
            lines in prop::collection::vec((1..1000_u32, 0..10_000_000_i64), 0..30),
            shipping in 0..100_000_i64,
            rate in 0..30_000_u32,
        ) {
            let lines: Vec<_> = lines.iter().map(|(quantity, price)| line("A", *quantity, *price)).collect();
            let (lines, totals) = price(&lines, eur(shipping), rate).unwrap();
            prop_assert!(totals.sum_up(&lines));
            prop_assert!(totals.tax.amount <= totals.total.amount);
        }
    }
}
