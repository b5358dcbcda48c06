//! A product's card in a list, rendered once to JSON and shared by every page that shows it.

use std::sync::Arc;

use serde::Serialize;

use crate::domain::{
    ids::{ProductId, Sku},
    money::Money,
    product::{Image, ProductData},
    stock::Availability,
};

#[derive(Serialize)]
struct Card<'a> {
    id: ProductId,
    slug: &'a str,
    name: &'a str,
    brand: &'a str,
    /// The lowest of its variants.
    price: Option<Money>,
    /// Other variants cost more.
    price_from: bool,
    image: Option<&'a Image>,
    /// Reviews come later.
    rating: Option<f32>,
    skus: Vec<&'a Sku>,
    availability: Availability,
}

pub(super) fn render(id: ProductId, data: &ProductData, availability: Availability) -> Arc<str> {
    let (price, price_from) = lowest(data);
    let card = Card {
        id,
        slug: &data.slug,
        name: &data.name,
        brand: &data.brand,
        price,
        price_from,
        image: cover(data),
        rating: None,
        skus: data.variants.iter().map(|variant| &variant.sku).collect(),
        availability,
    };
    // Unreachable failure: strings, numbers and a struct's own keys always encode.
    serde_json::to_string(&card).unwrap_or_else(|_| "null".to_owned()).into()
}

/// The lowest price, and whether others cost more.
pub(super) fn lowest(data: &ProductData) -> (Option<Money>, bool) {
    let lowest = data.variants.iter().map(|variant| variant.price).min_by_key(|price| price.amount);
    let differs = lowest.is_some_and(|lowest| data.variants.iter().any(|variant| variant.price != lowest));
    (lowest, differs)
}

/// The product's first image, else the first that a variant has.
pub(super) fn cover(data: &ProductData) -> Option<&Image> {
    data.images.first().or_else(|| data.variants.iter().find_map(|variant| variant.image.as_ref()))
}
