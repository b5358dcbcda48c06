//! The tree of categories.

use axum::{Json, extract::State, response::Response};

use crate::shop::product::routes::of_category;
use crate::{
    http::{Code, Path, Problem, Query, auth::Public, listing::PageQuery},
    shop::{
        AppState,
        product::{
            catalogue::CategoryNode,
            wire::{Category, ProductPage},
        },
    },
};

/// All categories, as a tree
#[utoipa::path(get, path = "/api/categories", tag = "Catalogue",
    responses((status = 200, description = "Siblings by position and name", body = [Category])))]
pub async fn list_categories(_: Public, State(state): State<AppState>) -> Json<Vec<CategoryNode>> {
    Json(state.catalogue.categories())
}

/// One category with those below it
#[utoipa::path(get, path = "/api/categories/{slug}", tag = "Catalogue",
    params(("slug" = String, Path, description = "A category's slug")),
    responses((status = 200, description = "The category", body = Category),
        (status = 404, description = "`unknown_category`"),
    ))]
pub async fn get_category(
    _: Public,
    State(state): State<AppState>,
    Path(slug): Path<String>,
) -> Result<Json<CategoryNode>, Problem> {
    let unknown = || Problem::new(Code::UNKNOWN_CATEGORY, "there is no such category").with("category", &slug);
    state.catalogue.category(&slug).map(Json).ok_or_else(unknown)
}

/// A page of one category (the same as `/api/products/category/{slug}`)
#[utoipa::path(get, path = "/api/categories/{slug}/products", tag = "Catalogue",
    params(("slug" = String, Path, description = "A category's slug"), PageQuery),
    responses((status = 200, description = "Products by name", body = ProductPage),
        (status = 404, description = "`unknown_category`"),
    ))]
pub async fn list_category_products(
    _: Public,
    State(state): State<AppState>,
    Path(slug): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Problem> {
    of_category(&state, &slug, &query)
}
