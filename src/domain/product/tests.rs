//! Given / when / then for each refusal and transition of a product.

use super::*;
use crate::domain::money::Currency;

fn variant(sku: &str, options: &[&str], amount: i64) -> Variant {
    Variant {
        sku: Sku::parse(sku).unwrap(),
        options: options.iter().map(|&value| value.to_owned()).collect(),
        price: Money { amount, currency: Currency::EUR },
        image: None,
    }
}

fn shirt() -> ProductData {
    ProductData {
        slug: "linen-shirt".into(),
        name: "Linen Shirt".into(),
        description: "Light.".into(),
        brand: "Halden".into(),
        categories: vec!["shirts".into()],
        options: vec![
            ProductOption { name: "Size".into(), values: vec!["S".into(), "M".into()] },
            ProductOption { name: "Colour".into(), values: vec!["Blue".into()] },
        ],
        variants: vec![variant("LS-S", &["S", "Blue"], 4990), variant("LS-M", &["M", "Blue"], 4990)],
        images: vec![Image { url: "/a.svg".into(), alt: "a shirt".into() }],
    }
}

fn define(data: ProductData) -> ProductCommand {
    ProductCommand::Define { product: ProductId::default(), data: Box::new(data) }
}

fn defined(data: ProductData) -> ProductEvent {
    ProductEvent::Defined { product: ProductId::default(), data: Box::new(data) }
}

fn given(events: &[ProductEvent]) -> Product {
    let mut product = Product::default();
    events.iter().for_each(|event| product.apply(event));
    product
}

#[track_caller]
fn refused(wanted: &str, change: impl FnOnce(&mut ProductData)) {
    let mut data = shirt();
    change(&mut data);
    match Product::default().decide(&define(data), Timestamp(0)) {
        Err(ProductRejection::Invalid { field, .. }) => assert_eq!(field, wanted),
        other => panic!("{other:?}"),
    }
}

#[test]
fn defines_replaces_and_says_nothing_twice() {
    assert_eq!(given(&[]).decide(&define(shirt()), Timestamp(0)), Ok(vec![defined(shirt())]));
    assert_eq!(given(&[defined(shirt())]).decide(&define(shirt()), Timestamp(0)), Ok(vec![]));
    let dearer = ProductData { variants: vec![variant("LS-S", &["S", "Blue"], 5990)], ..shirt() };
    assert_eq!(
        given(&[defined(shirt())]).decide(&define(dearer.clone()), Timestamp(0)),
        Ok(vec![defined(dearer.clone())])
    );
    assert_eq!(given(&[defined(shirt()), defined(dearer.clone())]).view().data, Some(Box::new(dearer)));
}

#[test]
fn archives_once_and_a_definition_brings_it_back() {
    let archive = ProductCommand::Archive;
    assert_eq!(given(&[]).decide(&archive, Timestamp(0)), Err(ProductRejection::NotDefined));
    assert_eq!(given(&[defined(shirt())]).decide(&archive, Timestamp(0)), Ok(vec![ProductEvent::Archived]));
    let archived = given(&[defined(shirt()), ProductEvent::Archived]);
    assert!(archived.view().archived);
    assert_eq!(archived.decide(&archive, Timestamp(0)), Ok(vec![]));
    assert_eq!(archived.decide(&define(shirt()), Timestamp(0)), Ok(vec![defined(shirt())]));
    assert!(!given(&[defined(shirt()), ProductEvent::Archived, defined(shirt())]).view().archived);
}

#[test]
fn refuses_texts_that_do_not_fit() {
    refused("slug", |data| data.slug = "Linen Shirt".into());
    refused("slug", |data| data.slug = String::new());
    refused("slug", |data| data.slug = "x".repeat(101));
    refused("name", |data| data.name = "  ".into());
    refused("name", |data| data.name = "x".repeat(256));
    refused("name", |data| data.name = "\u{200B}".into());
    refused("name", |data| data.name = "Mug\u{1b}[2J".into());
    refused("name", |data| data.name = "two\nlines".into());
    refused("brand", |data| data.brand = "a\u{202E}b".into());
    refused("description", |data| data.description = "a\u{9b}b".into());
    refused("description", |data| data.description = "x".repeat(20_001));
    refused("brand", |data| data.brand = "x".repeat(256));
    refused("categories", |data| data.categories = vec!["Shirts!".into()]);
    refused("categories", |data| data.categories = vec!["shirts".into(), "shirts".into()]);
    refused("categories", |data| data.categories = (0..11).map(|n| format!("c{n}")).collect());
    refused("images", |data| data.images = vec![data.images[0].clone(); 251]);
    refused("images.url", |data| data.images[0].url = "x".repeat(2_001));
    refused("images.alt", |data| data.images[0].alt = "x".repeat(501));
}

#[test]
fn refuses_options_that_do_not_fit() {
    refused("options", |data| data.options = vec![data.options[0].clone(); 4]);
    refused("options", |data| data.options[1].name = "Size".into());
    refused("options.name", |data| data.options[1].name = String::new());
    refused("options.values", |data| data.options[1].values.clear());
    refused("options.values", |data| data.options[1].values = vec!["Blue".into(), "Blue".into()]);
    refused("options.values", |data| data.options[1].values = (0..2_049).map(|n| n.to_string()).collect());
}

#[test]
fn refuses_variants_that_do_not_fit() {
    refused("variants", |data| data.variants.clear());
    refused("variants", |data| {
        data.variants = (0..2_049).map(|n| variant(&format!("V{n}"), &["S", "Blue"], 1)).collect();
    });
    refused("variants.sku", |data| data.variants[1].sku = data.variants[0].sku.clone());
    refused("variants.options", |data| data.variants[1].options = vec!["M".into()]);
    refused("variants.options", |data| data.variants[1].options = vec!["XXL".into(), "Blue".into()]);
    refused("variants.options", |data| data.variants[1].options = data.variants[0].options.clone());
    refused("variants.price", |data| data.variants[1].price.amount = -1);
    refused("variants.price", |data| data.variants[1].price.currency = Currency::parse("USD").unwrap());
    refused("variants.image.url", |data| {
        data.variants[1].image = Some(Image { url: String::new(), alt: String::new() })
    });
}
