//! Checkout: turns the cart into an order whose stock is held until it is paid.
//!
//! The order's id is made from the caller's key, so a retry finds the order of the first attempt and
//! never reads a cart that has changed since. What is held and what is refused is the order's own
//! process in `domain::order`; this file parses, prices, places and waits.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::checkout_cart;
use crate::{
    actors::gateway::{Answer, AskError},
    domain::{
        ids::OrderId,
        order::{
            CheckoutDetails, CheckoutSnapshot, HoldState, Order, OrderCommand, OrderRejection, OrderStatus, OrderView,
        },
        pricing,
    },
    http::{
        AppState, Body, Code, Problem, ShippingMethod,
        auth::Caller,
        conditional::etag,
        dto::{
            address,
            order::{CheckoutBody, OrderBody},
        },
        idempotency::IdempotencyKey,
        order_access,
    },
    identity::Principal,
};

/// One name for both addresses of this call: a retry through the other one is the same request.
const ROUTE: &str = "checkout";

/// Places an order from the cart and holds its stock
///
/// Repeated with the same `Idempotency-Key` and body it answers for the same order.
#[utoipa::path(post, path = "/api/checkout", tag = "Checkout",
    params(("idempotency-key" = String, Header)), request_body = CheckoutBody,
    responses(
        (status = 201, description = "Stock is held until `hold_expires_at`", body = OrderBody, headers(("etag" = String))),
        (status = 202, description = "Not decided within the time; read the order again", body = OrderBody),
        (status = 409, description = "`out_of_stock` with `lines`, `price_changed`, `item_withdrawn`, `cart_empty`, `idempotency_key_reused`"),
    ))]
pub async fn check_out(
    State(state): State<AppState>,
    Caller(who): Caller,
    key: IdempotencyKey,
    Body(body): Body<CheckoutBody>,
) -> Result<Response, Problem> {
    place(&state, &who, &key, body).await
}

/// Places an order from the cart (the same as `POST /api/checkout`)
#[utoipa::path(post, path = "/api/orders", tag = "Checkout",
    params(("idempotency-key" = String, Header)), request_body = CheckoutBody,
    responses(
        (status = 201, description = "Stock is held until `hold_expires_at`", body = OrderBody, headers(("etag" = String))),
        (status = 202, description = "Not decided within the time; read the order again", body = OrderBody),
        (status = 409, description = "As at `POST /api/checkout`"),
    ))]
pub async fn create_order(
    State(state): State<AppState>,
    Caller(who): Caller,
    key: IdempotencyKey,
    Body(body): Body<CheckoutBody>,
) -> Result<Response, Problem> {
    place(&state, &who, &key, body).await
}

/// The request, parsed.
struct Wanted<'a> {
    email: String,
    shipping_address: crate::domain::order::Address,
    billing_address: Option<crate::domain::order::Address>,
    shipping: &'a ShippingMethod,
}

async fn place(
    state: &AppState,
    who: &Principal,
    key: &IdempotencyKey,
    body: CheckoutBody,
) -> Result<Response, Problem> {
    let order = OrderId(key.name(who.user, ROUTE));
    let call = state.keyed(who, key, ROUTE, &body);
    let wanted = parse(state, body)?;
    let id = order.to_string();
    let decided = |view: &OrderView| view.lifecycle != OrderStatus::Placing;

    if let Some(answer) = placed_before(state, order, &wanted).await? {
        let answer = match decided(&answer.view) {
            true => answer,
            false => state.gateway.wait::<Order>(&id, state.command_timeout(), decided).await?,
        };
        return shown(order, answer);
    }
    let lines = checkout_cart::lines(state, who).await?;
    let (lines, totals) = pricing::price(&lines, wanted.shipping.price, state.shop.tax_basis_points)?;
    let hold_ms = i64::try_from(state.shop.hold_ttl_ms).unwrap_or(i64::MAX);
    let placement = CheckoutSnapshot {
        order,
        user: who.user,
        cart: Some(who.cart),
        email: wanted.email.clone(),
        shipping_address: wanted.shipping_address.clone(),
        billing_address: wanted.billing_address.clone(),
        shipping_method: wanted.shipping.id.clone(),
        lines,
        totals,
        pay_by: state.gateway.now().plus_ms(hold_ms),
        capture: state.shop.capture,
    };
    match state.gateway.ask_until::<Order>(&id, OrderCommand::Place(Arc::new(placement)), call, decided).await {
        Ok(answer) => shown(order, answer),
        // A parallel request with this key came first, with a cart or a clock read a moment apart.
        Err(AskError::Refused(OrderRejection::AlreadyPlaced)) => match placed_before(state, order, &wanted).await? {
            Some(_) => shown(order, state.gateway.wait::<Order>(&id, state.command_timeout(), decided).await?),
            None => Err(OrderRejection::AlreadyPlaced.into()),
        },
        Err(other) => Err(other.into()),
    }
}

fn parse<'a>(state: &'a AppState, body: CheckoutBody) -> Result<Wanted<'a>, Problem> {
    let shipping = state.shop.shipping(&body.shipping_method).ok_or_else(|| {
        let known: Vec<_> = state.shop.shipping_methods.iter().map(|method| &method.id).collect();
        Problem::new(Code::UnknownShippingMethod, "there is no such shipping method").with("known", known)
    })?;
    Ok(Wanted {
        email: address::email(&body.email)?,
        shipping_address: body.shipping_address.parse("shipping_address")?,
        billing_address: body.billing_address.map(|address| address.parse("billing_address")).transpose()?,
        shipping,
    })
}

/// The order of an earlier attempt with this key; refused when that asked for something else.
async fn placed_before(
    state: &AppState,
    order: OrderId,
    wanted: &Wanted<'_>,
) -> Result<Option<Answer<OrderView>>, Problem> {
    let answer = state.gateway.read::<Order>(&order.to_string(), state.command_timeout()).await?;
    match answer.view.placement.as_deref() {
        None => Ok(None),
        Some(placement) if placement.details() == wanted.details() => Ok(Some(answer)),
        Some(_) => Err(Problem::new(Code::IdempotencyKeyReused, "the key's order was placed with another request")),
    }
}

impl Wanted<'_> {
    fn details(&self) -> CheckoutDetails<'_> {
        CheckoutDetails {
            email: &self.email,
            shipping_address: &self.shipping_address,
            billing_address: self.billing_address.as_ref(),
            shipping_method: &self.shipping.id,
        }
    }
}

fn shown(order: OrderId, answer: Answer<OrderView>) -> Result<Response, Problem> {
    let status = match answer.view.lifecycle {
        OrderStatus::Rejected => return Err(out_of_stock(order, &answer.view)),
        // The order goes on by itself; the caller may watch it.
        OrderStatus::Placing => StatusCode::ACCEPTED,
        OrderStatus::AwaitingPayment
        | OrderStatus::Verified
        | OrderStatus::Processing
        | OrderStatus::PartiallyShipped
        | OrderStatus::Shipped
        | OrderStatus::Delivered
        | OrderStatus::Completed
        | OrderStatus::Expired
        | OrderStatus::Cancelled => StatusCode::CREATED,
    };
    let tag = etag(answer.version);
    let place =
        HeaderValue::try_from(format!("/api/orders/{order}")).unwrap_or(HeaderValue::from_static("/api/orders"));
    let body = order_access::body(order, answer)?;
    Ok((status, [(header::ETAG, tag), (header::LOCATION, place)], Json(body)).into_response())
}

fn out_of_stock(order: OrderId, view: &OrderView) -> Problem {
    let lines: Vec<_> = view
        .stock
        .iter()
        .filter_map(|line| match line.state {
            HoldState::Refused { available } => {
                Some(json!({"sku": line.sku, "requested": line.units, "available": available}))
            }
            HoldState::Wanted
            | HoldState::Held
            | HoldState::Lost
            | HoldState::Committed
            | HoldState::Releasing
            | HoldState::Released
            | HoldState::Shipped => None,
        })
        .collect();
    let detail = format!("{} of the order's SKUs cannot be held", lines.len());
    Problem::new(Code::OutOfStock, detail).with("order_id", order).with("lines", lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ids::Sku, order::OrderStockLine};
    use axum::response::IntoResponse;

    #[tokio::test]
    async fn a_rejection_names_only_the_refused_lines_with_their_numbers() {
        let line = |sku: &str, units, state| OrderStockLine { sku: Sku::parse(sku).unwrap(), units, shipped: 0, state };
        let view = OrderView {
            lifecycle: OrderStatus::Rejected,
            payment_status: Default::default(),
            payment: None,
            number: None,
            placement: None,
            placed_at: Default::default(),
            stock: vec![
                line("A", 3, HoldState::Refused { available: 1 }),
                line("B", 1, HoldState::Released),
                line("C", 1, HoldState::Refused { available: 0 }),
            ],
            fulfilments: vec![],
            next: vec![],
            settled: true,
        };
        let problem = out_of_stock(OrderId::default(), &view).into_response();
        assert_eq!(problem.status(), StatusCode::CONFLICT);
        let bytes = axum::body::to_bytes(problem.into_body(), 65_536).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(
            body["lines"],
            json!([{"sku": "A", "requested": 3, "available": 1}, {"sku": "C", "requested": 1, "available": 0}])
        );
    }
}
