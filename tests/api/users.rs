//! Accounts as staff keeps them: who may see and change them, roles that are given and taken, and the last superadmin.

use hyper::Method;
use serde_json::{Value, json};

use crate::shop::{Shop, fresh_key, text};

fn roles(names: &[&str]) -> Value {
    json!({"roles": names})
}

async fn role(shop: &Shop, name: &str, permissions: &[&str]) {
    shop.staff().post("/api/roles", json!({"name": name, "permissions": permissions})).await.created();
}

fn without_version(user: &Value) -> Value {
    let mut user = user.clone();
    user.as_object_mut().expect("a user").remove("version");
    user
}

#[tokio::test]
async fn staff_makes_an_account_finds_it_and_ends_its_use() {
    let shop = Shop::with(|_| {}).await;
    let staff = shop.staff();
    let email = format!("Grace.{}@Example.org", fresh_key());
    let body = json!({"email": email, "name": "Grace", "roles": ["support", "warehouse"]});
    let made = staff.post("/api/users", body.clone()).await.created();
    assert_eq!((&made["email"], &made["roles"]), (&json!(email), &json!(["support", "warehouse"])));
    assert_eq!((&made["disabled"], &made["sessions"]), (&json!(false), &json!(0)));
    staff.post("/api/users", body).await.refused(409, "account_exists");
    let path = format!("/api/users/{}", text(&made["id"]));
    let same = |one: &Value| without_version(one) == without_version(&made);
    assert!(same(&staff.get(&path).await.ok()));
    let beginning = email[..12].to_uppercase();
    for query in [format!("q={beginning}"), "role=warehouse".to_owned(), "limit=100".to_owned()] {
        let page = staff.get(&format!("/api/users?{query}")).await.ok();
        assert!(page["items"].as_array().unwrap().iter().any(same), "{query}: {page}");
    }
    let nobody = staff.get("/api/users?role=catalogue").await.ok();
    assert_eq!(nobody["items"], json!([]));
    let change = async |disabled: bool, tag: &str| {
        staff.send(Method::PUT, &path, &[("if-match", tag)], Some(json!({"disabled": disabled}))).await
    };
    // The invitation's mail is a version, too, and comes when its turn comes: who is too late looks again.
    let mut tag = staff.get(&path).await.etag().to_owned();
    let mut answer = change(true, &tag).await;
    if answer.status == 412 {
        tag = staff.get(&path).await.etag().to_owned();
        answer = change(true, &tag).await;
    }
    let disabled = answer.ok();
    assert_eq!(disabled["disabled"], true);
    change(false, &tag).await.refused(412, "version_conflict");
    assert_eq!(staff.put(&path, json!({"disabled": false})).await.ok()["disabled"], false);
    assert_eq!(staff.delete(&path).await.ok()["disabled"], true);
    staff.get("/api/users/0192f0c1-2e7a-7d0e-9b53-1f6a50c48a11").await.refused(404, "unknown_user");
}

#[tokio::test]
async fn nobody_gives_or_takes_what_they_do_not_have() {
    let shop = Shop::with(|_| {}).await;
    role(&shop, "recruiter", &["users.read", "users.write", "orders.read"]).await;
    role(&shop, "reader", &["orders.read"]).await;
    let (recruiter, manager) = (shop.person(&["recruiter"]).await, shop.person(&["manager"]).await);
    let somebody = shop.person(&["customer"]).await;
    let path = format!("/api/users/{}/roles", somebody.id().await);
    let refused = recruiter.put(&path, roles(&["support"])).await.refused(403, "grants_too_much");
    assert!(refused["permissions"].as_array().unwrap().contains(&json!("money.read")), "{refused}");
    recruiter.put(&path, roles(&["reader"])).await.ok();
    recruiter.put(&path, roles(&["nothing-like-it"])).await.refused(404, "unknown_role");
    for bad in [roles(&[]), roles(&["Reader"]), json!({"roles": vec!["reader"; 17]})] {
        recruiter.put(&path, bad).await.refused(422, "invalid_field");
    }
    manager.put(&path, roles(&["superadmin"])).await.refused(403, "grants_too_much");
    manager.put(&path, roles(&["support"])).await.ok();
    // To take is to decide over it, too: a role, an account's use, and what a role grants.
    recruiter.put(&path, roles(&["customer"])).await.refused(403, "grants_too_much");
    recruiter.delete(path.trim_end_matches("/roles")).await.refused(403, "grants_too_much");
    let own = format!("/api/users/{}/roles", recruiter.id().await);
    recruiter.put(&own, roles(&["recruiter", "manager"])).await.refused(403, "grants_too_much");
    let superadmin = format!("/api/users/{}", shop.staff().id().await);
    manager.delete(&superadmin).await.refused(403, "grants_too_much");
    manager.put(&format!("{superadmin}/roles"), roles(&["customer"])).await.refused(403, "grants_too_much");
    role(&shop, "half", &["users.write", "roles.write", "orders.read"]).await;
    let half = shop.person(&["half"]).await;
    let wide = json!({"name": "wide", "permissions": ["orders.read", "money.read"]});
    assert_eq!(
        half.post("/api/roles", wide).await.refused(403, "grants_too_much")["permissions"],
        json!(["money.read"])
    );
    role(&shop, "rich", &["money.read"]).await;
    half.put("/api/roles/rich", json!({"permissions": []})).await.refused(403, "grants_too_much");
    half.delete("/api/roles/rich").await.refused(403, "grants_too_much");
    half.put("/api/roles/reader", json!({"permissions": []})).await.ok();
}

#[tokio::test]
async fn the_last_superadmin_stays_whoever_asks() {
    let shop = Shop::with(|_| {}).await;
    let staff = shop.staff();
    let first = format!("/api/users/{}", staff.id().await);
    staff.put(&format!("{first}/roles"), roles(&["manager"])).await.refused(409, "last_superadmin");
    staff.delete(&first).await.refused(409, "still_superadmin");
    staff.put(&first, json!({"disabled": true})).await.refused(409, "still_superadmin");
    let second = shop.person(&["superadmin", "support"]).await;
    let of_second = format!("/api/users/{}", second.id().await);
    assert_eq!(second.get(&of_second).await.ok()["roles"], json!(["superadmin", "support"]));
    staff.delete(&of_second).await.refused(409, "still_superadmin");
    assert_eq!(second.put(&format!("{first}/roles"), roles(&["manager"])).await.ok()["roles"], json!(["manager"]));
    staff.get("/api/roles").await.ok();
    staff.post("/api/roles", json!({"name": "a", "permissions": []})).await.refused(403, "forbidden");
    second.put(&format!("{of_second}/roles"), roles(&["customer"])).await.refused(409, "last_superadmin");
    second.put(&format!("{first}/roles"), roles(&["superadmin"])).await.ok();
    staff.put(&format!("{of_second}/roles"), roles(&["customer"])).await.ok();
    staff.delete(&of_second).await.ok();
    second.get("/api/auth/validate").await.refused(401, "invalid_token");
}

/// Each takes the role from the other in the same moment, again and again: one is left each time, and only one may go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_superadmins_who_demote_each_other_at_once_leave_one() {
    let shop = Shop::with(|_| {}).await;
    let people = [shop.person(&["superadmin"]).await, shop.person(&["superadmin"]).await];
    let paths =
        [format!("/api/users/{}/roles", people[0].id().await), format!("/api/users/{}/roles", people[1].id().await)];
    // The first account steps down: the two are the only ones.
    let first = format!("/api/users/{}/roles", shop.staff().id().await);
    people[0].put(&first, roles(&["manager"])).await.ok();
    for round in 0..8 {
        let demote = async |by: usize| people[by].put(&paths[1 - by], roles(&["manager"])).await;
        let (one, other) = tokio::join!(demote(0), demote(1));
        let done = [&one, &other].map(|answer| answer.status == 200);
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "round {round}: {one:?} {other:?}");
        let (left, gone) = if done[0] { (0, 1) } else { (1, 0) };
        let roles_of =
            async |n: usize| people[left].get(paths[n].trim_end_matches("/roles")).await.ok()["roles"].clone();
        assert_eq!(roles_of(left).await, json!(["superadmin"]), "round {round}");
        assert_eq!(roles_of(gone).await, json!(["manager"]), "round {round}");
        people[left].put(&paths[left], roles(&["manager"])).await.refused(409, "last_superadmin");
        people[left].put(&paths[gone], roles(&["superadmin"])).await.ok();
    }
}

#[tokio::test]
async fn who_lacks_a_permission_sees_no_amounts_or_no_persons_over_http() {
    let shop = Shop::with(|_| {}).await;
    role(&shop, "packer", &["orders.read", "payments.read", "customers.read"]).await;
    role(&shop, "analyst", &["orders.read", "payments.read", "money.read", "users.read"]).await;
    let (packer, analyst) = (shop.person(&["packer"]).await, shop.person(&["analyst"]).await);
    let buyer = shop.guest();
    let order = buyer.buy(&shop.sku_with(3).await, 1).await;
    let id = text(&order["id"]);
    let payment = format!("/api/payments/{}", text(&order["payment_id"]));
    let one = format!("/api/orders/{id}");
    let history = format!("{one}/history");
    for path in [one.as_str(), "/api/orders", "/api/orders/status/verified", &history] {
        let (seen, by_analyst) = (packer.get(path).await.ok().to_string(), analyst.get(path).await.ok().to_string());
        assert!(seen.contains("ada@example.org") && !seen.contains("EUR"), "{path}: {seen}");
        assert!(by_analyst.contains("EUR") && !by_analyst.contains("ada@example.org"), "{path}: {by_analyst}");
        assert!(!by_analyst.contains("James's Square"), "{path}: {by_analyst}");
    }
    for path in [payment.as_str(), "/api/payments"] {
        assert!(!packer.get(path).await.ok().to_string().contains("EUR"), "{path}");
        assert!(analyst.get(path).await.ok().to_string().contains("EUR"), "{path}");
    }
    let refused = analyst.get("/api/orders?q=ada").await.refused(403, "forbidden");
    assert_eq!(refused["permission"], "customers.read");
    let people = analyst.get("/api/users").await.ok();
    let others = people["items"].as_array().unwrap().iter().filter(|one| !one["roles"].to_string().contains("analyst"));
    assert!(others.clone().count() >= 2 && others.into_iter().all(|one| one.get("email").is_none()), "{people}");
    analyst.get("/api/users?q=a").await.refused(403, "forbidden");
    // What a cache has from before a permission was taken is not confirmed.
    let tag = shop.staff().get(&one).await.etag().to_owned();
    let again = packer.send(Method::GET, &one, &[("if-none-match", &tag)], None).await;
    assert!(!again.ok().to_string().contains("EUR"));
}
