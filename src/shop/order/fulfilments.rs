//! Parcels: shipped units of a paid order.

use std::num::NonZeroU32;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    access,
    wire::{NewFulfilmentBody, OrderBody, ShippedLine},
};
use crate::shop::stock::changes::units;
use crate::{
    actors::gateway::Answer,
    domain::{
        ids::{FulfilmentId, OrderId, Sku},
        order::{CapturePolicy, Order, OrderCommand, OrderView, PaymentStatus},
    },
    http::{Body, Code, Path, Problem, auth::Staff, idempotency::IdempotencyKey},
    identity::{Reach, may},
    shop::{AppState, checkout::address},
};

/// Lines of one parcel; more are answered 422.
const PARCEL_LINES_MAX: usize = 200;

/// Sends a parcel
///
/// Its money is captured first: with `capture = "manual"` by `POST /api/payments/{id}/capture`.
#[utoipa::path(post, path = "/api/orders/{id}/fulfilments", tag = "Orders",
    params(("id" = Uuid, Path), ("idempotency-key" = String, Header)), request_body = NewFulfilmentBody,
    responses(
        (status = 201, description = "The order with its new parcel", body = OrderBody, headers(("etag" = String))),
        (status = 409, description = "`ships_too_many`, `not_fulfillable`"),
        (status = 404, description = "`unknown_order`"),
        (status = 422, description = "`bad_quantity`, `too_many_lines`, `invalid_field`, `too_many`"),
    ))]
pub async fn fulfil_order(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::OrdersFulfil>,
    Path(id): Path<Uuid>,
    key: IdempotencyKey,
    Body(body): Body<NewFulfilmentBody>,
) -> Result<Response, Problem> {
    let id = OrderId(id);
    let route = format!("orders/{id}/fulfilments");
    let call = state.toolkit.keyed(&who, &key, &route, &body);
    let max = PARCEL_LINES_MAX;
    if body.lines.is_empty() || body.lines.len() > max {
        let detail = format!("a parcel has 1 to {max} lines, not {}", body.lines.len());
        return Err(Problem::new(Code::TOO_MANY_LINES, detail).with("max", max));
    }
    let command = OrderCommand::Fulfil {
        fulfilment: FulfilmentId(key.name(who.user, &route)),
        lines: body.lines.iter().map(line).collect::<Result<_, _>>()?,
        carrier: body.carrier.map(|text| address::line("carrier", text)).transpose()?,
        tracking: body.tracking.map(|text| address::line("tracking", text)).transpose()?,
    };
    let seen = access::readable(&state.services, &Reach::all(who.clone()), id).await?;
    captured(&state, id, seen).await?;
    let answer = state.gateway.ask::<Order>(&id.to_string(), command, call).await?;
    Ok((StatusCode::CREATED, access::tagged(id, answer, &who)?).into_response())
}

/// No parcel leaves before its money is captured. The engine does that by itself a moment after the sale, which is waited
/// for; where staff captures, the order refuses.
async fn captured(state: &AppState, id: OrderId, seen: Answer<OrderView>) -> Result<(), Problem> {
    let by_itself = seen.view.placement.is_some_and(|placement| placement.capture == CapturePolicy::OnVerified);
    if by_itself && seen.view.payment_status == PaymentStatus::Authorized {
        let settled = |order: &OrderView| order.payment_status != PaymentStatus::Authorized;
        state.gateway.wait::<Order>(&id.to_string(), state.command_timeout, settled).await?;
    }
    Ok(())
}

/// The order knows its own SKUs; the catalogue may have dropped one since.
fn line(line: &ShippedLine) -> Result<(Sku, NonZeroU32), Problem> {
    let sku = Sku::parse(&line.sku).map_err(|error| Problem::field("lines.sku", error.to_string()))?;
    let units = units(&sku, line.quantity)?;
    Ok((sku, units))
}
