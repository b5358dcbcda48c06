//! Paying an order: begins a payment and waits for what becomes of it.
//!
//! The order decides whether it may be paid and opens the payment; this file only asks and waits. A
//! payment that is not decided in time goes on by itself, and the answer says so.

use std::time::Duration;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::outcome::{Verdict, ended, failed, sold, verdict};
use super::wire::{NewPaymentBody, PaymentBody};
use crate::{
    actors::gateway::{AskError, Call},
    domain::{
        ids::{OrderId, PaymentId},
        order::{Order, OrderCommand, OrderRejection, OrderView, PaymentStatus},
        payment::{Payment, PaymentCommand, PaymentRejection},
    },
    http::{Body, Code, Problem, auth::Caller, idempotency::IdempotencyKey},
    shop::{AppState, order::access},
};

const ROUTE: &str = "payments";
/// How long a declined payment's order may take to hear of it, where nothing is left of the request's own time.
const HEARS_MAX: Duration = Duration::from_secs(1);
const TOKEN_BYTES_MAX: usize = 255;

/// Pays an order
#[utoipa::path(post, path = "/api/payments", tag = "Payments",
    params(("idempotency-key" = String, Header)), request_body = NewPaymentBody,
    responses(
        (status = 201, description = "The order is paid and verified", body = PaymentBody),
        (status = 202, description = "`requires_action` with `continue_url`, or not decided within the time", body = PaymentBody),
        (status = 402, description = "`payment_declined` with `decline_code`"),
        (status = 409, description = "`order_not_payable`, `payment_under_way`, `already_paid`, `idempotency_key_reused`"),
    ))]
pub async fn create_payment(
    State(state): State<AppState>,
    Caller(who): Caller,
    key: IdempotencyKey,
    Body(body): Body<NewPaymentBody>,
) -> Result<Response, Problem> {
    if !state.providers.contains(&body.provider) {
        let known: Vec<_> = state.providers.iter().collect();
        return Err(Problem::new(Code::UNKNOWN_PROVIDER, "there is no such payment provider").with("known", known));
    }
    if !(1..=TOKEN_BYTES_MAX).contains(&body.token.len()) || !body.token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::field("token", "a token has 1 to 255 printable characters").with("max", TOKEN_BYTES_MAX));
    }
    if state.gateway.payments_backed_up() {
        let detail = "the payment provider does not keep up; nothing was begun, try again in a moment";
        return Err(Problem::new(Code::BUSY, detail).retry_after(5_000));
    }
    let order = OrderId(body.order_id);
    let seen = access::readable(&state, Some(&who), order).await?;

    let payment = PaymentId(key.name(who.user, ROUTE));
    let call = state.toolkit.keyed(&who, &key, ROUTE, &body);
    same_as_before(&state, payment, order, &seen.view, &body, &call).await?;
    let deadline = tokio::time::Instant::now() + call.within;
    let command = OrderCommand::BeginPayment { payment, provider: body.provider, token: body.token };
    match state.gateway.ask::<Order>(&order.to_string(), command, call).await {
        Ok(_) => {}
        // Our own attempt, with another content.
        Err(AskError::Refused(OrderRejection::PaymentUnderWay { payment: known })) if known == payment => {
            return Err(reused());
        }
        Err(other) => return Err(other.into()),
    }

    let left = || deadline.saturating_duration_since(tokio::time::Instant::now());
    let (order_id, payment_id) = (order.to_string(), payment.to_string());
    // Whichever speaks first: the payment when it fails or needs the shopper, the order when it is verified.
    let (seen, answer) = tokio::select! {
        sale = state.gateway.wait::<Order>(&order_id, left(), |seen| sold(seen) || failed(seen, payment)) => {
            (sale?, state.gateway.read::<Payment>(&payment_id, state.command_timeout).await?)
        }
        end = state.gateway.wait::<Payment>(&payment_id, left(), ended) => {
            let end = end?;
            // Whoever is told of a decline may pay again at once: the order must have heard of it by then.
            let unheard = end.view.status == PaymentStatus::Failed;
            let heard = |seen: &OrderView| !unheard || seen.payment != Some(payment) || failed(seen, payment);
            (state.gateway.wait::<Order>(&order_id, left().max(HEARS_MAX), heard).await?, end)
        }
    };
    if answer.view.order.is_some_and(|paid| paid != order) {
        return Err(reused());
    }
    let status = match verdict(&seen.view, &answer.view) {
        Verdict::Paid => StatusCode::CREATED,
        Verdict::RequiresAction | Verdict::Pending => StatusCode::ACCEPTED,
        Verdict::Declined(code) => {
            return Err(Problem::new(Code::PAYMENT_DECLINED, "the payment provider declined")
                .with("decline_code", code)
                .with("payment_id", payment));
        }
        Verdict::NotPayable(lifecycle) => {
            return Err(Problem::new(
                Code::ORDER_NOT_PAYABLE,
                "the order ended before it was paid; the money goes back",
            )
            .with("order_status", lifecycle)
            .with("payment_id", payment));
        }
    };
    let place = HeaderValue::try_from(format!("/api/payments/{payment}"));
    let place = place.unwrap_or(HeaderValue::from_static("/api/payments"));
    Ok((status, [(header::LOCATION, place)], Json(PaymentBody::new(payment, answer))).into_response())
}

/// A payment of this key exists: asked to open once more, it says whether everything is as it was. A request that
/// overtakes the first one's fold is told by the order instead, or by the payment when both are read at the end.
async fn same_as_before(
    state: &AppState,
    payment: PaymentId,
    order: OrderId,
    seen: &OrderView,
    body: &NewPaymentBody,
    call: &Call,
) -> Result<(), Problem> {
    let id = payment.to_string();
    let (Some(_), Some(placement)) = (state.gateway.read_local::<Payment>(&id)?, seen.placement.as_deref()) else {
        return Ok(());
    };
    let open = PaymentCommand::Open {
        payment,
        order,
        user: placement.user,
        amount: placement.totals.total,
        provider: body.provider.clone(),
        token: body.token.clone(),
    };
    match state.gateway.ask::<Payment>(&id, open, call.clone()).await {
        Ok(_) => Ok(()),
        Err(AskError::Refused(PaymentRejection::AlreadyOpened)) => Err(reused()),
        Err(other) => Err(other.into()),
    }
}

fn reused() -> Problem {
    Problem::new(Code::IDEMPOTENCY_KEY_REUSED, "the key's payment was begun with another order, provider or token")
}
