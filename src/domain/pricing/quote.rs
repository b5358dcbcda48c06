//! The pipeline that prices a basket: lines, then shipping, then tax, then the total.
//!
//! A cart is quoted without shipping, a checkout with the method that the shopper chose; both use the same steps, so a
//! cart and its order never disagree. Each step reads and completes one [`Draft`]; a new one (promotions stand between
//! lines and shipping) is one function and one line in [`Basket::quote`].

use super::{Line, Totals, tax};
use crate::domain::{
    ids::Sku,
    money::{Money, MoneyError},
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

/// A quote in the making, passed from step to step.
struct Draft<'a> {
    basket: &'a Basket,
    line_totals: Vec<Money>,
    totals: Totals,
    line_taxes: Vec<Money>,
}

impl Basket {
    pub fn new(lines: impl IntoIterator<Item = impl Into<BasketLine>>, shipping: Money, tax_basis_points: u32) -> Self {
        Self { lines: lines.into_iter().map(Into::into).collect(), shipping, tax_basis_points }
    }

    /// # Errors
    /// `CurrencyMismatch` when a line and the shipping differ, `Overflow`.
    pub fn quote(&self) -> Result<Quote, MoneyError> {
        let mut draft = Draft::of_lines(self)?;
        draft.add_shipping();
        draft.sum()?;
        draft.add_tax()?;
        Ok(draft.finish())
    }
}

impl<'a> Draft<'a> {
    fn of_lines(basket: &'a Basket) -> Result<Self, MoneyError> {
        let currency = basket.shipping.currency;
        let line_totals: Vec<Money> =
            basket.lines.iter().map(|line| line.unit_price.checked_mul(line.quantity)).collect::<Result<_, _>>()?;
        let items = Money::sum(currency, line_totals.iter().copied())?;
        let zero = Money::zero(currency);
        let totals = Totals { items, shipping: zero, discount: zero, tax: zero, total: zero };
        Ok(Self { basket, line_totals, totals, line_taxes: Vec::new() })
    }

    fn add_shipping(&mut self) {
        self.totals.shipping = self.basket.shipping;
    }

    fn sum(&mut self) -> Result<(), MoneyError> {
        let Totals { items, shipping, discount, .. } = self.totals;
        self.totals.total = items.checked_add(shipping)?.checked_sub(discount)?;
        Ok(())
    }

    /// The tax of the whole is computed once; shipping takes its share too, as the last part.
    fn add_tax(&mut self) -> Result<(), MoneyError> {
        self.totals.tax = tax::contained(self.totals.total, self.basket.tax_basis_points);
        let parts = self.line_totals.iter().copied().chain([self.totals.shipping]);
        self.line_taxes = tax::split(self.totals.tax, parts)?;
        Ok(())
    }

    fn finish(self) -> Quote {
        let priced = self.basket.lines.iter().zip(self.line_totals).zip(self.line_taxes);
        let lines = priced.map(|((line, line_total), tax)| Line {
            sku: line.sku.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            line_total,
            tax,
        });
        Quote { lines: lines.collect(), totals: self.totals }
    }
}

impl From<(Sku, String, u32, Money)> for BasketLine {
    fn from((sku, name, quantity, unit_price): (Sku, String, u32, Money)) -> Self {
        Self { sku, name, quantity, unit_price }
    }
}
