//! A product: what the shop shows and sells, with its variants. Invariant: each variant has its own
//! SKU and a value for each option; the whole definition is replaced at once.

use serde::{Deserialize, Serialize};

use super::{
    ids::{ProductId, Sku},
    money::Money,
};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProductData {
    pub slug: String,
    pub name: String,
    pub description: String,
    pub brand: String,
    /// Slugs; the first one is the product's home.
    pub categories: Vec<String>,
    /// E.g. `Size: [S, M, L]`. Empty for a simple product.
    pub options: Vec<ProductOption>,
    pub variants: Vec<Variant>,
    pub images: Vec<Image>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProductOption {
    pub name: String,
    pub values: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Variant {
    pub sku: Sku,
    /// One value for each of the product's options, in their order.
    pub options: Vec<String>,
    pub price: Money,
    #[serde(default)]
    pub image: Option<Image>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Image {
    pub url: String,
    pub alt: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductCommand {
    /// Creates or replaces. The same data again: nothing new.
    Define {
        product: ProductId,
        data: Box<ProductData>,
    },
    Archive,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductEvent {
    Defined { product: ProductId, data: Box<ProductData> },
    Archived,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductRejection {
    #[error("{field}: {problem}")]
    Invalid { field: String, problem: String },
    #[error("there is no such product")]
    NotDefined,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProductView {
    /// `None` until defined.
    pub data: Option<Box<ProductData>>,
    pub archived: bool,
}

// SKELETON-BEGIN: replaced by the real state, decide and apply.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Product {}
impl super::entity::Entity for Product {
    const KIND: super::model::Kind = super::model::Kind::Product;
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Rejection = ProductRejection;
    type View = ProductView;
    fn decide(&self, _: &ProductCommand, _: super::time::Timestamp) -> Result<Vec<ProductEvent>, ProductRejection> {
        todo!()
    }
    fn apply(&mut self, _: &ProductEvent) {
        todo!()
    }
    fn view(&self) -> ProductView {
        todo!()
    }
}
// SKELETON-END
