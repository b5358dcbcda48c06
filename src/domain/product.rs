//! A product, with its variants. Invariant: each variant has its own SKU and a value for each option; the whole
//! definition is replaced at once.

use serde::{Deserialize, Serialize};

use super::{
    effect::NoEffect,
    entity::{Entity, Work},
    ids::{ProductId, Sku},
    kinds::Kind,
    money::Money,
    time::Timestamp,
};

mod check;

pub use check::limits;

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

/// State.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Product {
    data: Option<Box<ProductData>>,
    archived: bool,
}

impl Entity for Product {
    const KIND: Kind = Kind::Product;
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Rejection = ProductRejection;
    type View = ProductView;
    type Effect = NoEffect;

    /// Staff's.
    fn work(command: &ProductCommand) -> Work {
        match command {
            ProductCommand::Define { .. } | ProductCommand::Archive => Work::Owed,
        }
    }

    fn decide(&self, command: &ProductCommand, _now: Timestamp) -> Result<Vec<ProductEvent>, ProductRejection> {
        match command {
            ProductCommand::Define { product, data } => {
                check::check(data)?;
                match !self.archived && self.data.as_ref() == Some(data) {
                    true => Ok(vec![]),
                    false => Ok(vec![ProductEvent::Defined { product: *product, data: data.clone() }]),
                }
            }
            ProductCommand::Archive if self.data.is_none() => Err(ProductRejection::NotDefined),
            ProductCommand::Archive if self.archived => Ok(vec![]),
            ProductCommand::Archive => Ok(vec![ProductEvent::Archived]),
        }
    }

    fn apply(&mut self, event: &ProductEvent) {
        match event {
            // Defined again, an archived product is back in the shop.
            ProductEvent::Defined { data, .. } => *self = Self { data: Some(data.clone()), archived: false },
            ProductEvent::Archived => self.archived = true,
        }
    }

    fn view(&self) -> ProductView {
        ProductView { data: self.data.clone(), archived: self.archived }
    }

    fn remembers(command: &ProductCommand) -> bool {
        match command {
            // Both are absolute: `decide` returns no event for a repeated one.
            ProductCommand::Define { .. } | ProductCommand::Archive => false,
        }
    }
}

#[cfg(test)]
mod tests;
