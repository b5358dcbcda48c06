//! A guest who gets an account: their cart comes along, and so do the orders of an address that they have proven.

use serde_json::{Value, json};

use crate::{
    live::listener::Listener,
    shop::{PASSWORD, Shop, text},
};

fn lines(cart: &Value) -> Vec<(&str, i64)> {
    let lines = cart["lines"].as_array().expect("lines");
    lines.iter().map(|line| (text(&line["sku"]), line["quantity"].as_i64().unwrap())).collect()
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().expect("a page").iter().map(|order| text(&order["id"])).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guests_cart_goes_into_the_accounts_once_and_the_answer_says_what_was_capped() {
    let shop = Shop::with(|_| {}).await;
    let (scarce, plenty) = (shop.sku_with(5).await, shop.sku_with(50).await);
    let ada = "ada@example.org";
    let session = shop.register(ada).await;
    assert!(session["cart"].is_null(), "nothing to merge, nothing told");
    let account = shop.logged_in(&session);
    account.put_in_cart(&scarce, 2).await;

    let guest = shop.guest();
    guest.put_in_cart(&scarce, 4).await;
    guest.put_in_cart(&plenty, 3).await;
    let capped = json!([{"sku": scarce, "wanted": 6, "quantity": 5}]);
    assert_eq!(guest.log_in(ada, PASSWORD).await["cart"], json!({"merged": true, "capped": capped}));
    let both = [(scarce.as_str(), 5), (plenty.as_str(), 3)];
    assert_eq!(lines(&account.get("/api/cart").await.ok()), both);
    assert_eq!(lines(&guest.get("/api/cart").await.ok()), [], "the guest's cart is empty");
    // Another log-in finds nothing to merge, and adds nothing again.
    assert!(guest.log_in(ada, PASSWORD).await["cart"].is_null());
    assert_eq!(lines(&account.get("/api/cart").await.ok()), both);

    // With a session a wrong password moves nothing, and a registration takes the cart along as a log-in does.
    let newcomer = shop.guest();
    newcomer.put_in_cart(&plenty, 2).await;
    newcomer
        .post("/api/auth/login", json!({"email": ada, "password": "a wrong password"}))
        .await
        .refused(401, "invalid_credentials");
    assert_eq!(lines(&newcomer.get("/api/cart").await.ok()), [(plenty.as_str(), 2)]);
    let body = json!({"email": "bob@example.org", "password": PASSWORD});
    let registered = newcomer.post("/api/auth/register", body).await.created();
    assert_eq!(registered["cart"]["merged"], true);
    let bob = shop.logged_in(&registered);
    assert_eq!(lines(&bob.get("/api/cart").await.ok()), [(plenty.as_str(), 2)]);
    assert_eq!(lines(&account.get("/api/cart").await.ok()), both, "nobody else's cart was touched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proven_address_adopts_the_orders_of_its_guests_and_an_unproven_one_none() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(50).await;
    // Both name ada@example.org.
    let guest = shop.guest();
    let placed = guest.order(&sku, 1).await;
    let bob = shop.logged_in(&shop.register("bob@example.org").await);
    let bobs = bob.order(&sku, 1).await;
    let (id, topic) = (text(&placed["id"]), format!("order.{}", text(&placed["id"])));

    let session = shop.register("Ada@Example.org").await;
    let ada = shop.logged_in(&session);
    assert_eq!(ids(&ada.get("/api/orders").await.ok()), Vec::<&str>::new(), "an address that nobody has proven");
    ada.get(&format!("/api/orders/{id}")).await.refused(404, "unknown_order");
    Listener::of(&shop, &ada).await.refused(&topic, "not_found").await;

    let link = shop.mailed_link("Ada@Example.org", "verify-email").await;
    assert_eq!(shop.guest().post("/api/auth/email/verify", json!({"token": link})).await.status, 204);
    let own = ada.order(&sku, 2).await;
    assert_eq!(ids(&ada.get("/api/orders").await.ok()), [text(&own["id"]), id]);
    let first = ada.get("/api/orders?limit=1").await.ok();
    let next = format!("/api/orders?limit=1&cursor={}", text(&first["next"]));
    assert_eq!(ids(&ada.get(&next).await.ok()), [id], "both lists are one, page by page");
    assert_eq!(ids(&ada.get("/api/orders/status/awaiting_payment").await.ok()), [text(&own["id"]), id]);
    let seen = ada.get(&format!("/api/orders/{id}")).await.ok();
    assert_eq!((&seen["email"], &seen["user_id"]), (&json!("ada@example.org"), &placed["user_id"]));
    let mut listener = Listener::of(&shop, &ada).await;
    listener.listen(&topic).await;
    assert_eq!(listener.hear().await["view"]["email"], "ada@example.org", "seen as one's own");
    // Another account's order is its own, whatever address it named.
    ada.get(&format!("/api/orders/{}", text(&bobs["id"]))).await.refused(404, "unknown_order");
    // The guest keeps it, and a stranger does not get it.
    assert_eq!(ids(&guest.get("/api/orders").await.ok()), [id]);
    guest.pay(&placed, "tok_ok").await.created();
    bob.get(&format!("/api/orders/{id}")).await.refused(404, "unknown_order");
}
