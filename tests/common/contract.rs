//! Every response in a test is compared with the OpenAPI document: its status, and for a problem its code.

use std::sync::OnceLock;

use hyper::Method;
use serde_json::Value;

struct Operation {
    method: String,
    /// `None` stands for a parameter.
    path: Vec<Option<String>>,
    responses: Value,
}

fn operations() -> &'static [Operation] {
    static OPERATIONS: OnceLock<Vec<Operation>> = OnceLock::new();
    OPERATIONS.get_or_init(|| {
        let document: Value = serde_json::from_str(&souk::app::routes::openapi().to_json().unwrap()).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let of_path = |(path, item): (&String, &Value)| {
            let parts = path.split('/').map(|part| (!part.starts_with('{')).then(|| part.to_owned()));
            let parts: Vec<_> = parts.collect();
            let operations = item.as_object().unwrap().iter().map(|(method, operation)| Operation {
                method: method.to_uppercase(),
                path: parts.clone(),
                responses: operation["responses"].clone(),
            });
            operations.collect::<Vec<_>>()
        };
        paths.iter().flat_map(of_path).collect()
    })
}

/// Panics where the document does not list this response. An address outside the document is not checked.
#[track_caller]
pub fn check(method: &Method, path: &str, status: u16, body: &Value) {
    let path: Vec<_> = path.split('?').next().unwrap_or_default().split('/').collect();
    let fits = |operation: &&Operation| {
        operation.method == method.as_str()
            && operation.path.len() == path.len()
            && operation.path.iter().zip(&path).all(|(part, given)| part.as_deref().is_none_or(|part| part == *given))
    };
    // A path without parameters comes before one with them: `/api/orders/lookup` is no order.
    let found =
        operations().iter().filter(fits).min_by_key(|one| one.path.iter().filter(|part| part.is_none()).count());
    let Some(operation) = found else { return };
    let response = &operation.responses[status.to_string()];
    assert!(!response.is_null(), "{method} {}: status {status} is not in the document: {body}", path.join("/"));
    if status >= 400 {
        let codes = response["x-codes"].as_array().cloned().unwrap_or_default();
        let code = &body["code"];
        assert!(codes.contains(code), "{method} {}: {status} lists {codes:?}, not {code}", path.join("/"));
    }
}
