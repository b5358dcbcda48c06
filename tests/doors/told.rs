//! What strangers are told: no counts where the shop shows none, no measurements without a token.

use hyper::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, checkout_body, fresh_key};

async fn short_line(shop: &Shop, who: &crate::shop::Person<'_>, units: i64) -> Value {
    let sku = shop.sku_with(units).await;
    who.put_in_cart(&sku, units + 2).await;
    let refused = who.keyed(Method::POST, "/api/checkout", &fresh_key(), checkout_body()).await;
    let line = refused.refused(409, "out_of_stock")["lines"][0].clone();
    who.delete(&format!("/api/cart/lines/{sku}")).await.ok();
    line
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_checkout_tells_counts_only_to_those_who_see_them() {
    let hidden = Shop::with(|_| {}).await;
    let guest = hidden.guest();
    let line = short_line(&hidden, &guest, 3).await;
    assert_eq!((&line["availability"], line.get("available")), (&json!("low"), None), "{line}");
    let line = short_line(&hidden, &guest, 0).await;
    assert_eq!((&line["availability"], line.get("available")), (&json!("out"), None), "{line}");
    let line = short_line(&hidden, &hidden.staff(), 3).await;
    assert_eq!(line["available"], 3, "staff sees counts");
    let shown = Shop::with(|config| config.live.public_stock_counts = true).await;
    assert_eq!(short_line(&shown, &shown.guest(), 3).await["available"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn measurements_are_for_staff_and_for_the_scrapers_token() {
    let token = "a token of the scraper's own";
    let shop = Shop::with(|config| config.http.metrics_token = souk::config::Secret::new(token)).await;
    shop.guest().get("/metrics").await.refused(401, "unauthenticated");
    shop.with_token("a token of somebody else").get("/metrics").await.refused(401, "invalid_token");
    for reader in [shop.staff(), shop.with_token(token)] {
        assert_eq!(reader.get("/metrics").await.status, 200);
    }
    shop.with_token(token).get("/api/cluster").await.refused(401, "invalid_token");
}
