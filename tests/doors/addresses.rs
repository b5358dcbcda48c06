//! One address's share: its connections and its requests in flight, and who is outside the shared bounds.

use super::raw::{Raw, status};
use crate::shop::{Shop, eventually};

const HALF: &str = "content-type: application/json\r\ncontent-length: 100\r\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_holds_its_connections_leaves_the_others_theirs() {
    const PLACES: usize = 3;
    let shop = Shop::with(|config| config.http.connections_per_address_max = PLACES).await;
    let mut held = Vec::new();
    for _ in 0..PLACES {
        let mut client = Raw::from(&shop, 2).await;
        client.ask("GET /api/products", "").await;
        assert_eq!(status(&client.head().await), 200);
        held.push(client);
    }
    let refused = Raw::from(&shop, 2).await.get("/api/products", "").await;
    assert!(status(&refused) == 503 && refused.contains("\"code\":\"busy\""), "{refused}");
    assert_eq!(status(&Raw::from(&shop, 2).await.get("/live/sse?topics=stock.A", "").await), 503);
    // Health and staff are served even there.
    assert_eq!(status(&Raw::from(&shop, 2).await.get("/healthz", "").await), 200);
    let bearer = format!("authorization: Bearer {}\r\n", shop.staff_token());
    assert_eq!(status(&Raw::from(&shop, 2).await.get("/api/orders", &bearer).await), 200);
    assert_eq!(status(&Raw::from(&shop, 3).await.get("/api/products", "").await), 200, "another address");
    drop(held);
    eventually("the places are free again", async || {
        status(&Raw::from(&shop, 2).await.get("/api/products", "").await) == 200
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unfinished_bodies_hide_neither_health_nor_staff() {
    let shop = Shop::with(|config| {
        (config.http.inflight_max, config.http.inflight_per_address_max) = (2, 1);
        (config.http.body_timeout_ms, config.http.request_timeout_ms) = (60_000, 60_000);
    })
    .await;
    let mut one = Raw::from(&shop, 2).await;
    one.ask("POST /api/cart/lines", HALF).await;
    let answer_to = async |n: u8, path: &str| Raw::from(&shop, n).await.get(path, "").await;
    eventually("this address has its request in flight", async || {
        let refused = answer_to(2, "/api/products").await;
        status(&refused) == 429 && refused.contains("\"code\":\"too_many_requests\"") && refused.contains("retry-after")
    })
    .await;
    assert_eq!(status(&answer_to(4, "/api/products").await), 200, "another address has its own");
    let mut two = Raw::from(&shop, 3).await;
    two.ask("POST /api/cart/lines", HALF).await;
    eventually("all requests are in flight", async || status(&answer_to(4, "/api/products").await) == 503).await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(status(&answer_to(2, path).await), 200, "{path}");
    }
    shop.staff().get("/api/orders").await.ok();
    drop((one, two));
    eventually("the bodies are given up", async || status(&answer_to(4, "/api/products").await) == 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_of_random_ids_leave_no_entity_in_memory() {
    let shop = Shop::with(|_| {}).await;
    let guest = shop.guest();
    let sku = shop.sku_with(3).await;
    let order = guest.order(&sku, 1).await;
    let residents = || shop.app().engine.gateway.status().residents;
    let before = residents();
    for n in 0..100_u128 {
        let id = uuid::Uuid::from_u128(n);
        guest.get(&format!("/api/orders/{id}")).await.refused(404, "unknown_order");
        guest.get(&format!("/api/payments/{id}")).await.refused(404, "unknown_payment");
        guest.delete(&format!("/api/orders/{id}")).await.refused(404, "unknown_order");
        let login = serde_json::json!({"email": format!("{id}@example.org"), "password": "guessed"});
        if n < 3 {
            shop.guest().post("/api/auth/login", login).await.refused(401, "invalid_credentials");
        }
    }
    assert!(residents() <= before, "{} entities beside {before}", residents());
    guest.get(&format!("/api/orders/{}", crate::shop::text(&order["id"]))).await.ok();
}
