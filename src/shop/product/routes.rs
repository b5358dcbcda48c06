//! Products: lists and one product.
//!
//! A list is made of cards that the read model has rendered already: no row is read and nothing is serialised here,
//! because every visitor requests this page.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    catalogue::PageError,
    wire::{Product, ProductPage},
};
use crate::{
    http::{
        Code, Path, Problem, Query,
        auth::{Anybody, Public},
        conditional::{etag_of, unless_known},
        listing::{self, PageQuery},
    },
    identity::Permission,
    shop::AppState,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProductsQuery {
    /// Slug of a category; its subcategories are included.
    category: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// A page of the catalogue
#[utoipa::path(get, path = "/api/products", tag = "Catalogue", params(ProductsQuery),
    responses((status = 200, description = "Products by name", body = ProductPage),
        (status = 404, description = "`unknown_category`"),
        (status = 400, description = "`bad_cursor`"),
    ))]
pub async fn list_products(
    _: Public,
    State(state): State<AppState>,
    Query(query): Query<ProductsQuery>,
) -> Result<Response, Problem> {
    page(&state, query.category.as_deref(), query.cursor.as_deref(), query.limit)
}

/// A page of one category
#[utoipa::path(get, path = "/api/products/category/{slug}", tag = "Catalogue",
    params(("slug" = String, Path, description = "A category's slug"), PageQuery),
    responses((status = 200, description = "Products by name", body = ProductPage),
        (status = 404, description = "`unknown_category`"),
    ))]
pub async fn list_products_of_category(
    _: Public,
    State(state): State<AppState>,
    Path(slug): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    of_category(&state, &slug, &query)
}

pub fn of_category(state: &AppState, slug: &str, query: &PageQuery) -> Result<Response, Problem> {
    page(state, Some(slug), query.cursor.as_deref(), query.limit)
}

fn page(
    state: &AppState,
    category: Option<&str>,
    cursor: Option<&str>,
    limit: Option<usize>,
) -> Result<Response, Problem> {
    let limit = listing::limit(limit, &state.toolkit.limits)?;
    let page = state.catalogue.page(category, cursor, limit).map_err(|error| match error {
        PageError::BadCursor => Problem::new(Code::BAD_CURSOR, error.to_string()),
        PageError::NoSuchCategory => Problem::new(Code::UNKNOWN_CATEGORY, error.to_string()),
    })?;
    Ok(json(page.to_json()))
}

/// A product with its variants, by id or slug
///
/// The `ETag` covers availability too, so a 304 is as true as a fresh answer.
#[utoipa::path(get, path = "/api/products/{id}", tag = "Catalogue",
    params(("id" = String, Path, description = "A product's id or slug")),
    responses(
        (status = 200, description = "The product", body = Product, headers(("etag" = String))),
        (status = 304, description = "Nothing has changed since `If-None-Match`"),
        (status = 404, description = "`unknown_product`"),
    ))]
pub async fn get_product(
    State(state): State<AppState>,
    Anybody(who): Anybody,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let counts = state.public_stock_counts || who.is_some_and(|who| who.may(Permission::StockRead));
    let unknown = || Problem::new(Code::UNKNOWN_PRODUCT, "there is no such product").with("product", &id);
    let product = state.catalogue.product(&id, counts).ok_or_else(unknown)?;
    let body = serde_json::to_string(&product).map_err(|error| Problem::internal(&error))?;
    Ok(unless_known(&headers, etag_of(body.as_bytes()), || json(body)))
}

fn json(body: String) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}
