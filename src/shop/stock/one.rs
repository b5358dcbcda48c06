//! A SKU's availability, for everybody; the units, for staff and where the shop shows counts.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use super::wire::{StockBody, StockDetail};
use crate::shop::product::skus;
use crate::{
    actors::gateway::Answer,
    domain::{
        ids::Sku,
        stock::{Stock, StockView},
    },
    http::{
        Path, Problem,
        auth::Anybody,
        conditional::{Tagged, etag, unless_known},
        staleness,
    },
    identity::Permission,
    shop::AppState,
};

/// How long a read of a SKU waits for this node to fold the newest writes; usually no time at all.
const FOLD_WAIT: std::time::Duration = std::time::Duration::from_millis(500);

/// Availability of one SKU
#[utoipa::path(get, path = "/api/stock/{sku}", tag = "Stock",
    params(("sku" = String, Path)),
    responses(
        (status = 200, description = "What the caller may know", body = StockBody, headers(("etag" = String))),
        (status = 304, description = "Nothing has changed since `If-None-Match`"),
        (status = 404, description = "`unknown_sku`"),
    ))]
pub async fn get_stock(
    State(state): State<AppState>,
    Anybody(who): Anybody,
    Path(text): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sku = Sku::parse(&text).map_err(|_| skus::unknown(&text))?;
    // The folded state, not the owner's: a page full of these must not wake every SKU.
    let folded = state.gateway.read_local_after_writes::<Stock>(sku.as_str(), FOLD_WAIT).await?;
    if !folded.is_current {
        staleness::unproven();
    }
    let answer = match folded.answer {
        Some(answer) => answer,
        // On sale, and never received: no units.
        None if state.catalogue.sku(&sku).is_some() => {
            Answer { version: 0, changed: false, view: StockView::default() }
        }
        None => return Err(skus::unknown(&text)),
    };
    let levels = who.is_some_and(|who| who.may(Permission::StockRead));
    let detail = StockDetail::of(levels, state.public_stock_counts);
    let body = StockBody::new(sku, answer.version, &answer.view, detail);
    Ok(match levels {
        true => Tagged(answer.version, body).into_response(),
        false => unless_known(&headers, etag(answer.version), || Json(body).into_response()),
    })
}
