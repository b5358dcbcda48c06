//! What an order costs: line totals, shipping, discount and the tax contained in them.
//!
//! Prices include tax (the European custom). The tax of the whole is computed once and split over
//! the lines, so that the parts always sum to it.

use serde::{Deserialize, Serialize};

use super::{ids::Sku, money::Money};

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
