//! Money moved by hand: capture, void, refund. The payment itself calls the provider, after the response: the payment's
//! `status` and `refunds` show the result.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::wire::{NewRefundBody, PaymentBody};
use crate::{
    actors::gateway::Call,
    domain::{
        ids::{PaymentId, RefundId},
        payment::{Payment, PaymentCommand, RefundStatus},
    },
    http::{Body, Path, Problem, auth::Staff, conditional::Tagged, idempotency::IdempotencyKey},
    identity::{Permission, Principal, may},
    shop::{AppState, checkout::address, money::MoneyBody},
};

/// Captures an authorised payment
#[utoipa::path(post, path = "/api/payments/{id}/capture", tag = "Payments",
    params(("id" = Uuid, Path), ("idempotency-key" = String, Header)),
    responses(
        (status = 200, description = "The payment; captured when its status says so", body = PaymentBody),
        (status = 409, description = "`not_capturable`"),
        (status = 404, description = "`unknown_payment`"),
    ))]
pub async fn capture_payment(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::PaymentsWrite>,
    Path(id): Path<Uuid>,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let call = state.toolkit.keyed(&who, &key, &format!("payments/{id}/capture"), &());
    ask(&state, &who, PaymentId(id), PaymentCommand::Capture, call, StatusCode::OK).await
}

/// Voids a payment that was not captured
///
/// Also one that is not decided yet: it fails at once where it waits for its shopper, and is voided whenever its provider
/// answers.
#[utoipa::path(post, path = "/api/payments/{id}/void", tag = "Payments",
    params(("id" = Uuid, Path), ("idempotency-key" = String, Header)),
    responses(
        (status = 200, description = "The payment; voided when its status says so", body = PaymentBody),
        (status = 409, description = "`not_voidable`"),
        (status = 404, description = "`unknown_payment`"),
    ))]
pub async fn void_payment(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::PaymentsWrite>,
    Path(id): Path<Uuid>,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let call = state.toolkit.keyed(&who, &key, &format!("payments/{id}/void"), &());
    ask(&state, &who, PaymentId(id), PaymentCommand::Void, call, StatusCode::OK).await
}

/// Gives money back
#[utoipa::path(post, path = "/api/payments/{id}/refunds", tag = "Payments",
    params(("id" = Uuid, Path), ("idempotency-key" = String, Header)), request_body = NewRefundBody,
    responses(
        (status = 201, description = "The payment with its new refund", body = PaymentBody),
        (status = 403, description = "`step_up_required`: above `identity.step_up_refund_above`"),
        (status = 409, description = "`refunds_too_much`, `not_refundable`, `too_many_refunds`"),
        (status = 404, description = "`unknown_payment`"),
        (status = 422, description = "`invalid_field`, `currency_mismatch`"),
    ))]
pub async fn refund_payment(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::OrdersRefund>,
    Path(id): Path<Uuid>,
    key: IdempotencyKey,
    Body(body): Body<NewRefundBody>,
) -> Result<Response, Problem> {
    refund(&state, &who, id, &key, body).await
}

/// Gives money back (the same as `POST /api/payments/{id}/refunds`)
#[utoipa::path(post, path = "/api/payments/refund/{id}", tag = "Payments",
    params(("id" = Uuid, Path), ("idempotency-key" = String, Header)), request_body = NewRefundBody,
    responses(
        (status = 201, description = "The payment with its new refund", body = PaymentBody),
        (status = 403, description = "`step_up_required`: above `identity.step_up_refund_above`"),
        (status = 409, description = "`refunds_too_much`, `not_refundable`, `too_many_refunds`"),
        (status = 404, description = "`unknown_payment`"),
        (status = 422, description = "`invalid_field`, `currency_mismatch`"),
    ))]
pub async fn create_refund(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::OrdersRefund>,
    Path(id): Path<Uuid>,
    key: IdempotencyKey,
    Body(body): Body<NewRefundBody>,
) -> Result<Response, Problem> {
    refund(&state, &who, id, &key, body).await
}

async fn refund(
    state: &AppState,
    who: &Principal,
    id: Uuid,
    key: &IdempotencyKey,
    body: NewRefundBody,
) -> Result<Response, Problem> {
    // One name for both addresses.
    let route = format!("payments/{id}/refunds");
    let call = state.toolkit.keyed(who, key, &route, &body);
    if body.amount.is_some_and(|money| money.amount < 1) {
        return Err(Problem::field("amount", "a refund is at least 1 minor unit"));
    }
    let refund = RefundId(key.name(who.user, &route));
    may_refund(state, who, id, refund, body.amount).await?;
    let command = PaymentCommand::Refund {
        refund,
        amount: body.amount.map(Into::into),
        reason: address::line("reason", body.reason)?,
    };
    ask(state, who, PaymentId(id), command, call, StatusCode::CREATED).await
}

/// Much money of one payment, in one refund or in many, goes back by the hand of one who has proven themselves a moment
/// ago.
async fn may_refund(
    state: &AppState,
    who: &Principal,
    id: Uuid,
    refund: RefundId,
    amount: Option<MoneyBody>,
) -> Result<(), Problem> {
    let identity = &state.toolkit.identity;
    let Err(long_ago) = identity.stepped_up(who) else { return Ok(()) };
    let payment = state.gateway.read::<Payment>(&id.to_string(), state.command_timeout).await?.view;
    // A repetition gets its answer.
    if payment.refunds.iter().any(|known| known.id == refund) {
        return Ok(());
    }
    let given = payment.refunds.iter().filter(|refund| refund.status != RefundStatus::Failed);
    let given: i64 = given.map(|refund| refund.amount.amount).fold(0, i64::saturating_add);
    let after = amount.map_or(payment.amount.amount, |amount| given.saturating_add(amount.amount));
    if after > identity.settings().step_up_refund_above { Err(long_ago.into()) } else { Ok(()) }
}

async fn ask(
    state: &AppState,
    who: &Principal,
    id: PaymentId,
    command: PaymentCommand,
    call: Call,
    status: StatusCode,
) -> Result<Response, Problem> {
    let answer = state.gateway.ask::<Payment>(&id.to_string(), command, call).await.map_err(Problem::from);
    // A refusal of a refund counts what is left.
    let answer = answer.map_err(|refused| if who.may(Permission::MoneyRead) { refused } else { refused.bare() })?;
    Ok((status, Tagged(answer.version, PaymentBody::new(id, answer, who))).into_response())
}
