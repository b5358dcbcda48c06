//! Operators' transitions of an order. The order's `next` has the legal ones.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    access,
    wire::{OrderBody, TransitionBody},
};
use crate::{
    actors::gateway::Call,
    domain::{
        ids::OrderId,
        order::{Order, OrderCommand},
    },
    http::{Body, Path, Problem, auth::Staff, conditional::IfMatch},
    identity::{Principal, Reach, may},
    shop::AppState,
};

/// Moves an order
///
/// `shipped` gives up the rest of a part-shipped one: its units go back to the stock, its price to the shopper.
#[utoipa::path(post, path = "/api/orders/{id}/transitions", tag = "Orders",
    params(("id" = Uuid, Path), ("if-match" = Option<String>, Header)), request_body = TransitionBody,
    responses(
        (status = 200, description = "The order after the move", body = OrderBody, headers(("etag" = String))),
        (status = 409, description = "`illegal_move` with `from`, `to` and `reason`"),
        (status = 412, description = "`version_conflict`"),
        (status = 404, description = "`unknown_order`"),
    ))]
pub async fn move_order(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::OrdersWrite>,
    Path(id): Path<Uuid>,
    version: IfMatch,
    Body(body): Body<TransitionBody>,
) -> Result<Response, Problem> {
    transition(&state, &who, OrderId(id), version, &body).await
}

/// Moves an order (the same as `POST /api/orders/{id}/transitions`)
#[utoipa::path(put, path = "/api/orders/{id}", tag = "Orders",
    params(("id" = Uuid, Path), ("if-match" = Option<String>, Header)), request_body = TransitionBody,
    responses(
        (status = 200, description = "The order after the move", body = OrderBody, headers(("etag" = String))),
        (status = 409, description = "`illegal_move` with `from`, `to` and `reason`"),
        (status = 412, description = "`version_conflict`"),
        (status = 404, description = "`unknown_order`"),
    ))]
pub async fn update_order(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::OrdersWrite>,
    Path(id): Path<Uuid>,
    version: IfMatch,
    Body(body): Body<TransitionBody>,
) -> Result<Response, Problem> {
    transition(&state, &who, OrderId(id), version, &body).await
}

async fn transition(
    state: &AppState,
    who: &Principal,
    id: OrderId,
    IfMatch(version): IfMatch,
    body: &TransitionBody,
) -> Result<Response, Problem> {
    access::readable(&state.services, &Reach::all(who.clone()), id).await?;
    let call = Call { expected_version: body.expected_version.or(version), ..state.call(who) };
    let command = OrderCommand::Transition { to: body.to };
    let answer = state.gateway.ask::<Order>(&id.to_string(), command, call).await?;
    Ok(access::tagged(id, answer, who)?.into_response())
}
