//! The route list: the toolkit's routes and each capability's, with the layers around them, and the document of all
//! routes.

#[cfg(test)]
mod openapi_tests;
#[cfg(test)]
mod snapshot_tests;

use axum::{Router, extract::DefaultBodyLimit, middleware};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::{
    http::{docs, guard, operations},
    shop::{self, AppState, Front},
};

fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(docs::about()).merge(shop::routes()).merge(operations::routes())
}

/// The document that describes every route of [`router`]; needs no running shop.
pub fn openapi() -> OpenApi {
    finished(api().into_openapi())
}

fn finished(mut document: OpenApi) -> OpenApi {
    docs::describe_live(&mut document, &shop::topics(&Front::default()));
    docs::finish(document, &shop::codes().collect::<Vec<_>>())
}

/// Every route of the API. Routers without a document (the page, a sandbox's page) are merged before the guard goes
/// around them: pass them as `more`.
pub fn router(state: AppState, more: Router<AppState>) -> Router {
    let (routes, document) = api().split_for_parts();
    let toolkit = state.toolkit.clone();
    let docs = docs::router(finished(document), &toolkit.notices);
    routes
        .merge(more)
        .merge(docs)
        .fallback(guard::nothing_here)
        .method_not_allowed_fallback(guard::wrong_method)
        .layer(DefaultBodyLimit::max(toolkit.limits.body_bytes_max))
        .layer(middleware::from_fn_with_state(toolkit, guard::around))
        .with_state(state)
}
