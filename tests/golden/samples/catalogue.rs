//! Samples of product and category.

use souk::domain::{
    category::{CategoryData, CategoryEvent},
    ids::ProductId,
    kinds::AnyEvent,
    product::{Image, ProductData, ProductEvent, ProductOption, Variant},
};

use super::ids::{eur, id, sku, text};

pub fn product() -> Vec<AnyEvent> {
    let image = Image { url: text("/media/tshirt.svg"), alt: text("A red T-shirt") };
    let data = ProductData {
        slug: text("t-shirt"),
        name: text("T-shirt"),
        description: text("Soft cotton."),
        brand: text("Souk"),
        categories: vec![text("clothing")],
        options: vec![ProductOption { name: text("Size"), values: vec![text("M"), text("L")] }],
        variants: vec![Variant { sku: sku(), options: vec![text("M")], price: eur(1999), image: Some(image.clone()) }],
        images: vec![image],
    };
    let events = [ProductEvent::Defined { product: ProductId(id(6)), data: Box::new(data) }, ProductEvent::Archived];
    events.into_iter().map(AnyEvent::Product).collect()
}

pub fn category() -> Vec<AnyEvent> {
    let name = text("T-shirts");
    let data = CategoryData { name, description: text("All of them."), parent: Some(text("clothing")), position: 2 };
    vec![AnyEvent::Category(CategoryEvent::Defined { data })]
}
