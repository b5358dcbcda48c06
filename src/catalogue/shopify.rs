//! `souk import`: products and first stock from Shopify's product CSV.
//!
//! Two steps, so that nothing is half imported: [`parse`] reads the whole file and gives its products and every bad
//! line (line, column, kind, why); only then [`import`] sends commands. Rows with one handle are one product: the first
//! that has a title carries its data, the others a variant or just a further image. What was decided without asking is
//! told ([`Notes`]).
//!
//! Importing the same file again changes nothing: product ids come from the handle, and stock is received only for
//! a SKU that never had any (the file's quantity is a first stock, not a correction). A changed file replaces the
//! products it names; categories (from `Type`) are made where missing and otherwise left alone. A product that the file
//! calls archived, draft, unlisted or not published is taken down. A SKU belongs to one product: that of the newest file.
//! Absent on purpose: prices to compare at, weights, SEO texts, gift cards.

mod build;
mod columns;
mod dialect;
mod encoding;
mod error;
mod html;
mod images;
mod lines;
mod load;
mod names;
mod notes;
mod offer;
mod plan;
mod price;
mod row;
#[cfg(test)]
mod tests;
mod variants;

use std::{collections::HashMap, num::NonZeroU32};

use crate::domain::{
    category::CategoryData,
    ids::{ProductId, Sku},
    money::Currency,
    product::ProductData,
    stock::StockPolicy,
};
use build::Build;
pub use error::{BadFile, BadLine, Fault, ImportError};
pub use load::{ImportReport, dry_run, import};
pub use names::Categories;
pub use notes::{Note, Notes, Told};
use row::Row;

/// Bytes; a larger file is refused before anything is imported.
pub const FILE_MAX: u64 = 256 * 1024 * 1024;

/// How a file is to be read.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Of the prices, which the file does not name.
    pub currency: Currency,
    /// A SKU that stands twice is made anew from handle and options.
    pub derive_skus: bool,
    /// Products with bad lines are left out, and the others imported.
    pub skip_bad: bool,
    /// Units that a SKU may owe which the file says to sell on when the house is empty.
    pub backorder: NonZeroU32,
}

impl Asked {
    pub fn new(currency: Currency) -> Self {
        let hundred = NonZeroU32::MIN.saturating_add(99);
        Self { currency, derive_skus: false, skip_bad: false, backorder: hundred }
    }
}

/// One product of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    pub id: ProductId,
    pub handle: String,
    /// `None`: not on sale; the shop takes it down.
    pub data: Option<ProductData>,
    /// The slug of the product's home category, and what it is to be if the shop does not have it.
    pub category: Option<(String, CategoryData)>,
    pub stock: Vec<FirstStock>,
}

/// One variant's.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstStock {
    pub sku: Sku,
    pub units: u32,
    /// `None`: the file does not say.
    pub policy: Option<StockPolicy>,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct Parsed {
    pub imports: Vec<Import>,
    pub bad: BadFile,
    pub notes: Notes,
}

/// Reads a whole file. `categories`: those that the shop has, whose slugs stay theirs.
pub fn parse(bytes: Vec<u8>, asked: &Asked, categories: Categories) -> Parsed {
    let mut parsed = Parsed::default();
    let (bad, notes) = (&mut parsed.bad, &mut parsed.notes);
    let decoded = encoding::decode(bytes);
    if let Some(encoding) = decoded.other {
        notes.add(Told::Encoding, encoding);
    }
    if decoded.damaged {
        let encoding = decoded.other.unwrap_or("UTF-8");
        bad.add(1, "", Fault::File, format!("is marked as {encoding}, and is not; export the file as UTF-8"));
    }
    let separator = dialect::separator(&decoded.text);
    if separator != b',' {
        notes.add(Told::Separator, if separator == b'\t' { "tabs" } else { "semicolons" });
    }
    let rows = row::read(&decoded.text, separator, bad);
    drop(decoded);
    let mut build = Build { asked, bad, notes, categories, skus: HashMap::new() };
    parsed.imports = by_handle(rows).iter().filter_map(|rows| build.product(rows)).collect();
    parsed.bad.sort();
    parsed
}

/// In the order of first appearance; a handle's rows need not stand together.
fn by_handle(rows: Vec<Row>) -> Vec<Vec<Row>> {
    let mut products: Vec<Vec<Row>> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let place = *known.entry(row.handle().to_owned()).or_insert_with(|| {
            products.push(Vec::new());
            products.len() - 1
        });
        products[place].push(row);
    }
    products
}
