//! The catalogue on the wire. The read model writes this JSON itself, once for each change, so these
//! types describe it (for the OpenAPI document, and for the test that reads real pages into them).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{domain::stock::Availability, shop::money::MoneyBody};

/// One product in a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProductCard {
    pub id: Uuid,
    pub slug: String,
    pub name: String,
    pub brand: String,
    /// The lowest of its variants' prices.
    pub price: Option<MoneyBody>,
    /// Other variants cost more.
    pub price_from: bool,
    pub image: Option<Image>,
    /// Average of its reviews; null until there are some.
    pub rating: Option<f32>,
    pub skus: Vec<String>,
    /// The best of its variants.
    pub availability: Availability,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProductPage {
    pub items: Vec<ProductCard>,
    /// The cursor of the next page; null at the end.
    pub next: Option<String>,
}

/// A product with its variants.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Product {
    pub id: Uuid,
    pub version: u64,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub brand: String,
    /// Slugs; the first one is the product's home.
    pub categories: Vec<String>,
    /// The lowest of its variants' prices.
    pub price: Option<MoneyBody>,
    pub price_from: bool,
    pub rating: Option<f32>,
    pub availability: Availability,
    pub options: Vec<ProductOption>,
    pub variants: Vec<Variant>,
    pub images: Vec<Image>,
}

/// E.g. `Size` with `S`, `M`, `L`.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct ProductOption {
    pub name: String,
    pub values: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Variant {
    pub sku: String,
    /// One value for each of the product's options, in their order.
    pub options: Vec<String>,
    pub price: MoneyBody,
    pub image: Option<Image>,
    pub availability: Availability,
    /// Units that can be had: for staff, and where the shop shows counts; absent where they are not counted.
    #[serde(default)]
    pub available: Option<u64>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Image {
    pub url: String,
    pub alt: String,
}

/// A category with those below it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Category {
    pub slug: String,
    pub name: String,
    pub description: String,
    /// Slug of the category above.
    pub parent: Option<String>,
    /// Order among its siblings.
    pub position: u32,
    pub version: u64,
    /// On sale in it and below it.
    pub products: usize,
    #[schema(no_recursion)]
    pub children: Vec<Category>,
}
