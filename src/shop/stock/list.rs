//! Stock levels of all SKUs, or of those at or below their threshold.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::wire::StockBody;
use crate::{
    actors::{ports::StoreError, projection::ReadError},
    domain::{ids::Sku, kinds::Kind, stock::Stock},
    http::{
        Problem, Query,
        auth::Staff,
        listing::{self, Page, SCAN_KEYS_MAX, Search},
    },
    identity::may,
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
    #[param(value_type = Option<String>, max_length = 255)]
    q: Option<Search<255>>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Stock levels, by SKU
#[utoipa::path(get, path = "/api/stock", tag = "Stock", params(StockQuery),
    responses((status = 200, description = "A page of levels", body = Page<StockBody>),
        (status = 400, description = "`bad_cursor`"),
        (status = 503, description = "`index_building`, with Retry-After")))]
pub async fn list_stock(
    State(state): State<AppState>,
    Staff(_who, ..): Staff<may::StockRead>,
    Query(query): Query<StockQuery>,
) -> Result<Json<Page<StockBody>>, Problem> {
    let (after, limit) = state.toolkit.open_page(query.cursor.as_deref(), query.limit).await?;
    let part = query.q.map(|Search(text)| text).unwrap_or_default().trim().to_lowercase();
    let body = |sku: Sku| -> Result<Option<StockBody>, StoreError> {
        let answer = state.gateway.read_local::<Stock>(sku.as_str())?;
        Ok(answer.map(|answer| StockBody::levels(sku, &answer)))
    };
    let pick = |key: &[u8]| match rows::sku_of(key).filter(|sku| has(sku, &part)) {
        Some(sku) => body(sku),
        None => Ok(None),
    };
    if query.below_threshold {
        // A row's key is its SKU: nothing is read for those without the part.
        let read = |after: Option<&[u8]>, n| state.gateway.row_keys(rows::STOCK_LOW, b"", after, n);
        return Ok(Json(listing::walk_far(SCAN_KEYS_MAX, after, limit, read, pick)?));
    }
    if !part.is_empty() {
        let after = after.map(|key| rows::sku_of(&key).ok_or_else(listing::bad_cursor)).transpose()?;
        return Ok(Json(found(&state, &part, after, limit, body)?));
    }
    let read = |after: Option<&[u8]>, n| {
        let after = after.map(String::from_utf8_lossy);
        let keys = state.gateway.keys(Kind::Stock, after.as_deref(), n)?;
        Ok(keys.into_iter().map(|key| key.id.as_bytes().to_vec()).collect())
    };
    Ok(Json(listing::walk(after, limit, read, pick)?))
}

/// From the names in memory: a part of a name may stand anywhere, so an index on disk would be read whole.
fn found(
    state: &AppState,
    part: &str,
    mut after: Option<Sku>,
    limit: usize,
    body: impl Fn(Sku) -> Result<Option<StockBody>, StoreError>,
) -> Result<Page<StockBody>, Problem> {
    let mut items = Vec::new();
    loop {
        // One more than fits, to see whether there is another page.
        let skus = state.catalogue.skus_with(part, after.as_ref(), limit + 1);
        let last = skus.len() <= limit;
        for sku in skus {
            if items.len() == limit {
                return Ok(Page { items, next: after.map(|sku| listing::cursor(sku.as_str().as_bytes())) });
            }
            // A SKU that is on sale and was never received has no levels.
            items.extend(body(sku.clone()).map_err(ReadError::from)?);
            after = Some(sku);
        }
        if last {
            return Ok(Page { items, next: None });
        }
    }
}

fn has(sku: &Sku, part: &str) -> bool {
    part.is_empty() || sku.as_str().to_lowercase().contains(part)
}
