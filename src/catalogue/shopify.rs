//! `souk import`: products and first stock from Shopify's product CSV.
//!
//! Two steps, so that nothing is half imported: [`parse`] reads the whole file and either gives every product or
//! every bad line (line, column, why); only then [`import`] sends commands. Rows with one handle are one
//! product: the first carries its data, the others a variant or just a further image.
//!
//! Importing the same file again changes nothing: product ids come from the handle, and stock is received only for
//! a SKU that never had any (the file's quantity is a first stock, not a correction). A changed file replaces the
//! products it names; categories (from `Type`) are made where missing and otherwise left alone. Products that are
//! not active or not published are read, checked and left out.
//! Absent on purpose: prices to compare at, weights, SEO texts, gift cards' rules.

mod build;
mod columns;
mod error;
mod html;
mod lines;
mod load;
mod names;
mod price;
mod row;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, io::Read};

use crate::domain::{
    category::CategoryData,
    ids::{ProductId, Sku},
    money::Currency,
    product::ProductData,
};
pub use error::{BadFile, BadLine, ImportError};
pub use load::{ImportReport, import};
use row::{Row, Rows};

/// Bytes; a larger file is refused before anything is imported.
pub const FILE_MAX: u64 = 256 * 1024 * 1024;

/// One product of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    pub id: ProductId,
    pub data: ProductData,
    /// What the product's home category is to be, if the shop does not have it.
    pub category: Option<CategoryData>,
    /// Each variant's units.
    pub stock: Vec<(Sku, u32)>,
    /// Active and published; others are left out.
    pub on_sale: bool,
}

/// Reads a whole file, in memory: at most [`FILE_MAX`] bytes of it. Prices are in `currency`, which the file does not name.
pub fn parse(reader: impl Read, currency: Currency) -> Result<Vec<Import>, BadFile> {
    let mut bad = BadFile::default();
    let rows = Rows::read(reader, &mut bad);
    // In the order of first appearance; a handle's rows need not stand together.
    let mut products: Vec<Vec<Row>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let place = *known.entry(row.handle().to_owned()).or_insert_with(|| {
            products.push(Vec::new());
            products.len() - 1
        });
        products[place].push(row);
    }
    let mut skus = HashMap::new();
    let imports = products.iter().filter_map(|rows| build::product(rows, currency, &mut skus, &mut bad)).collect();
    bad.sort();
    match bad.total() {
        0 => Ok(imports),
        _ => Err(bad),
    }
}
