//! Units set aside by hand, e.g. for an order by phone. Such a hold ends by itself like any other.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::changes::units;
use super::wire::{HoldBody, LevelsBody, NewHoldBody};
use crate::{
    actors::gateway::AskError,
    domain::{
        ids::OrderId,
        order::Order,
        stock::{Stock, StockCommand, StockRejection},
    },
    http::{Body, Code, Path, Problem, auth::Staff, idempotency::IdempotencyKey},
    shop::{AppState, product::skus::known},
};

/// Sets units aside for a time
#[utoipa::path(post, path = "/api/stock/{sku}/holds", tag = "Stock", security(("bearer" = [])),
    params(("sku" = String, Path), ("idempotency-key" = String, Header)), request_body = NewHoldBody,
    responses(
        (status = 201, description = "The units are held", body = HoldBody),
        (status = 409, description = "`out_of_stock` with `requested` and `available`, `too_many_holds`"),
    ))]
pub async fn hold_stock(
    State(state): State<AppState>,
    Staff(who): Staff,
    Path(sku): Path<String>,
    key: IdempotencyKey,
    Body(body): Body<NewHoldBody>,
) -> Result<Response, Problem> {
    let (sku, _) = known(&state, &sku)?;
    let units = units(&sku, body.quantity)?;
    let max = state.toolkit.limits.manual_hold_seconds;
    let ttl_ms = match i64::try_from(body.ttl_seconds) {
        Ok(seconds) if (1..=max).contains(&body.ttl_seconds) => seconds.saturating_mul(1_000),
        _ => return Err(Problem::field("ttl_seconds", format!("1 to {max} seconds")).with("max", max)),
    };
    let route = format!("stock/{sku}/holds");
    // The hold's name comes from the key: a retry finds it granted, whenever it comes.
    let id = key.name(who.user, &route);
    let command =
        StockCommand::Hold { order: OrderId(id), units, until: state.gateway.now().plus_ms(ttl_ms), attempt: 0 };
    let call = state.toolkit.keyed(&who, &key, &route, &body);
    let answer = match state.gateway.ask::<Stock>(sku.as_str(), command, call).await {
        Ok(answer) => answer,
        Err(AskError::Refused(StockRejection::HoldConflict { units, .. })) => {
            let detail = format!("the key's hold has {units} units");
            return Err(Problem::new(Code::IDEMPOTENCY_KEY_REUSED, detail).with("units", units));
        }
        Err(other) => return Err(other.into()),
    };
    let stock = LevelsBody::new(sku, &answer, &state.catalogue);
    let body = HoldBody { id, quantity: units.get(), ttl_seconds: body.ttl_seconds, stock };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// Ends a hold that was taken by hand
#[utoipa::path(delete, path = "/api/stock/{sku}/holds/{id}", tag = "Stock", security(("bearer" = [])),
    params(("sku" = String, Path), ("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The levels; also where no such hold is left", body = LevelsBody),
        (status = 409, description = "`hold_of_order`: an order's hold ends with the order"),
    ))]
pub async fn release_stock_hold(
    State(state): State<AppState>,
    Staff(who): Staff,
    Path((sku, id)): Path<(String, Uuid)>,
) -> Result<Json<LevelsBody>, Problem> {
    let (sku, _) = known(&state, &sku)?;
    // An order believes in its holds: taking one away behind its back would sell the units twice. Asked of the
    // owner, because an order placed a moment ago may not be folded here yet.
    let order = state.gateway.read::<Order>(&id.to_string(), state.command_timeout).await?;
    if order.view.placement.is_some() {
        return Err(Problem::new(Code::HOLD_OF_ORDER, "cancel the order instead").with("order_id", id));
    }
    let command = StockCommand::Release { order: OrderId(id), attempt: u8::MAX };
    let answer = state.gateway.ask::<Stock>(sku.as_str(), command, state.call(&who)).await?;
    Ok(Json(LevelsBody::new(sku, &answer, &state.catalogue)))
}
