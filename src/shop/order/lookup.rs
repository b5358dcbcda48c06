//! Looking up an order by its reference and e-mail, for guests who have lost their cookie.
//!
//! The reference cannot be guessed (`reference`), the answer is the same for a wrong reference and a wrong e-mail, and
//! wrong ones are limited by address and by e-mail, in a table with a bound. The answer says where the order is and
//! nothing of the person: names, addresses and the e-mail are shown to the owner's session only. Both come in the body,
//! so no log and no history of a browser has them. Deliberately absent: a code by mail that would prove the owner.

use axum::{
    Json,
    extract::State,
    http::{Extensions, HeaderMap},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    reference,
    wire::{FulfilmentBody, OrderLine, OrderTotals},
};
use crate::{
    domain::{
        ids::OrderId,
        order::{Order, OrderStatus, OrderView, PaymentStatus},
    },
    http::{Body, Code, Problem, auth::Public},
    identity::{Throttle, ThrottleKey},
    network::Bucket,
    shop::{AppState, checkout::address::EMAIL_MAX, rows},
};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderLookup)]
pub struct LookupBody {
    /// The order's `reference`, as the page and the mail show it.
    #[schema(max_length = 64, example = "1042-K7QF39XM2P")]
    pub reference: String,
    /// As given at checkout.
    #[schema(max_length = 254)]
    pub email: String,
}

/// Where an order is, without anything about its person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FoundOrder)]
pub struct FoundBody {
    pub number: u64,
    pub reference: String,
    pub status: OrderStatus,
    pub payment_status: PaymentStatus,
    /// RFC 3339, UTC.
    pub placed_at: String,
    pub lines: Vec<OrderLine>,
    pub totals: OrderTotals,
    pub fulfilments: Vec<FulfilmentBody>,
}

/// One order, by reference and e-mail
#[utoipa::path(post, path = "/api/orders/lookup", tag = "Orders", request_body = LookupBody,
    responses(
        (status = 200, description = "Where the order is; nothing about its person", body = FoundBody),
        (status = 404, description = "`unknown_order`: reference or e-mail is wrong"),
        (status = 429, description = "`too_many_requests`, with Retry-After"),
        (status = 503, description = "`index_building`, with Retry-After"),
    ))]
pub async fn look_up_order(
    _: Public,
    State(state): State<AppState>,
    headers: HeaderMap,
    extensions: Extensions,
    Body(body): Body<LookupBody>,
) -> Result<Json<FoundBody>, Problem> {
    let found = looked_up(&state, &headers, &extensions, &body).await?;
    let gone = || Problem::new(Code::UNKNOWN_ORDER, "the order has no number");
    Ok(Json(shown(&found.1).ok_or_else(gone)?))
}

/// The order of this reference and e-mail; wrong ones are counted.
pub async fn looked_up(
    state: &AppState,
    headers: &HeaderMap,
    extensions: &Extensions,
    body: &LookupBody,
) -> Result<(OrderId, OrderView), Problem> {
    let address = state.toolkit.door.client(headers, extensions);
    let address = address.map(|address| ThrottleKey::Address(Bucket::of(address))).into_iter().collect();
    let lookups: &Throttle = &state.lookups;
    let attempt = lookups.admit(address, state.gateway.now()).map_err(too_often)?;
    let email = body.email.trim().to_lowercase();
    match find(state, &body.reference, &email).await? {
        Some(found) => {
            attempt.succeeded(state.gateway.now());
            Ok(found)
        }
        None => {
            let now = state.gateway.now();
            attempt.failed(now);
            // Guesses at one e-mail from many addresses are slowed down, too; the right reference is never refused for
            // them, so a stranger cannot lock the owner out.
            let email: String = email.chars().take(EMAIL_MAX).collect();
            lookups.admit(vec![ThrottleKey::Email(email)], now).map_err(too_often)?.failed(now);
            Err(Problem::new(Code::UNKNOWN_ORDER, "no order has this reference and this e-mail"))
        }
    }
}

fn too_often(retry_after_ms: u64) -> Problem {
    Problem::new(Code::TOO_MANY_REQUESTS, "orders were looked up wrongly too often").retry_after(retry_after_ms)
}

async fn find(state: &AppState, typed: &str, email: &str) -> Result<Option<(OrderId, OrderView)>, Problem> {
    let Some((number, spelled)) = reference::read(typed) else { return Ok(None) };
    state.toolkit.read_your_writes().await;
    let found = state.gateway.row_keys(rows::ORDERS_BY_NUMBER, &rows::number_prefix(number), None, 1)?;
    let Some(id) = found.first().and_then(|key| rows::order_of(key)) else { return Ok(None) };
    if reference::of(number, id) != spelled {
        return Ok(None);
    }
    let answer = state.gateway.read_local::<Order>(&id.to_string())?;
    let named = |view: &OrderView| view.placement.as_deref().is_some_and(|placed| placed.email.to_lowercase() == email);
    // Of an order that was erased nobody has the e-mail.
    let found = answer.filter(|answer| !email.is_empty() && named(&answer.view));
    Ok(found.map(|answer| (id, answer.view)))
}

fn shown(view: &OrderView) -> Option<FoundBody> {
    let (placed, number) = (view.placement.as_deref()?, view.number?);
    Some(FoundBody {
        number,
        reference: reference::of(number, placed.order),
        status: view.lifecycle,
        payment_status: view.payment_status,
        placed_at: view.placed_at.rfc3339(),
        lines: placed.lines.iter().map(|line| OrderLine::new(line.clone(), true)).collect(),
        totals: placed.totals.into(),
        fulfilments: view.fulfilments.iter().cloned().map(Into::into).collect(),
    })
}
