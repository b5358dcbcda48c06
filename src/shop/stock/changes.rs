//! Receipts, adjustments and thresholds.

use std::num::NonZeroU32;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::wire::{AdjustmentBody, ReceiptBody, StockBody, ThresholdBody};
use crate::{
    actors::gateway::Call,
    domain::{
        ids::Sku,
        stock::{Stock, StockCommand},
    },
    http::{
        Body, Code, Path, Problem,
        auth::Staff,
        conditional::{IfMatch, Tagged},
        idempotency::IdempotencyKey,
    },
    identity::may,
    shop::{AppState, product::skus::known},
};

/// Units of a body's quantity: 1 to 2^32 - 1.
pub fn units(sku: &Sku, quantity: i64) -> Result<NonZeroU32, Problem> {
    u32::try_from(quantity).ok().and_then(NonZeroU32::new).ok_or_else(|| {
        let detail = format!("a quantity is 1 to {}, not {quantity}", u32::MAX);
        Problem::new(Code::BAD_QUANTITY, detail).with("sku", sku).with("quantity", quantity).with("max", u32::MAX)
    })
}

/// Goods arrived
#[utoipa::path(post, path = "/api/stock/{sku}/receipts", tag = "Stock",
    params(("sku" = String, Path), ("idempotency-key" = String, Header), ("if-match" = Option<String>, Header)), request_body = ReceiptBody,
    responses((status = 200, description = "The new levels", body = StockBody, headers(("etag" = String))),
        (status = 404, description = "`unknown_sku`"),
        (status = 422, description = "`bad_quantity`, `invalid_field`, `amount_overflow`"),
    ))]
pub async fn receive_stock(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::StockReceive>,
    Path(sku): Path<String>,
    IfMatch(expected_version): IfMatch,
    key: IdempotencyKey,
    Body(body): Body<ReceiptBody>,
) -> Result<Response, Problem> {
    let (sku, _) = known(&state, &sku)?;
    let call = state.toolkit.keyed(&who, &key, &format!("stock/{sku}/receipts"), &body);
    let command = StockCommand::Receive { units: units(&sku, body.quantity)?, reference: body.reference };
    change(&state, sku, command, Call { expected_version, ..call }).await
}

/// A count, a loss, a find
#[utoipa::path(post, path = "/api/stock/{sku}/adjustments", tag = "Stock",
    params(("sku" = String, Path), ("idempotency-key" = String, Header), ("if-match" = Option<String>, Header)), request_body = AdjustmentBody,
    responses(
        (status = 200, description = "The new levels", body = StockBody, headers(("etag" = String))),
        (status = 409, description = "`adjusts_below_zero`: held and committed units cannot be adjusted away"),
        (status = 404, description = "`unknown_sku`"),
        (status = 422, description = "`invalid_field`, `amount_overflow`"),
    ))]
pub async fn adjust_stock(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::StockAdjust>,
    Path(sku): Path<String>,
    IfMatch(expected_version): IfMatch,
    key: IdempotencyKey,
    Body(body): Body<AdjustmentBody>,
) -> Result<Response, Problem> {
    let (sku, _) = known(&state, &sku)?;
    let call = state.toolkit.keyed(&who, &key, &format!("stock/{sku}/adjustments"), &body);
    let command = StockCommand::Adjust { delta: body.delta, reason: body.reason };
    change(&state, sku, command, Call { expected_version, ..call }).await
}

/// When the SKU counts as low
#[utoipa::path(put, path = "/api/stock/{sku}/threshold", tag = "Stock",
    params(("sku" = String, Path), ("if-match" = Option<String>, Header)), request_body = ThresholdBody,
    responses((status = 200, description = "The new levels", body = StockBody, headers(("etag" = String))),
        (status = 404, description = "`unknown_sku`"),
    ))]
pub async fn set_stock_threshold(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::StockWrite>,
    Path(sku): Path<String>,
    IfMatch(expected_version): IfMatch,
    Body(body): Body<ThresholdBody>,
) -> Result<Response, Problem> {
    let (sku, _) = known(&state, &sku)?;
    let command = StockCommand::SetThreshold { units: body.threshold };
    change(&state, sku, command, Call { expected_version, ..state.call(&who) }).await
}

pub(super) async fn change(state: &AppState, sku: Sku, command: StockCommand, call: Call) -> Result<Response, Problem> {
    let answer = state.gateway.ask::<Stock>(sku.as_str(), command, call).await?;
    Ok(Tagged(answer.version, StockBody::levels(sku, &answer)).into_response())
}
