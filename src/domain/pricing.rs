//! The price of a cart or an order: the types that orders keep, and the check of their sums.
//!
//! [`quote`] is the only pipeline that computes them, for carts and orders alike. Prices include tax (the European
//! custom). Deliberately absent: promotions and shipping rates, which plug into the pipeline.

mod quote;
mod tax;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::quote::{Basket, BasketLine, Quote, totals};
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
    /// The promotions' discount; none exist yet.
    pub discount: Money,
    /// Contained in `total`, shipping included.
    pub tax: Money,
    pub total: Money,
}

impl Totals {
    /// Whether these are the sums of `lines`; an order checks this before it accepts a checkout.
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
