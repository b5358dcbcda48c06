//! The OpenAPI document against the router: version, references, names, bounds, secured operations.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{http::docs, identity::Permission, shop::AppState};

fn document() -> Value {
    serde_json::from_str(&super::openapi().to_json().unwrap()).unwrap()
}

/// (method, path, operation)
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| {
        let methods = item.as_object().unwrap().iter().filter(|(name, _)| *name != "parameters");
        methods.map(|(method, operation)| (method.clone(), path.clone(), operation.clone())).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_path).collect()
}

fn walk(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            visit(name, member);
            walk(member, visit);
        }),
        Value::Array(values) => values.iter().for_each(|value| walk(value, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn it_is_openapi_3_1_and_no_reference_dangles() {
    let document = document();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut references = 0;
    walk(&document, &mut |name, member| {
        if name == "$ref" {
            let pointer = member.as_str().unwrap().trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{pointer} does not exist");
            references += 1;
        }
    });
    assert!(references > 50, "{references} references");
}

#[test]
fn every_operation_has_a_name_of_its_own_a_tag_and_the_shape_of_its_problems() {
    let document = document();
    let operations = operations(&document);
    let names: BTreeSet<_> =
        operations.iter().map(|(.., operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), operations.len());
    for (method, path, operation) in &operations {
        assert_eq!(operation["tags"].as_array().map(Vec::len), Some(1), "{method} {path}");
        assert!(operation["summary"].is_string(), "{method} {path}");
        let problem = &operation["responses"]["default"]["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(problem, "#/components/schemas/Problem", "{method} {path}");
    }
}

#[test]
fn path_parameters_are_the_paths_own_and_once() {
    for (method, path, operation) in operations(&document()) {
        let named: BTreeSet<_> = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let listed: Vec<_> =
            parameters.iter().filter(|one| one["in"] == "path").map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(listed.len(), named.len(), "{method} {path}: {listed:?}");
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), named, "{method} {path}");
        let names: Vec<_> = parameters.iter().map(|one| (one["in"].clone(), one["name"].clone())).collect();
        for (n, name) in names.iter().enumerate() {
            assert!(!names[..n].contains(name), "{method} {path}: {name:?} twice");
        }
    }
}

#[test]
fn limits_are_documented_where_lists_take_them() {
    let mut lists = 0;
    for (method, path, operation) in operations(&document()) {
        for parameter in operation["parameters"].as_array().into_iter().flatten().filter(|one| one["name"] == "limit") {
            assert_eq!(parameter["schema"]["minimum"], 1, "{method} {path}");
            assert_eq!(
                parameter["schema"]["maximum"],
                crate::config::Http::default().page_limit_max,
                "{method} {path}"
            );
            lists += 1;
        }
    }
    assert!(lists >= 10, "{lists} lists");
}

/// The routes of issue and design; a route that is dropped by mistake fails here.
#[test]
fn every_route_of_the_design_is_there() {
    let document = document();
    let have: BTreeSet<_> =
        operations(&document).into_iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    let due = [
        "get /api/products",
        "get /api/products/{id}",
        "get /api/products/category/{slug}",
        "get /api/categories",
        "get /api/categories/{slug}",
        "get /api/categories/{slug}/products",
        "get /media/sample/{path}",
        "get /api/stock/{sku}",
        "get /api/cart",
        "post /api/cart/lines",
        "put /api/cart/lines/{sku}",
        "delete /api/cart/lines/{sku}",
        "get /api/shipping-methods",
        "post /api/checkout",
        "post /api/orders",
        "get /api/orders",
        "get /api/orders/{id}",
        "delete /api/orders/{id}",
        "put /api/orders/{id}",
        "post /api/orders/lookup",
        "get /api/orders/status/{status}",
        "get /api/orders/user/{id}",
        "post /api/orders/{id}/transitions",
        "post /api/orders/{id}/fulfilments",
        "get /api/orders/{id}/history",
        "post /api/payments",
        "get /api/payments",
        "get /api/payments/{id}",
        "get /api/payments/status/{status}",
        "get /api/payments/user/{id}",
        "post /api/payments/{id}/capture",
        "post /api/payments/{id}/void",
        "post /api/payments/{id}/refunds",
        "post /api/payments/refund/{id}",
        "get /api/stock",
        "post /api/stock/{sku}/receipts",
        "post /api/stock/{sku}/adjustments",
        "put /api/stock/{sku}/threshold",
        "get /api/stock/{sku}/movements",
        "post /api/stock/{sku}/holds",
        "delete /api/stock/{sku}/holds/{id}",
        "get /api/cluster",
        "get /healthz",
        "get /readyz",
        "get /metrics",
    ];
    let missing: Vec<_> = due.iter().filter(|route| !have.contains(**route)).collect();
    assert!(missing.is_empty(), "{missing:?} of {have:?}");
}

/// Moves stock or money: must take a key. A provider's webhook has a name of its own instead.
#[test]
fn every_post_that_moves_stock_or_money_requires_a_key() {
    for (method, path, operation) in operations(&document()) {
        let moves =
            ["/checkout", "/payments", "/stock/", "/fulfilments", "/refund"].iter().any(|part| path.contains(part));
        if method == "post" && (moves || path == "/api/orders") && !path.contains("/webhooks/") {
            let key =
                operation["parameters"].as_array().into_iter().flatten().find(|one| one["name"] == "idempotency-key");
            assert_eq!(key.map(|key| &key["required"]), Some(&Value::Bool(true)), "{method} {path}");
        }
    }
}

/// Deny unless declared: an operation whose handler says nothing of its callers, or whose document says another thing
/// than its security, fails here.
#[test]
fn every_operation_and_every_topic_declares_whom_it_admits() {
    let document = document();
    let declared = |said: &Value| matches!(said.as_str(), Some("public" | "owner")) || is_permission(said);
    for (method, path, operation) in operations(&document) {
        let said = &operation["x-permission"];
        assert!(declared(said), "{method} {path}: x-permission is {said}");
        let others = &operation["x-permission-others"];
        assert!(others.is_null() || (said == "owner" && is_permission(others)), "{method} {path}: {others}");
        let needs_account = operation["security"] == serde_json::json!([{"bearer": []}]);
        assert!(!is_permission(said) || needs_account, "{method} {path} asks for {said} and for no account");
        assert!(said != "public" || !needs_account, "{method} {path} is public and asks for an account");
    }
    let topics = document["paths"]["/live"]["get"]["x-topics"].as_object().expect("topics");
    assert!(topics.len() >= 6 && topics.values().all(|topic| declared(&topic["permission"])), "{topics:?}");
}

fn is_permission(said: &Value) -> bool {
    said.as_str().is_some_and(|said| said.parse::<Permission>().is_ok())
}

/// Axum refuses conflicting routes by a panic when they are put together.
#[test]
fn the_pages_and_the_api_do_not_stand_in_each_others_way() {
    let (routes, document) = super::api().split_for_parts();
    assert!(routes.merge(docs::router::<AppState>(super::finished(document), &[])).has_routes());
}

/// Every code is listed under its own status, and each operation lists at least the codes of any request.
#[test]
fn every_status_lists_its_codes() {
    let by_name: std::collections::HashMap<_, _> =
        crate::shop::codes().map(|code| (code.name(), code.status().as_str().to_owned())).collect();
    let mut used = BTreeSet::new();
    for (method, path, operation) in operations(&document()) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let codes: Vec<_> =
                response["x-codes"].as_array().into_iter().flatten().map(|code| code.as_str().unwrap()).collect();
            let listed = !codes.is_empty() || status.starts_with(['1', '2', '3']) || status == "default";
            assert!(listed, "{method} {path}: {status} lists no code");
            for code in codes {
                assert_eq!(by_name.get(code), Some(status), "{method} {path}: `{code}` stands under {status}");
                used.insert(code.to_owned());
            }
        }
        assert_eq!(operation["responses"]["504"]["x-codes"], serde_json::json!(["timed_out"]), "{method} {path}");
    }
    // Codes of the router, of the live endpoints, or of commands that no operation sends.
    let elsewhere = [
        "bad_request",
        "method_not_allowed",
        "too_many_topics",
        "account_exists",
        "hold_conflict",
        "no_hold",
        "hold_not_committed",
        "returns_too_many",
        // In the fragment of the page that a browser comes back to.
        "sso_refused",
        "sso_untrusted",
        "sso_unverified_email",
        "sso_owner_asked",
    ];
    let unused: Vec<_> = by_name.keys().filter(|code| !used.contains(**code) && !elsewhere.contains(*code)).collect();
    assert!(unused.is_empty(), "no operation lists {unused:?}");
}
