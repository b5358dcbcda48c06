//! Units set aside by hand, e.g. for an order by phone. Such a hold ends by itself like any other.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::wire::{HoldBody, NewHoldBody, StockBody};
use super::{by_hand, changes::units};
use crate::{
    domain::ids::OrderId,
    http::{Body, Path, Problem, auth::Staff, idempotency::IdempotencyKey},
    identity::may,
    shop::{AppState, product::skus::known},
};

/// The longest hold by hand: a week.
const HOLD_SECONDS_MAX: u64 = 7 * 24 * 3_600;

/// Sets units aside for a time
#[utoipa::path(post, path = "/api/stock/{sku}/holds", tag = "Stock",
    params(("sku" = String, Path), ("idempotency-key" = String, Header)), request_body = NewHoldBody,
    responses(
        (status = 201, description = "The units are held", body = HoldBody),
        (status = 409, description = "`out_of_stock` with `requested` and `available`, `too_many_holds`"),
        (status = 404, description = "`unknown_sku`"),
        (status = 422, description = "`bad_quantity`, `invalid_field`"),
    ))]
pub async fn hold_stock(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::StockAdjust>,
    Path(sku): Path<String>,
    key: IdempotencyKey,
    Body(body): Body<NewHoldBody>,
) -> Result<Response, Problem> {
    let (sku, _) = known(&state, &sku)?;
    let units = units(&sku, body.quantity)?;
    let max = HOLD_SECONDS_MAX;
    let ttl_ms = match i64::try_from(body.ttl_seconds) {
        Ok(seconds) if (1..=max).contains(&body.ttl_seconds) => seconds.saturating_mul(1_000),
        _ => return Err(Problem::field("ttl_seconds", format!("1 to {max} seconds")).with("max", max)),
    };
    let route = format!("stock/{sku}/holds");
    // The hold's id is derived from the key: a retry at any time finds the hold granted.
    let id = key.name(who.user, &route);
    let call = state.toolkit.keyed(&who, &key, &route, &body);
    let answer = by_hand::hold(&state.services, &sku, OrderId(id), units, ttl_ms, call).await?;
    let stock = StockBody::levels(sku, &answer);
    let body = HoldBody { id, quantity: units.get(), ttl_seconds: body.ttl_seconds, stock };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Ends a hold that was taken by hand
#[utoipa::path(delete, path = "/api/stock/{sku}/holds/{id}", tag = "Stock",
    params(("sku" = String, Path), ("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The levels; also where no such hold is left", body = StockBody),
        (status = 409, description = "`hold_of_order`: an order's hold ends with the order"),
        (status = 404, description = "`unknown_sku`"),
    ))]
pub async fn release_stock_hold(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::StockAdjust>,
    Path((sku, id)): Path<(String, Uuid)>,
) -> Result<Json<StockBody>, Problem> {
    let (sku, _) = known(&state, &sku)?;
    let answer = by_hand::release(&state.services, &who, &sku, OrderId(id)).await?;
    Ok(Json(StockBody::levels(sku, &answer)))
}
