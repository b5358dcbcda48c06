//! Deny unless granted: every operation and every topic, tried by a stranger, a guest, a forger and an account of each
//! role, admits exactly whom its declaration admits. A new operation is tried here by itself; one without a declaration
//! fails.

use hyper::Method;
use serde_json::{Value, json};
use souk::identity::{Permission, PermissionSet, permission::BUILT_IN};

use crate::{
    live::listener::Listener,
    shop::{Person, Shop},
};

struct Operation {
    method: Method,
    path: String,
    /// `public`, `owner`, or a permission's name.
    admits: String,
    /// Nobody without an account.
    secured: bool,
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut found = vec![];
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let admits =
                operation["x-permission"].as_str().unwrap_or_else(|| panic!("{method} {path} declares nothing"));
            let secured = operation["security"].as_array().is_some_and(|schemes| !schemes.contains(&json!({})));
            let method = method.to_uppercase().parse().expect("a method");
            found.push(Operation { method, path: path.clone(), admits: admits.to_owned(), secured });
        }
    }
    found
}

/// A path with something plausible in each place: the refusal must come before anything is looked up.
fn filled(path: &str) -> String {
    let id = "0192f0c1-2e7a-7d0e-9b53-1f6a50c48a11";
    path.replace("{id}", id).replace("{sku}", "ANY-SKU").replace("{status}", "verified").replace("{kind}", "order")
}

/// Who has which permissions; `None`: no account.
struct Who<'a> {
    name: &'static str,
    person: Person<'a>,
    permissions: Option<PermissionSet>,
}

async fn everybody(shop: &Shop) -> Vec<Who<'_>> {
    let guest = shop.guest();
    let page = guest.get("/api/products?limit=1").await.ok();
    guest.put_in_cart(page["items"][0]["skus"][0].as_str().unwrap(), 1).await;
    let mut all = vec![
        Who { name: "a stranger", person: shop.guest(), permissions: None },
        Who { name: "a guest", person: guest, permissions: None },
    ];
    for role in &BUILT_IN {
        let person = shop.person(&[role.name]).await;
        all.push(Who { name: role.name, person, permissions: Some(role.permissions) });
    }
    let one = json!({"name": "counter", "permissions": ["stock.adjust"]});
    shop.staff().post("/api/roles", one).await.created();
    let permissions = PermissionSet::of(&[Permission::StockAdjust]);
    all.push(Who { name: "counter", person: shop.person(&["counter"]).await, permissions: Some(permissions) });
    all
}

#[tokio::test]
async fn every_operation_admits_exactly_whom_it_declares() {
    let shop = Shop::with(|_| {}).await;
    let document = shop.guest().get("/api/openapi.json").await.ok();
    let everybody = everybody(&shop).await;
    let forged = shop.with_token("eyJhbGciOiJub25lIn0.e30.");
    let (mut admitted, mut refused) = (0, 0);
    // A socket's handshake is no request; each topic is tried below. Who logs out has no session for the next question.
    let asked = |one: &Operation| !one.path.starts_with("/live") && one.path != "/api/auth/logout";
    for operation in operations(&document).into_iter().filter(asked) {
        let Operation { method, path, admits, secured } = operation;
        let send = async |who: &Person<'_>| {
            who.send(method.clone(), &filled(&path), &[("idempotency-key", "k")], Some(json!({}))).await
        };
        if secured {
            let answer = send(&forged).await;
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{method} {path}");
            answer.refused(401, "invalid_token");
        }
        for Who { name, person, permissions } in &everybody {
            let answer = send(person).await;
            let about = format!("{name}: {method} {path} for {admits}: {} {}", answer.status, answer.json);
            match (admits.parse(), permissions) {
                (Ok(permission), Some(permissions)) if !permissions.has(permission) => {
                    assert_eq!((answer.status, &answer.json["code"]), (403, &json!("forbidden")), "{about}");
                    assert_eq!(answer.json["permission"], admits, "{about}");
                    refused += 1;
                }
                (_, None) if secured => {
                    assert_eq!((answer.status, &answer.json["code"]), (401, &json!("unauthenticated")), "{about}");
                    refused += 1;
                }
                (_, _) => {
                    // What else is wrong with the request is said; the caller is not.
                    let code = answer.json["code"].as_str().unwrap_or_default();
                    assert!(!["forbidden", "unauthenticated"].contains(&code), "{about}");
                    admitted += 1;
                }
            }
        }
    }
    assert!(admitted >= 150 && refused >= 70, "{admitted} admitted, {refused} refused");
}

#[tokio::test]
async fn every_topic_admits_exactly_whom_it_declares() {
    let shop = Shop::with(|_| {}).await;
    let document = shop.guest().get("/api/openapi.json").await.ok();
    let topics = document["paths"]["/live"]["get"]["x-topics"].as_object().expect("topics").clone();
    let everybody = everybody(&shop).await;
    let buyer = shop.guest();
    let order = buyer.order(&shop.sku_with(3).await, 1).await;
    let cart = buyer.get("/api/cart").await.ok();
    let sku = order["lines"][0]["sku"].as_str().unwrap();
    for (pattern, declared) in &topics {
        let id = if pattern.starts_with("cart") { &cart["id"] } else { &order["id"] };
        let topic = pattern.replace("<id>", id.as_str().unwrap()).replace("<sku>", sku);
        let admits = declared["permission"].as_str().unwrap_or_else(|| panic!("{pattern} declares nothing"));
        for Who { name, person, permissions } in &everybody {
            let has = |said: &Value| {
                let permission = said.as_str().and_then(|said| said.parse().ok());
                permission.is_some_and(|permission| permissions.is_some_and(|set| set.has(permission)))
            };
            let said = Listener::of(&shop, person).await.refusal(&topic).await;
            let code = said.as_ref().map(|said| said["code"].as_str().expect("a code"));
            let expected = match admits {
                "public" => None,
                "owner" if has(&declared["permission_others"]) => None,
                "owner" => Some("not_found"),
                _ if has(&declared["permission"]) => None,
                _ => Some("staff_only"),
            };
            assert_eq!(code, expected, "{name} at {topic}, which admits {declared}: {said:?}");
        }
    }
    assert!(topics.len() >= 7, "{topics:?}");
}
