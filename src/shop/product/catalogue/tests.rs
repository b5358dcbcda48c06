//! The shop front from a shopper's side: pages, details, SKUs, the tree, and the effects of a sale.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::*;
use crate::domain::{
    category::CategoryData,
    money::{Currency, Money},
    product::{Image, ProductData, ProductOption, Variant},
    stock::Availability,
};

fn sku(text: &str) -> Sku {
    Sku::parse(text).unwrap()
}

fn id(n: u128) -> ProductId {
    ProductId(Uuid::from_u128(n))
}

fn shirt(name: &str, categories: &[&str], variants: &[(&str, &str, i64)]) -> ProductView {
    let variant = |(code, size, amount): &(&str, &str, i64)| Variant {
        sku: sku(code),
        options: vec!["Blue".into(), (*size).into()],
        price: Money { amount: *amount, currency: Currency::EUR },
        image: None,
    };
    let option = |name: &str, values: Vec<String>| ProductOption { name: name.into(), values };
    let data = ProductData {
        slug: name.to_lowercase().replace(' ', "-"),
        name: name.into(),
        categories: categories.iter().map(|slug| (*slug).into()).collect(),
        options: vec![
            option("Colour", vec!["Blue".into()]),
            option("Size", variants.iter().map(|(_, size, _)| (*size).into()).collect()),
        ],
        variants: variants.iter().map(variant).collect(),
        images: vec![Image { url: "/a.svg".into(), alt: "a".into() }],
        ..ProductData::default()
    };
    ProductView { data: Some(Box::new(data)), archived: false }
}

fn category(name: &str, parent: Option<&str>, position: u32) -> CategoryView {
    let parent = parent.map(str::to_owned);
    CategoryView { data: Some(CategoryData { name: name.into(), parent, position, ..CategoryData::default() }) }
}

fn stock(available: u64, threshold: u32) -> StockView {
    StockView { available, on_hand: available, threshold, ..StockView::default() }
}

fn shop() -> Catalogue {
    let shop = Catalogue::default();
    shop.apply_category("clothing", 1, &category("Clothing", None, 0));
    shop.apply_category("shirts", 1, &category("Shirts", Some("clothing"), 0));
    shop.apply_category("home", 1, &category("Home", None, 1));
    shop.apply_product(id(1), 1, &shirt("Linen Shirt", &["shirts"], &[("L-S", "S", 4990), ("L-M", "M", 5490)]));
    shop.apply_product(id(2), 1, &shirt("Apron", &["home", "clothing"], &[("A-1", "S", 1990)]));
    shop
}

fn card(page: &Page, n: usize) -> serde_json::Value {
    serde_json::from_str(&page.items[n]).unwrap()
}

fn names(page: &Page) -> Vec<String> {
    (0..page.items.len()).map(|n| card(page, n)["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_card_says_what_a_list_needs() {
    let shop = shop();
    shop.apply_stock(&sku("L-M"), 1, &stock(50, 2));
    let page = shop.page(Some("shirts"), None, 24).unwrap();
    let wanted = serde_json::json!({
        "id": id(1), "slug": "linen-shirt", "name": "Linen Shirt", "brand": "",
        "price": {"amount": 4990, "currency": "EUR"}, "price_from": true,
        "image": {"url": "/a.svg", "alt": "a"}, "rating": null, "skus": ["L-S", "L-M"], "availability": "in_stock",
    });
    assert_eq!(card(&page, 0), wanted);
    let whole: serde_json::Value = serde_json::from_str(&page.to_json()).unwrap();
    assert_eq!(whole, serde_json::json!({"items": [wanted], "next": null}));
}

#[test]
fn a_category_lists_what_is_below_it() {
    let shop = shop();
    assert_eq!(names(&shop.page(None, None, 24).unwrap()), ["Apron", "Linen Shirt"]);
    assert_eq!(names(&shop.page(Some("clothing"), None, 24).unwrap()), ["Apron", "Linen Shirt"]);
    assert_eq!(names(&shop.page(Some("home"), None, 24).unwrap()), ["Apron"]);
    assert_eq!(shop.page(Some("garden"), None, 24).unwrap_err(), PageError::NoSuchCategory);
    assert_eq!(shop.page(None, Some("!"), 24).unwrap_err(), PageError::BadCursor);
    // A category that moves in the tree takes its products along.
    shop.apply_category("shirts", 2, &category("Shirts", Some("home"), 0));
    assert_eq!(names(&shop.page(Some("home"), None, 24).unwrap()), ["Apron", "Linen Shirt"]);
    assert_eq!(names(&shop.page(Some("clothing"), None, 24).unwrap()), ["Apron"]);
}

#[test]
fn the_tree_counts_and_sorts() {
    let tree = shop().categories();
    let shape: Vec<_> = tree.iter().map(|node| (node.slug.as_str(), node.products, node.children.len())).collect();
    assert_eq!(shape, [("clothing", 2, 1), ("home", 1, 0)]);
    assert_eq!(tree[0].children[0].slug, "shirts");
    assert_eq!(shop().category("shirts").unwrap().parent.as_deref(), Some("clothing"));
    assert_eq!(shop().category("garden"), None);
}

#[test]
fn a_circle_of_parents_hides_nothing() {
    let shop = shop();
    shop.apply_category("clothing", 2, &category("Clothing", Some("shirts"), 0));
    let tops: BTreeSet<_> = shop.categories().into_iter().map(|node| node.slug).collect();
    assert_eq!(tops, ["clothing", "home", "shirts"].map(String::from).into());
    assert_eq!(names(&shop.page(Some("shirts"), None, 24).unwrap()), ["Apron", "Linen Shirt"]);
}

#[test]
fn pages_follow_each_other_while_products_come_and_go() {
    let shop = Catalogue::default();
    for n in 0..10_u128 {
        shop.apply_product(id(n), 1, &shirt(&format!("Item {n}"), &["x"], &[(&format!("I-{n}"), "S", 100)]));
    }
    let first = shop.page(Some("x"), None, 4).unwrap();
    assert_eq!(names(&first), ["Item 0", "Item 1", "Item 2", "Item 3"]);
    // One is inserted before the cursor, the item under it goes, one is inserted behind it.
    shop.apply_product(id(20), 1, &shirt("Item 00", &["x"], &[("I-20", "S", 100)]));
    shop.apply_product(id(3), 2, &ProductView { archived: true, ..shirt("Item 3", &["x"], &[("I-3", "S", 100)]) });
    shop.apply_product(id(21), 1, &shirt("Item 45", &["x"], &[("I-21", "S", 100)]));
    let second = shop.page(Some("x"), first.next.as_deref(), 4).unwrap();
    assert_eq!(names(&second), ["Item 4", "Item 45", "Item 5", "Item 6"]);
    let third = shop.page(Some("x"), second.next.as_deref(), 3).unwrap();
    assert_eq!(names(&third), ["Item 7", "Item 8", "Item 9"]);
    assert_eq!(third.next, None);
}

#[test]
fn a_sale_shows_when_its_class_changes() {
    let shop = shop();
    let shown = || card(&shop.page(Some("shirts"), None, 1).unwrap(), 0)["availability"].as_str().unwrap().to_owned();
    assert_eq!(shown(), "out");
    shop.apply_stock(&sku("L-S"), 1, &stock(10, 4));
    assert_eq!(shown(), "in_stock");
    shop.apply_stock(&sku("L-S"), 2, &stock(4, 4));
    assert_eq!(shown(), "low");
    shop.apply_stock(&sku("L-S"), 1, &stock(10, 4));
    assert_eq!(shown(), "low", "an older version changes nothing");
    // The best of the variants counts.
    shop.apply_stock(&sku("L-M"), 1, &stock(4, 0));
    assert_eq!(shown(), "in_stock");
    shop.apply_stock(&sku("L-M"), 2, &stock(3, 0));
    assert_eq!(shown(), "low", "at the shop's own low mark");
    let level = shop.stock(&sku("L-M")).unwrap();
    assert_eq!((level.version, level.available, level.availability), (2, Some(3), Availability::Low));
    assert_eq!(shop.stock(&sku("NONE")), None);
}

#[test]
fn within_its_class_a_sale_keeps_the_card() {
    let shop = shop();
    shop.apply_stock(&sku("L-S"), 1, &stock(100, 4));
    let before = shop.page(Some("shirts"), None, 1).unwrap().items[0].clone();
    shop.apply_stock(&sku("L-S"), 2, &stock(99, 4));
    let after = shop.page(Some("shirts"), None, 1).unwrap().items[0].clone();
    assert!(Arc::ptr_eq(&before, &after));
    assert_eq!(shop.sku(&sku("L-S")).unwrap().available, Some(99));
}

#[test]
fn a_sku_is_named_with_its_options() {
    let shop = shop();
    shop.apply_stock(&sku("L-M"), 1, &stock(9, 2));
    let card = shop.sku(&sku("L-M")).unwrap();
    assert_eq!((card.name.as_str(), card.price.amount, card.available), ("Linen Shirt, Blue / M", 5490, Some(9)));
    assert_eq!((card.product, card.availability), (id(1), Availability::InStock));
    assert_eq!(shop.sku(&sku("NONE")), None);
}

#[test]
fn a_product_is_found_by_id_and_slug_with_counts_on_demand() {
    let shop = shop();
    shop.apply_stock(&sku("L-M"), 1, &stock(9, 2));
    let by_slug = shop.product("linen-shirt", false).unwrap();
    assert_eq!(shop.product(&id(1).to_string(), false).unwrap(), by_slug);
    assert_eq!(by_slug.variants.iter().map(|v| v.available).collect::<Vec<_>>(), [None, None]);
    let counted = shop.product("linen-shirt", true).unwrap();
    assert_eq!(counted.variants.iter().map(|v| v.available).collect::<Vec<_>>(), [Some(0), Some(9)]);
    assert_eq!(counted.variants[0].availability, Availability::Out);
    assert_eq!(shop.product("nothing", false), None);
}

#[test]
fn archived_leaves_and_a_definition_returns() {
    let shop = shop();
    shop.apply_product(
        id(1),
        2,
        &ProductView { archived: true, ..shirt("Linen Shirt", &["shirts"], &[("L-S", "S", 1)]) },
    );
    assert_eq!(shop.product("linen-shirt", false), None);
    assert_eq!(shop.sku(&sku("L-S")), None);
    assert_eq!(shop.page(Some("shirts"), None, 9).unwrap().items.len(), 0);
    shop.apply_product(id(1), 3, &shirt("Hemp Shirt", &["shirts"], &[("L-S", "S", 1)]));
    assert_eq!(shop.product("hemp-shirt", false).unwrap().version, 3);
    shop.apply_product(id(1), 2, &shirt("Linen Shirt", &["shirts"], &[("L-S", "S", 1)]));
    assert_eq!(shop.product("linen-shirt", false), None, "an older version changes nothing");
    assert_eq!(shop.size(), CatalogueSize { products: 2, skus: 3, categories: 3 });
}

#[test]
fn a_contested_name_goes_to_the_smallest_id_in_any_order() {
    for order in [[1, 2], [2, 1]] {
        let shop = Catalogue::default();
        for n in order {
            shop.apply_product(id(n), 1, &shirt("Same", &[], &[("S-1", "S", n as i64)]));
        }
        assert_eq!(shop.product("same", false).unwrap().id, id(1));
        assert_eq!(shop.sku(&sku("S-1")).unwrap().price.amount, 1);
        // The other one does not show the SKU at a price of its own, until it is the SKU's product.
        let other = || shop.product(&id(2).to_string(), false).unwrap();
        assert_eq!((other().variants.len(), other().price), (0, None));
        let prices = || -> Vec<_> {
            let page = shop.page(None, None, 9).unwrap();
            (0..page.items.len()).map(|n| card(&page, n)["price"]["amount"].as_i64()).collect()
        };
        assert_eq!(prices(), [Some(1), None]);
        shop.apply_product(id(1), 2, &ProductView { archived: true, ..shirt("Same", &[], &[("S-1", "S", 1)]) });
        assert_eq!((other().variants.len(), prices()), (1, vec![Some(2)]));
    }
}

#[test]
fn racing_tails_leave_every_card_right() {
    for (last, shown) in [(0, "out"), (4, "low"), (50, "in_stock")] {
        let shop = shop();
        let flap = |code: &'static str, last: u64| {
            let shop = shop.clone();
            std::thread::spawn(move || {
                for version in 1..2_000 {
                    shop.apply_stock(&sku(code), version, &stock((version % 3) * 5, 4));
                }
                shop.apply_stock(&sku(code), 2_000, &stock(last, 4));
            })
        };
        let threads = [flap("L-S", 0), flap("L-M", last)];
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(card(&shop.page(Some("shirts"), None, 1).unwrap(), 0)["availability"], shown);
    }
}

#[test]
fn a_part_of_a_name_finds_every_sku_however_rare() {
    let shop = Catalogue::default();
    for n in 0..10_000 {
        shop.apply_stock(&sku(&format!("S-{n:05}")), 1, &stock(1, 0));
    }
    shop.apply_stock(&sku("ZÜRICH 1/2"), 1, &stock(1, 0));
    let found = |part: &str, after: Option<&str>, limit| -> Vec<String> {
        let after = after.map(sku);
        shop.skus_with(part, after.as_ref(), limit).iter().map(Sku::to_string).collect()
    };
    assert_eq!(found("zürich", None, 10), ["ZÜRICH 1/2"]);
    assert_eq!(found("s-0999", None, 3), ["S-09990", "S-09991", "S-09992"]);
    assert_eq!(found("s-0999", Some("S-09998"), 3), ["S-09999"]);
    assert_eq!(found("none", None, 3), [""; 0]);
}
