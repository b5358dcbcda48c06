//! `POST /api/checkout`: reads the request, calls the use case, shows the order. The rules are in [`super::place`].

use std::net::IpAddr;

use axum::{
    extract::State,
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    place::{self, Checkout},
    refusals, unpaid,
    wire::CheckoutBody,
};
use crate::{
    actors::gateway::Answer,
    domain::{
        cart::Cart,
        entity::Work,
        ids::OrderId,
        order::{OrderStatus, OrderView},
    },
    http::{Body, Problem, auth::Caller, idempotency::IdempotencyKey},
    identity::{Permission, Principal, PrincipalKind},
    shop::{
        AppState,
        order::{access, wire::OrderBody},
    },
};

/// One name for both addresses of this call: a retry through the other one is the same request.
const ROUTE: &str = "checkout";

/// Places an order from the cart and holds its stock
///
/// Repeated with the same `Idempotency-Key` and body it answers for the same order; after `out_of_stock` a new key asks the
/// stock again. A newer checkout of the same cart takes the place of its older unpaid order, and its holds.
#[utoipa::path(post, path = "/api/checkout", tag = "Checkout",
    params(("idempotency-key" = String, Header)), request_body = CheckoutBody,
    responses(
        (status = 201, description = "Stock is held until `hold_expires_at`", body = OrderBody, headers(("etag" = String))),
        (status = 202, description = "Not decided within the time; read the order again", body = OrderBody),
        (status = 409, description = "`out_of_stock` with `lines`, `price_changed`, `item_withdrawn`, `cart_empty`, `share_taken` with `lines`, `checkout_too_large`, `idempotency_key_reused`, `already_paid` and `checkout_superseded` with `order_id`"),
        (status = 429, description = "`too_much_unpaid` or `checkout_paused`, with Retry-After: what waits for a payment is bounded"),
        (status = 422, description = "`invalid_field`, `unknown_shipping_method`, `amount_overflow`, `currency_mismatch`, `too_many`"),
    ))]
pub async fn check_out(
    State(state): State<AppState>,
    Caller(who): Caller,
    key: IdempotencyKey,
    headers: HeaderMap,
    extensions: Extensions,
    Body(body): Body<CheckoutBody>,
) -> Result<Response, Problem> {
    let from = state.toolkit.door.client(&headers, &extensions);
    respond(&state, &who, from, &key, body).await
}

/// Places an order from the cart (the same as `POST /api/checkout`)
#[utoipa::path(post, path = "/api/orders", tag = "Checkout",
    params(("idempotency-key" = String, Header)), request_body = CheckoutBody,
    responses(
        (status = 201, description = "Stock is held until `hold_expires_at`", body = OrderBody, headers(("etag" = String))),
        (status = 202, description = "Not decided within the time; read the order again", body = OrderBody),
        (status = 409, description = "As at `POST /api/checkout`, `out_of_stock`, `price_changed`, `item_withdrawn`, `cart_empty`, `share_taken`, `checkout_too_large`, `already_paid`, `checkout_superseded`"),
        (status = 429, description = "`too_much_unpaid` or `checkout_paused`, with Retry-After"),
        (status = 422, description = "`invalid_field`, `unknown_shipping_method`, `amount_overflow`, `currency_mismatch`, `too_many`"),
    ))]
pub async fn create_order(
    State(state): State<AppState>,
    Caller(who): Caller,
    key: IdempotencyKey,
    headers: HeaderMap,
    extensions: Extensions,
    Body(body): Body<CheckoutBody>,
) -> Result<Response, Problem> {
    let from = state.toolkit.door.client(&headers, &extensions);
    respond(&state, &who, from, &key, body).await
}

async fn respond(
    state: &AppState,
    who: &Principal,
    from: Option<IpAddr>,
    key: &IdempotencyKey,
    body: CheckoutBody,
) -> Result<Response, Problem> {
    let cart = state.gateway.read::<Cart>(&who.cart.to_string(), state.command_timeout).await?;
    state.toolkit.door.budgets.charge_steps(Some(who), from, cart.view.lines.len(), Work::New)?;
    let order = OrderId(key.name(who.user, ROUTE));
    let call = state.toolkit.keyed(who, key, ROUTE, &body);
    // Whoever handles the orders of others places them, too: by phone, for a company.
    let bounded = !who.may(Permission::OrdersWrite);
    let checkout = Checkout {
        address: unpaid::counted(from),
        bounded,
        by_account: who.kind == PrincipalKind::Account,
        order,
        user: who.user,
        cart: who.cart,
        email: super::address::email(&body.email)?,
        shipping_address: body.shipping_address.parse("shipping_address")?,
        billing_address: body.billing_address.map(|address| address.parse("billing_address")).transpose()?,
        shipping_method: body.shipping_method,
    };
    let counts = state.public_stock_counts || who.may(Permission::StockRead);
    let placed = place::place(&state.services, &checkout, call).await;
    shown(order, placed.map_err(|refusal| refusals::problem(refusal, counts))?, who)
}

fn shown(order: OrderId, answer: Answer<OrderView>, who: &Principal) -> Result<Response, Problem> {
    let status = match answer.view.lifecycle {
        // The order's process continues; the caller may subscribe to it.
        OrderStatus::Placing => StatusCode::ACCEPTED,
        // A rejected order is a refusal of `place`, with its numbers.
        OrderStatus::Rejected
        | OrderStatus::AwaitingPayment
        | OrderStatus::Verified
        | OrderStatus::Processing
        | OrderStatus::PartiallyShipped
        | OrderStatus::Shipped
        | OrderStatus::Delivered
        | OrderStatus::Completed
        | OrderStatus::Expired
        | OrderStatus::Cancelled => StatusCode::CREATED,
    };
    let place =
        HeaderValue::try_from(format!("/api/orders/{order}")).unwrap_or(HeaderValue::from_static("/api/orders"));
    Ok((status, [(header::LOCATION, place)], access::tagged(order, answer, who)?).into_response())
}
