//! Reading the catalogue.

use std::collections::BTreeSet;

use hyper::Method;
use souk::shop::product::wire::{Category, Product, ProductPage};

use crate::shop::{Shop, text};

#[tokio::test]
async fn pages_cover_the_catalogue_once_in_the_documented_shape() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    let (mut seen, mut pages, mut next) = (BTreeSet::new(), 0, String::new());
    loop {
        let answer = guest.get(&format!("/api/products?limit=100{next}")).await;
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let page: ProductPage = serde_json::from_value(answer.ok()).expect("the documented shape");
        assert!(page.items.len() <= 100);
        for item in page.items {
            assert!(seen.insert(item.id), "{} twice", item.slug);
        }
        pages += 1;
        match page.next {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert!(seen.len() >= 400 && pages >= 4, "{} products on {pages} pages", seen.len());
}

#[tokio::test]
async fn a_product_is_found_by_id_and_by_slug_and_known_ones_are_not_sent_again() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    let card = guest.get("/api/products?limit=1").await.ok()["items"][0].clone();
    let by_id = guest.get(&format!("/api/products/{}", text(&card["id"]))).await;
    let tag = by_id.etag().to_owned();
    let by_id = by_id.ok();
    let path = format!("/api/products/{}", text(&card["slug"]));
    assert_eq!(by_id, guest.get(&path).await.ok());
    let known = guest.send(Method::GET, &path, &[("if-none-match", &tag)], None).await;
    assert_eq!((known.status, known.bytes.len()), (304, 0));
    let product: Product = serde_json::from_value(by_id).expect("the documented shape");
    assert!(product.variants.iter().all(|variant| variant.available.is_none()), "counts are for staff");
    let staff: Product = serde_json::from_value(shop.staff().get(&path).await.ok()).unwrap();
    assert!(staff.variants.iter().all(|variant| variant.available.is_some()));
    guest.get("/api/products/no-such-thing").await.refused(404, "unknown_product");
}

#[tokio::test]
async fn categories_are_a_tree_and_list_their_products() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    let tree: Vec<Category> = serde_json::from_value(guest.get("/api/categories").await.ok()).unwrap();
    let top = tree.iter().find(|category| !category.children.is_empty()).expect("a category with others below it");
    let one: Category = serde_json::from_value(guest.get(&format!("/api/categories/{}", top.slug)).await.ok()).unwrap();
    assert_eq!((one.products, one.children.len()), (top.products, top.children.len()));
    let page = guest.get(&format!("/api/categories/{}/products", top.slug)).await.ok();
    assert!(!page["items"].as_array().unwrap().is_empty());
    assert_eq!(page, guest.get(&format!("/api/products/category/{}", top.slug)).await.ok());
    assert_eq!(page, guest.get(&format!("/api/products?category={}", top.slug)).await.ok());
    for path in ["/api/categories/nowhere", "/api/categories/nowhere/products", "/api/products?category=nowhere"] {
        guest.get(path).await.refused(404, "unknown_category");
    }
}

#[tokio::test]
async fn what_lists_take_has_bounds() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    for limit in ["0", "101", "-1", "many", "99999999999999999999"] {
        guest.get(&format!("/api/products?limit={limit}")).await.refused(400, "bad_query");
    }
    guest.get("/api/products?colour=red").await.refused(400, "bad_query");
    guest.get("/api/products?cursor=nonsense").await.refused(400, "bad_cursor");
    let default = guest.get("/api/products").await.ok();
    assert_eq!(default["items"].as_array().map(Vec::len), Some(24));
}

#[tokio::test]
async fn a_products_picture_can_be_fetched_and_kept() {
    let shop = Shop::start().await;
    let guest = shop.guest();
    let card = guest.get("/api/products?limit=1").await.ok()["items"][0].clone();
    let picture = guest.get(text(&card["image"]["url"])).await;
    assert_eq!(picture.header("content-type"), Some("image/svg+xml"));
    assert!(picture.header("cache-control").unwrap().contains("immutable"));
    assert!(picture.bytes.starts_with(b"<svg"));
    guest.get("/media/sample/../../etc/passwd").await.refused(404, "not_found");
}
