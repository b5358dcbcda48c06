//! Every status that an operation may return, with its codes: the shared ones, and each operation's own.
//!
//! An operation names its own codes in the description of a response (`` `out_of_stock` with `lines` ``); the codes
//! that follow from parameters, body and security are added here, so that no handler repeats them. Each response
//! carries its codes as `x-codes`, for programs; a test compares them with the server's responses.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::openapi::{
    ContentBuilder, Ref, RefOr, Response, ResponseBuilder,
    extensions::ExtensionsBuilder,
    path::{Operation, ParameterIn},
};

use crate::http::Code;

/// By status.
type Codes = BTreeMap<String, BTreeSet<&'static str>>;

/// Completes one operation's responses. `known` are all codes that exist.
pub fn complete(operation: &mut Operation, writes: bool, known: &[Code]) {
    let mut codes = Codes::new();
    for code in general(operation, writes) {
        codes.entry(code.status().as_str().to_owned()).or_default().insert(code.name());
    }
    for (status, response) in &operation.responses.responses {
        if let RefOr::T(response) = response {
            let own = named(&response.description, known).filter(|code| code.status().as_str() == status);
            codes.entry(status.clone()).or_default().extend(own.map(Code::name));
        }
    }
    for (status, codes) in codes.into_iter().filter(|(_, codes)| !codes.is_empty()) {
        let response = operation.responses.responses.entry(status).or_insert_with(|| RefOr::T(Response::new("")));
        if let RefOr::T(response) = response {
            describe(response, &codes);
        }
    }
}

fn describe(response: &mut Response, codes: &BTreeSet<&'static str>) {
    let missing: Vec<_> = codes.iter().filter(|code| !response.description.contains(&format!("`{code}`"))).collect();
    for code in missing {
        let comma = if response.description.is_empty() { "" } else { ", " };
        response.description.push_str(&format!("{comma}`{code}`"));
    }
    response.content.clear();
    response.content.insert("application/problem+json".to_owned(), RefOr::T(problem()));
    response.extensions =
        Some(ExtensionsBuilder::new().add("x-codes", codes.iter().copied().collect::<Vec<&str>>()).build());
}

fn problem() -> utoipa::openapi::Content {
    ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build()
}

/// The response for every other status, in the same shape.
pub fn any_other() -> Response {
    let any = ResponseBuilder::new().description("Any other problem; `code` says which");
    any.content("application/problem+json", problem()).build()
}

/// The codes that a text names between backticks.
fn named<'a>(text: &'a str, known: &'a [Code]) -> impl Iterator<Item = Code> + 'a {
    text.split('`').skip(1).step_by(2).filter_map(|word| known.iter().find(|code| code.name() == word).copied())
}

/// The codes that follow from an operation's form.
fn general(operation: &Operation, writes: bool) -> Vec<Code> {
    let mut codes = vec![Code::INTERNAL, Code::BUSY, Code::UNAVAILABLE, Code::TIMED_OUT, Code::TOO_MANY_REQUESTS];
    let parameters = operation.parameters.iter().flatten();
    for parameter in parameters {
        let RefOr::T(parameter) = parameter else { continue };
        match (&parameter.parameter_in, parameter.name.as_str()) {
            (ParameterIn::Path, _) => codes.push(Code::BAD_PATH),
            (ParameterIn::Query, "cursor") => codes.extend([Code::BAD_QUERY, Code::BAD_CURSOR]),
            (ParameterIn::Query, _) => codes.push(Code::BAD_QUERY),
            (ParameterIn::Header, "idempotency-key") => {
                codes.extend([Code::BAD_IDEMPOTENCY_KEY, Code::IDEMPOTENCY_KEY_REUSED]);
                if matches!(parameter.required, utoipa::openapi::Required::True) {
                    codes.push(Code::IDEMPOTENCY_KEY_REQUIRED);
                }
            }
            (ParameterIn::Header, "if-match") => codes.extend([Code::BAD_CONDITION, Code::VERSION_CONFLICT]),
            (ParameterIn::Header | ParameterIn::Cookie | ParameterIn::QueryString, _) => {}
        }
    }
    if operation.request_body.is_some() {
        codes.extend([Code::BAD_JSON, Code::BODY_TOO_SLOW, Code::BODY_TOO_LARGE, Code::UNSUPPORTED_MEDIA_TYPE]);
    }
    if writes {
        codes.extend([Code::FOREIGN_ORIGIN, Code::QUARANTINED, Code::TOO_LARGE]);
        // Staff's writes are neither counted nor refused in the reserve.
        if operation.security.is_none() {
            codes.extend([Code::OVER_BUDGET, Code::NO_ROOM]);
        }
    }
    // Credentials that are sent and wrong are refused everywhere.
    codes.extend([Code::INVALID_TOKEN, Code::TOO_MANY_ATTEMPTS]);
    if operation.security.is_some() {
        codes.extend([Code::UNAUTHENTICATED, Code::FORBIDDEN, Code::SECOND_FACTOR_REQUIRED]);
    }
    // What is an account's own is no program's.
    let declared = operation.extensions.as_ref().and_then(|all| all.get("x-permission")?.as_str());
    if operation.security.is_some() && declared == Some("owner") {
        codes.push(Code::SESSION_REQUIRED);
    }
    codes
}
