//! The sample shop: a seed in, the same shop out, byte for byte, on every machine.
//!
//! 150 products in sizes and colours and 300 simple ones, about 2,400 SKUs in a tree of categories. Names and texts come from
//! small grammars written for each family ([`family`]), pictures are drawn on demand ([`picture`]). Exactly 2 % of
//! the SKUs are out of stock and 5 % at or below their threshold. Integers and our own generator only: no
//! floats, whose last bit may differ between machines, and no clock.

mod family;
mod load;
pub mod picture;
mod product;
mod rng;
mod stock;
#[cfg(test)]
mod tests;
mod tree;

use serde::Serialize;

pub use load::load;

use crate::domain::{
    category::CategoryData,
    ids::{ProductId, Sku},
    product::ProductData,
};
use rng::Rng;

/// The contents to load.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SampleShop {
    /// Slug and data, parents before their children.
    pub categories: Vec<(String, CategoryData)>,
    pub products: Vec<(ProductId, ProductData)>,
    /// SKU, units to receive (0: out of stock), threshold.
    pub stock: Vec<(Sku, u32, u32)>,
}

pub fn generate(seed: u64) -> SampleShop {
    let mut products = Vec::new();
    for family in family::all() {
        product::extend(&mut products, seed, family);
    }
    let skus = products.iter().flat_map(|(_, data)| data.variants.iter().map(|variant| variant.sku.clone()));
    let stock = stock::plan(skus.collect(), &mut Rng::new(seed, "stock"));
    SampleShop { categories: tree::categories(), products, stock }
}
