//! The caller's cart. A cart holds no stock: its items may be sold out at checkout.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

/// Lines of one bulk change of a cart; more are answered 422.
const BULK_LINES_MAX: usize = 200;

use super::wire::{CartBody, NewLineBody, QuantityBody};
use crate::shop::product::skus::{known, unknown};
use crate::{
    actors::gateway::{Answer, Call},
    domain::{
        cart::{Cart, CartCommand, CartView, Item},
        ids::Sku,
    },
    http::{
        Body, Code, Path, Problem,
        auth::{Caller, MaybeCaller},
        conditional::{IfMatch, Tagged},
        idempotency::OptionalKey,
    },
    identity::{Permission, Principal},
    shop::AppState,
};

/// The caller's cart
///
/// A guest's cart is named by a signed cookie, which the first write sets.
#[utoipa::path(get, path = "/api/cart", tag = "Cart",
    responses((status = 200, description = "Empty, where nothing was put into it", body = CartBody, headers(("etag" = String)))))]
pub async fn get_cart(State(state): State<AppState>, MaybeCaller(who): MaybeCaller) -> Result<Response, Problem> {
    // Reading creates no session, and the cart of a caller without one is empty.
    let Some(who) = who else {
        return shown(&state, None, &Answer { version: 0, changed: false, view: CartView::default() });
    };
    let answer = state.gateway.read::<Cart>(&who.cart.to_string(), state.command_timeout).await?;
    shown(&state, Some(&who), &answer)
}

/// Sets a line's quantity
#[utoipa::path(put, path = "/api/cart/lines/{sku}", tag = "Cart",
    params(("sku" = String, Path), ("if-match" = Option<String>, Header, description = "The cart's ETag")),
    request_body = QuantityBody,
    responses((status = 200, description = "The cart", body = CartBody, headers(("etag" = String))),
        (status = 404, description = "`unknown_sku`"),
        (status = 422, description = "`bad_quantity`, `too_many_lines`, `amount_overflow`, `currency_mismatch`"),
    ))]
pub async fn set_cart_line(
    State(state): State<AppState>,
    Caller(who): Caller,
    Path(sku): Path<String>,
    IfMatch(expected_version): IfMatch,
    Body(body): Body<QuantityBody>,
) -> Result<Response, Problem> {
    let line = line(&state, &sku, body.quantity)?;
    let command = CartCommand::SetLines { owner: who.user, lines: vec![line], add: false };
    // The quantity is absolute: a repeated request changes nothing, so it needs no key.
    change(&state, &who, command, Call { expected_version, ..state.call(&who) }).await
}

/// Removes a line
#[utoipa::path(delete, path = "/api/cart/lines/{sku}", tag = "Cart",
    params(("sku" = String, Path), ("if-match" = Option<String>, Header, description = "The cart's ETag")),
    responses((status = 200, description = "The cart", body = CartBody, headers(("etag" = String))),
        (status = 404, description = "`unknown_sku`, `unknown_line`"),
    ))]
pub async fn remove_cart_line(
    State(state): State<AppState>,
    Caller(who): Caller,
    Path(text): Path<String>,
    IfMatch(expected_version): IfMatch,
) -> Result<Response, Problem> {
    // Not looked up in the catalogue: a withdrawn item must be removable.
    let sku = Sku::parse(&text).map_err(|_| unknown(&text))?;
    let call = Call { expected_version, ..state.call(&who) };
    change(&state, &who, CartCommand::RemoveLine { sku }, call).await
}

/// Adds units to several lines at once
///
/// All lines or none. With an `Idempotency-Key` a repeated request adds once.
#[utoipa::path(post, path = "/api/cart/lines", tag = "Cart",
    params(("idempotency-key" = Option<String>, Header), ("if-match" = Option<String>, Header, description = "The cart's ETag")),
    request_body = Vec<NewLineBody>,
    responses((status = 200, description = "The cart", body = CartBody, headers(("etag" = String))),
        (status = 404, description = "`unknown_sku`"),
        (status = 422, description = "`bad_quantity`, `too_many_lines`, `amount_overflow`, `currency_mismatch`"),
    ))]
pub async fn add_cart_lines(
    State(state): State<AppState>,
    Caller(who): Caller,
    IfMatch(expected_version): IfMatch,
    OptionalKey(key): OptionalKey,
    Body(body): Body<Vec<NewLineBody>>,
) -> Result<Response, Problem> {
    let max = BULK_LINES_MAX;
    if body.is_empty() || body.len() > max {
        let detail = format!("1 to {max} lines at once, not {}", body.len());
        return Err(Problem::new(Code::TOO_MANY_LINES, detail).with("max", max));
    }
    let lines = body.iter().map(|new| line(&state, &new.sku, new.quantity)).collect::<Result<_, _>>()?;
    let call = match &key {
        Some(key) => state.toolkit.keyed(&who, key, "cart/lines", &body),
        None => state.call(&who),
    };
    let command = CartCommand::SetLines { owner: who.user, lines, add: true };
    change(&state, &who, command, Call { expected_version, ..call }).await
}

fn line(state: &AppState, sku: &str, quantity: i64) -> Result<(Item, u32), Problem> {
    let (sku, card) = known(state, sku)?;
    let max = Cart::QUANTITY_MAX;
    match u32::try_from(quantity) {
        Ok(units) if (1..=max).contains(&units) => Ok((Item { sku, name: card.name, unit_price: card.price }, units)),
        _ => {
            let detail = format!("a line takes 1 to {max} units, not {quantity}");
            Err(Problem::new(Code::BAD_QUANTITY, detail).with("sku", sku).with("quantity", quantity).with("max", max))
        }
    }
}

async fn change(state: &AppState, who: &Principal, command: CartCommand, call: Call) -> Result<Response, Problem> {
    let answer = state.gateway.ask::<Cart>(&who.cart.to_string(), command, call).await?;
    shown(state, Some(who), &answer)
}

fn shown(state: &AppState, who: Option<&Principal>, answer: &Answer<CartView>) -> Result<Response, Problem> {
    let counts = who.is_some_and(|who| who.may(Permission::StockRead));
    let body = state.front.cart(who.map(|who| who.cart), answer.version, &answer.view, counts)?;
    Ok(Tagged(answer.version, body).into_response())
}
