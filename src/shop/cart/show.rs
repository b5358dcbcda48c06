//! A cart's shape for its owner: the entity's lines, with the catalogue's current data of each SKU.

use super::wire::{CartBody, CartLineBody, CartTotals};
use crate::{
    domain::{
        cart::{CartLine, CartView},
        ids::CartId,
        money::{Money, MoneyError},
        pricing,
        stock::Availability,
    },
    shop::services::Front,
};

impl Front {
    /// `staff` sees the available units; so do all callers where the shop shows counts. `id`: none for a guest without
    /// a cart.
    pub fn cart(&self, id: Option<CartId>, version: u64, view: &CartView, staff: bool) -> Result<CartBody, MoneyError> {
        let counts = staff || self.public_stock_counts;
        Ok(CartBody {
            id,
            version,
            totals: self.cart_totals(view)?,
            units: view.items,
            lines: view.lines.iter().map(|line| self.cart_line(counts, line)).collect(),
            coupons: Vec::new(),
        })
    }

    fn cart_line(&self, counts: bool, line: &CartLine) -> CartLineBody {
        let card = self.catalogue.sku(&line.sku);
        CartLineBody {
            available: card.as_ref().filter(|_| counts).and_then(|card| card.available),
            // A withdrawn item is not available.
            availability: card.as_ref().map_or(Availability::Out, |card| card.availability),
            // Where another node's read model is not as far yet, the cart itself knows.
            withdrawn: line.withdrawn || card.is_none(),
            image: card.and_then(|card| card.image).map(|image| image.url),
            sku: line.sku.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price.into(),
            line_total: line.line_total.into(),
        }
    }

    /// The price of these lines at a checkout, before shipping.
    fn cart_totals(&self, view: &CartView) -> Result<CartTotals, MoneyError> {
        let currency = view.total.map_or(self.settings.currency, |total| total.currency);
        let lines = view.lines.iter().map(|line| (line.quantity, line.unit_price));
        let totals = pricing::totals(lines, Money::zero(currency), self.settings.tax_basis_points)?;
        Ok(CartTotals { items: totals.items.into(), tax: totals.tax.into(), total: totals.total.into() })
    }
}
