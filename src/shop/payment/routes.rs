//! `POST /api/payments`: reads the request, calls the use case, shows the payment. The rules are in [`super::pay`].

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    outcome::PaymentOutcome,
    pay::{self, Pay},
    wire::{NewPaymentBody, PaymentBody},
};
use crate::{
    domain::ids::{OrderId, PaymentId},
    http::{Body, Problem, auth::Settler, idempotency::IdempotencyKey},
    identity::may,
    shop::AppState,
};

const ROUTE: &str = "payments";

/// Pays an order
#[utoipa::path(post, path = "/api/payments", tag = "Payments",
    params(("idempotency-key" = String, Header)), request_body = NewPaymentBody,
    responses(
        (status = 201, description = "The order is paid and verified", body = PaymentBody),
        (status = 202, description = "`requires_action` with `continue_url`, or not decided within the time", body = PaymentBody),
        (status = 402, description = "`payment_declined` with `decline_code`"),
        (status = 409, description = "`order_not_payable`, `payment_under_way`, `already_paid`, `idempotency_key_reused`; of an order that is held at its payment `out_of_stock`, `share_taken`"),
        (status = 404, description = "`unknown_order`"),
        (status = 422, description = "`unknown_provider`, `invalid_field`, `too_many`"),
    ))]
pub async fn create_payment(
    State(state): State<AppState>,
    Settler(reach, ..): Settler<may::OrdersWrite>,
    key: IdempotencyKey,
    Body(body): Body<NewPaymentBody>,
) -> Result<Response, Problem> {
    let payment = PaymentId(key.name(reach.who.user, ROUTE));
    let call = state.toolkit.keyed(&reach.who, &key, ROUTE, &body);
    let pay = Pay { payment, order: OrderId(body.order_id), provider: body.provider, token: body.token };
    let (outcome, answer) = pay::pay(&state.services, &reach, &pay, call).await?;
    let status = match outcome {
        PaymentOutcome::Paid => StatusCode::CREATED,
        PaymentOutcome::RequiresAction | PaymentOutcome::Pending => StatusCode::ACCEPTED,
    };
    let place = HeaderValue::try_from(format!("/api/payments/{payment}"));
    let place = place.unwrap_or(HeaderValue::from_static("/api/payments"));
    Ok((status, [(header::LOCATION, place)], Json(PaymentBody::new(payment, answer, &reach.who))).into_response())
}
