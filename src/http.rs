//! The HTTP API: REST JSON under `/api`, its OpenAPI 3.1 document, and the operations endpoints.
//!
//! In reading order: [`state`] and [`settings`] (what handlers are given), [`shop`], [`operators`] and
//! [`operations`] (the lists of endpoints, one file for each resource), [`dto`] (shapes on the wire),
//! [`error`] (the one shape of anything that went wrong), [`extract`], [`idempotency`], [`conditional`],
//! [`listing`] (conventions), [`guard`] (what happens around every request), [`docs`].
//! Deliberately absent: rules of the shop (they are in `domain`), and any state of its own but one
//! rate limit: a request may be answered by any node.

pub mod auth;
mod conditional;
mod docs;
pub mod dto;
mod error;
mod extract;
mod guard;
mod idempotency;
mod listing;
pub mod live;
#[cfg(test)]
mod openapi_tests;
mod operations;
mod operators;
mod order_access;
mod order_list;
pub mod page;
pub mod payments_webhook;
pub mod settings;
mod shop;
mod state;

use axum::{Router, extract::DefaultBodyLimit, middleware};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub use error::{Code, Problem};
pub use extract::{Body, Path, Query};
pub use settings::{HttpLimits, ShippingMethod, ShopSettings};
pub use state::{AppState, Parts};

use shop::known as known_sku;

fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(docs::about())
        .merge(shop::routes())
        .merge(operators::routes())
        .merge(operations::routes())
        .merge(auth::routes())
        .merge(payments_webhook::routes())
}

/// The document that describes every route of [`router`]; needs no running shop.
pub fn openapi() -> OpenApi {
    docs::finish(api().into_openapi())
}

/// Every route of this API. Routers of other rooms (live, the page, log-in) are merged before the
/// guard goes around them: pass them as `more`.
pub fn router_with(state: AppState, more: Router<AppState>) -> Router {
    let (routes, document) = api().split_for_parts();
    routes
        .merge(more)
        .merge(docs::router(docs::finish(document)))
        .fallback(guard::nothing_here)
        .method_not_allowed_fallback(guard::wrong_method)
        .layer(DefaultBodyLimit::max(state.limits.body_bytes))
        .layer(middleware::from_fn_with_state(state.identity.clone(), auth::same_origin))
        .layer(middleware::from_fn_with_state(state.clone(), guard::around))
        // Outside the time-out: what was asked may yet happen, and the retry must come from the same guest.
        .layer(middleware::from_fn(auth::guest_cookie))
        .with_state(state)
}

pub fn router(state: AppState) -> Router {
    router_with(state, Router::new())
}
