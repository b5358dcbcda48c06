//! API keys over HTTP and live: made, shown once, scoped, rotated and ended.

use hyper::Method;
use serde_json::{Value, json};
use souk::domain::account::Role;

use crate::{
    live::listener::Listener,
    shop::{Shop, text},
};

fn wanted(permissions: &[&str]) -> Value {
    json!({"name": "the till", "permissions": permissions, "expires_in_days": 30})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_does_what_it_is_for_and_nothing_else_until_it_is_ended() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(3).await;
    let manager = shop.account(Role::Operator).await;
    let made = manager.post("/api/api-keys", wanted(&["stock.read"])).await.created();
    let (id, key) = (text(&made["id"]), text(&made["key"]).to_owned());
    assert!(key.starts_with(text(&made["prefix"])) && made["used_at"].is_null());
    let program = shop.with_token(&key);
    assert_eq!(program.get(&format!("/api/stock/{sku}")).await.ok()["available"], 3);
    assert_eq!(program.get("/api/roles").await.refused(403, "forbidden")["permission"], "roles.read");
    // A person's own things are not a program's.
    for (method, path) in [(Method::GET, "/api/api-keys"), (Method::GET, "/api/auth/profile")] {
        program.send(method, path, &[], None).await.refused(403, "session_required");
    }
    program.post("/api/api-keys", wanted(&["stock.read"])).await.refused(403, "session_required");
    let listed = manager.get("/api/api-keys").await.ok();
    assert!(listed["items"][0]["id"] == made["id"] && listed["items"][0]["key"].is_null(), "{listed}");
    // What listens with it hears nothing more once it is ended.
    let mut socket = Listener::of(&shop, &program).await;
    socket.listen("stock").await;
    socket.hear().await;
    assert_eq!(manager.delete(&format!("/api/api-keys/{id}")).await.status, 204);
    program.get(&format!("/api/stock/{sku}")).await.refused(401, "invalid_token");
    assert_eq!(socket.closed_with().await, 1008);
    manager.delete(&format!("/api/api-keys/{id}")).await.refused(404, "unknown_api_key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_makes_a_key_for_more_than_they_may_or_touches_anothers() {
    let shop = Shop::with(|_| {}).await;
    let manager = shop.account(Role::Operator).await;
    let refused = manager.post("/api/api-keys", wanted(&["roles.write"])).await.refused(403, "grants_too_much");
    assert_eq!(refused["permissions"], json!(["roles.write"]));
    for bad in [wanted(&[]), wanted(&["moon.read"]), json!({"name": "", "permissions": ["stock.read"]})] {
        manager.post("/api/api-keys", bad).await.refused(422, "invalid_field");
    }
    let days = json!({"name": "a", "permissions": ["stock.read"], "expires_in_days": 367});
    manager.post("/api/api-keys", days).await.refused(422, "invalid_field");
    shop.guest().get("/api/api-keys").await.refused(401, "unauthenticated");

    let made = manager.post("/api/api-keys", wanted(&["stock.read", "stock.receive"])).await.created();
    let path = format!("/api/api-keys/{}", text(&made["id"]));
    let other = shop.account(Role::Operator).await;
    other.delete(&path).await.refused(404, "unknown_api_key");
    other.post(&format!("{path}/rotate"), json!({})).await.refused(404, "unknown_api_key");
    manager.post(&format!("{path}/rotate"), json!({"overlap_seconds": -1})).await.refused(422, "invalid_field");
    let rotated = manager.post(&format!("{path}/rotate"), json!({"overlap_seconds": 600})).await.ok();
    assert!(rotated["previous_until"].is_string() && rotated["key"] != made["key"]);
    for key in [&made["key"], &rotated["key"]] {
        shop.with_token(text(key)).get("/api/stock").await.ok();
    }
    let again = manager.post(&format!("{path}/rotate"), json!({"overlap_seconds": 0})).await.ok();
    shop.with_token(text(&rotated["key"])).get("/api/stock").await.refused(401, "invalid_token");
    shop.with_token(text(&again["key"])).get("/api/stock").await.ok();
    // The first use is written down beside the request.
    let used = async || manager.get("/api/api-keys").await.ok()["items"][0]["used_at"].is_string();
    crate::shop::eventually("the use is written down", used).await;
}
