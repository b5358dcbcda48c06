//! Permissions and roles over HTTP: what there is, and the shop's own roles.

use hyper::Method;
use serde_json::{Value, json};
use souk::{
    domain::account::Role,
    identity::{Permission, permission::BUILT_IN},
};

use crate::shop::{Shop, text};

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|one| text(&one["name"])).collect()
}

#[tokio::test]
async fn every_permission_and_every_built_in_role_is_told() {
    let shop = Shop::start().await;
    let permissions = shop.staff().get("/api/permissions").await.ok();
    assert_eq!(names(&permissions), Permission::ALL.iter().map(|one| one.name()).collect::<Vec<_>>());
    assert!(permissions.as_array().unwrap().iter().all(|one| !text(&one["description"]).is_empty()));
    let roles = shop.staff().get("/api/roles").await.ok();
    assert!(names(&roles).starts_with(&BUILT_IN.each_ref().map(|role| role.name)));
    let warehouse = shop.staff().get("/api/roles/warehouse").await.ok();
    assert_eq!((&warehouse["built_in"], &warehouse["version"]), (&json!(true), &json!(0)));
    assert!(warehouse["permissions"].as_array().unwrap().contains(&json!("orders.fulfil")));
}

#[tokio::test]
async fn a_role_of_the_shops_own_is_made_changed_and_deleted() {
    let shop = Shop::with(|_| {}).await;
    let staff = shop.staff();
    let role = json!({"name": "night-shift", "permissions": ["orders.read", "orders.fulfil"], "description": "packs"});
    let made = staff.post("/api/roles", role.clone()).await;
    let tag = made.etag().to_owned();
    assert_eq!(made.header("location"), Some("/api/roles/night-shift"));
    assert_eq!(made.created()["permissions"], json!(["orders.fulfil", "orders.read"]));
    staff.post("/api/roles", role).await.refused(409, "role_exists");
    assert!(names(&staff.get("/api/roles").await.ok()).ends_with(&["night-shift"]));
    let change = |tag: String, body: Value| {
        let staff = &staff;
        async move { staff.send(Method::PUT, "/api/roles/night-shift", &[("if-match", &tag)], Some(body)).await }
    };
    let fewer = json!({"permissions": ["orders.read"]});
    assert_eq!(change(tag.clone(), fewer.clone()).await.ok()["permissions"], json!(["orders.read"]));
    change(tag.clone(), fewer).await.refused(412, "version_conflict");
    staff
        .send(Method::DELETE, "/api/roles/night-shift", &[("if-match", &tag)], None)
        .await
        .refused(412, "version_conflict");
    assert_eq!(staff.delete("/api/roles/night-shift").await.status, 204);
    staff.get("/api/roles/night-shift").await.refused(404, "unknown_role");
    staff.delete("/api/roles/night-shift").await.refused(404, "unknown_role");
    assert_eq!(names(&staff.get("/api/roles").await.ok()).len(), BUILT_IN.len());
    let again = json!({"name": "night-shift", "permissions": []});
    assert_eq!(staff.post("/api/roles", again).await.created()["permissions"], json!([]));
}

#[tokio::test]
async fn nonsense_built_in_roles_and_who_may_not_are_refused() {
    let shop = Shop::with(|_| {}).await;
    let staff = shop.staff();
    let with = |name: &str, permissions: Value| json!({"name": name, "permissions": permissions});
    for (name, permissions) in [("Night", json!([])), ("2nd", json!([])), ("a", json!(["moon.read"])), ("", json!([]))]
    {
        staff.post("/api/roles", with(name, permissions)).await.refused(422, "invalid_field");
    }
    let many: Vec<String> = (0..65).map(|n| format!("p{n}")).collect();
    staff.post("/api/roles", with("a", json!(many))).await.refused(422, "invalid_field");
    let long = json!({"name": "a", "permissions": [], "description": "x".repeat(201)});
    staff.post("/api/roles", long).await.refused(422, "invalid_field");
    staff.post("/api/roles", with("manager", json!([]))).await.refused(409, "role_exists");
    staff.put("/api/roles/manager", json!({"permissions": []})).await.refused(409, "role_built_in");
    staff.delete("/api/roles/superadmin").await.refused(409, "role_built_in");
    staff.get("/api/roles/NO").await.refused(404, "unknown_role");
    let manager = shop.account(Role::Operator).await;
    let refused = manager.post("/api/roles", with("a", json!([]))).await.refused(403, "forbidden");
    assert_eq!(refused["permission"], "roles.write");
    manager.get("/api/roles").await.ok();
}
