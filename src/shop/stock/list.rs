//! Stock levels of all SKUs, or of those at or below their threshold.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::StockBody;
use crate::{
    actors::ports::StoreError,
    domain::{ids::Sku, kinds::Kind, stock::Stock},
    http::{
        Problem, Query,
        auth::Staff,
        listing::{self, Page, Search},
    },
    shop::{AppState, rows},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StockQuery {
    /// Only SKUs at or below their threshold.
    #[serde(default)]
    below_threshold: bool,
    /// A part of the SKU, in any case.
    #[param(value_type = Option<String>, max_length = 64)]
    q: Option<Search<64>>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Stock levels, by SKU
#[utoipa::path(get, path = "/api/stock", tag = "Stock", params(StockQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of levels", body = Page<StockBody>),
        (status = 503, description = "`index_building`, with Retry-After")))]
pub async fn list_stock(
    State(state): State<AppState>,
    Staff(_who): Staff,
    Query(query): Query<StockQuery>,
) -> Result<Json<Page<StockBody>>, Problem> {
    let (after, limit) = state.toolkit.open_page(query.cursor.as_deref(), query.limit).await?;
    let part = query.q.map(|Search(text)| text).unwrap_or_default().trim().to_ascii_lowercase();
    let read = |after: Option<&[u8]>, n| match query.below_threshold {
        true => state.gateway.row_keys(rows::STOCK_LOW, b"", after, n),
        false => {
            let after = after.map(String::from_utf8_lossy);
            let keys = state.gateway.keys(Kind::Stock, after.as_deref(), n)?;
            Ok(keys.into_iter().map(|key| key.id.as_bytes().to_vec()).collect())
        }
    };
    let pick = |key: &[u8]| -> Result<Option<StockBody>, StoreError> {
        let sku = rows::sku_of(key).filter(|sku: &Sku| sku.as_str().to_ascii_lowercase().contains(&part));
        let Some(sku) = sku else { return Ok(None) };
        let answer = state.gateway.read_local::<Stock>(sku.as_str())?;
        Ok(answer.map(|answer| StockBody::levels(sku, &answer)))
    };
    Ok(Json(listing::walk(after, limit, read, pick)?))
}
