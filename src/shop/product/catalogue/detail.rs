//! The shapes of one product and of one SKU.

use serde::Serialize;

use super::{card, level::Level};
use crate::domain::{
    ids::{ProductId, Sku},
    money::Money,
    product::{Image, ProductData, ProductOption},
    stock::Availability,
};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProductDetail {
    pub id: ProductId,
    /// Of the product's definition; `If-Match`. Stock has versions of its own.
    pub version: u64,
    pub slug: String,
    pub name: String,
    pub description: String,
    pub brand: String,
    pub categories: Vec<String>,
    /// The lowest of its variants.
    pub price: Option<Money>,
    pub price_from: bool,
    pub rating: Option<f32>,
    /// The best of its variants.
    pub availability: Availability,
    pub options: Vec<ProductOption>,
    pub variants: Vec<VariantDetail>,
    pub images: Vec<Image>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VariantDetail {
    pub sku: Sku,
    pub options: Vec<String>,
    pub price: Money,
    pub image: Option<Image>,
    pub availability: Availability,
    /// Units; only where counts are asked for, and counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<u64>,
}

/// A variant as a cart line or a stock list shows it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SkuCard {
    pub sku: Sku,
    pub product: ProductId,
    pub slug: String,
    /// With its options: `Linen Shirt, Blue / M`.
    pub name: String,
    pub price: Money,
    pub image: Option<Image>,
    pub availability: Availability,
    /// Units; `None`: without a bound.
    pub available: Option<u64>,
}

impl ProductDetail {
    pub(super) fn new<'a>(
        (id, version): (ProductId, u64),
        data: &ProductData,
        availability: Availability,
        counts: bool,
        level: impl Fn(&Sku) -> Option<&'a Level>,
    ) -> Self {
        let (price, price_from) = card::lowest(data);
        let variants = data.variants.iter().map(|variant| {
            let level = level(&variant.sku);
            VariantDetail {
                sku: variant.sku.clone(),
                options: variant.options.clone(),
                price: variant.price,
                image: variant.image.clone(),
                availability: level.map_or(Availability::Out, Level::availability),
                available: level.map_or(Some(0), Level::available).filter(|_| counts),
            }
        });
        Self {
            id,
            version,
            slug: data.slug.clone(),
            name: data.name.clone(),
            description: data.description.clone(),
            brand: data.brand.clone(),
            categories: data.categories.clone(),
            price,
            price_from,
            rating: None,
            availability,
            options: data.options.clone(),
            variants: variants.collect(),
            images: data.images.clone(),
        }
    }
}

impl SkuCard {
    pub(super) fn new(product: ProductId, data: &ProductData, variant: usize, level: Option<&Level>) -> Option<Self> {
        let variant = data.variants.get(variant)?;
        let name = match variant.options.is_empty() {
            true => data.name.clone(),
            false => format!("{}, {}", data.name, variant.options.join(" / ")),
        };
        Some(Self {
            sku: variant.sku.clone(),
            product,
            slug: data.slug.clone(),
            name,
            price: variant.price,
            image: variant.image.as_ref().or_else(|| card::cover(data)).cloned(),
            availability: level.map_or(Availability::Out, Level::availability),
            available: level.map_or(Some(0), Level::available),
        })
    }
}
