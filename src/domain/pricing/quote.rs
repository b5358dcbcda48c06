//! The pipeline that prices a basket: lines, then shipping, then tax, then the total.
//!
//! A cart is quoted without shipping, a checkout with the method that the shopper chose; both use the same steps, so a
//! cart and its order never disagree. Each step reads and completes one [`Draft`]; a new one (promotions stand between
//! lines and shipping) is one function and one line in [`Draft::of`].

use super::{Line, Totals, tax};
use crate::domain::{
    ids::Sku,
    money::{Currency, Money, MoneyError},
};

/// The input of a quote.
#[derive(Clone, Debug, PartialEq)]
pub struct Basket {
    pub lines: Vec<BasketLine>,
    /// Tax included; zero where nothing is shipped yet. Its currency is the quote's.
    pub shipping: Money,
    /// The rate on net prices: 1900 for 19 %.
    pub tax_basis_points: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub struct BasketLine {
    pub sku: Sku,
    pub name: String,
    pub quantity: u32,
    pub unit_price: Money,
}

/// A priced basket.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    pub lines: Vec<Line>,
    pub totals: Totals,
}

/// The totals of lines, each a quantity and a unit price, where no line's share of the tax is asked for: a cart's.
///
/// # Errors
/// As those of [`Basket::quote`].
pub fn totals(
    lines: impl IntoIterator<Item = (u32, Money)>,
    shipping: Money,
    tax_basis_points: u32,
) -> Result<Totals, MoneyError> {
    Draft::of(lines, shipping, tax_basis_points).map(|draft| draft.totals)
}

impl Basket {
    pub fn new(lines: impl IntoIterator<Item = impl Into<BasketLine>>, shipping: Money, tax_basis_points: u32) -> Self {
        Self { lines: lines.into_iter().map(Into::into).collect(), shipping, tax_basis_points }
    }

    /// # Errors
    /// `CurrencyMismatch` when a line and the shipping differ, `Overflow`.
    pub fn quote(self) -> Result<Quote, MoneyError> {
        let prices = self.lines.iter().map(|line| (line.quantity, line.unit_price));
        let draft = Draft::of(prices, self.shipping, self.tax_basis_points)?;
        let taxes = draft.split_tax()?;
        let priced = self.lines.into_iter().zip(draft.line_totals).zip(taxes);
        let lines = priced.map(|((BasketLine { sku, name, quantity, unit_price }, line_total), tax)| Line {
            sku,
            name,
            quantity,
            unit_price,
            line_total,
            tax,
        });
        Ok(Quote { lines: lines.collect(), totals: draft.totals })
    }
}

/// A quote in the making, passed from step to step.
struct Draft {
    line_totals: Vec<Money>,
    totals: Totals,
}

impl Draft {
    /// The steps, in their order.
    fn of(
        lines: impl IntoIterator<Item = (u32, Money)>,
        shipping: Money,
        tax_basis_points: u32,
    ) -> Result<Self, MoneyError> {
        let mut draft = Self::of_lines(lines, shipping.currency)?;
        draft.add_shipping(shipping);
        draft.sum()?;
        draft.add_tax(tax_basis_points);
        Ok(draft)
    }

    fn of_lines(lines: impl IntoIterator<Item = (u32, Money)>, currency: Currency) -> Result<Self, MoneyError> {
        let line_totals: Vec<Money> =
            lines.into_iter().map(|(quantity, price)| price.checked_mul(quantity)).collect::<Result<_, _>>()?;
        let items = Money::sum(currency, line_totals.iter().copied())?;
        let zero = Money::zero(currency);
        Ok(Self { line_totals, totals: Totals { items, shipping: zero, discount: zero, tax: zero, total: zero } })
    }

    fn add_shipping(&mut self, shipping: Money) {
        self.totals.shipping = shipping;
    }

    fn sum(&mut self) -> Result<(), MoneyError> {
        let Totals { items, shipping, discount, .. } = self.totals;
        self.totals.total = items.checked_add(shipping)?.checked_sub(discount)?;
        Ok(())
    }

    /// The tax of the whole is computed once.
    fn add_tax(&mut self, basis_points: u32) {
        self.totals.tax = tax::contained(self.totals.total, basis_points);
    }

    /// Each line's share of the tax; shipping takes its share too, as the last part.
    fn split_tax(&self) -> Result<Vec<Money>, MoneyError> {
        tax::split(self.totals.tax, self.line_totals.iter().copied().chain([self.totals.shipping]))
    }
}

impl From<(Sku, String, u32, Money)> for BasketLine {
    fn from((sku, name, quantity, unit_price): (Sku, String, u32, Money)) -> Self {
        Self { sku, name, quantity, unit_price }
    }
}
