//! Orders: the caller's own; all of them for staff, with filters; and cancelling.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    access, cancel,
    list::{self, Filter},
    mine,
    wire::OrderBody,
};
use crate::{
    domain::{
        ids::{OrderId, UserId},
        order::OrderStatus,
    },
    http::{
        Path, Problem, Query,
        auth::{MaybeOwner, Settler},
        conditional::{Tagged, etag, unless_known},
        listing::{Page, PageQuery, Search},
    },
    identity::{AuthError, Permission, Reach, may},
    shop::AppState,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OrdersQuery {
    status: Option<OrderStatus>,
    /// For staff: the orders of one user.
    user: Option<Uuid>,
    /// For staff: an order number, an id, or the beginning of an e-mail; then the page is sorted by e-mail first.
    #[param(value_type = Option<String>, max_length = 254)]
    q: Option<Search<254>>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Orders, newest first
///
/// A shopper sees the own ones, and an account with a verified e-mail also those that guests placed with it; whoever has
/// `orders.read` sees all.
#[utoipa::path(get, path = "/api/orders", tag = "Orders", params(OrdersQuery),
    responses((status = 200, description = "A page of orders", body = Page<OrderBody>),
        (status = 503, description = "`index_building`, with Retry-After"),
        (status = 403, description = "`forbidden`"),
    ))]
pub async fn list_orders(
    State(state): State<AppState>,
    MaybeOwner(reach, ..): MaybeOwner<may::OrdersRead>,
    Query(query): Query<OrdersQuery>,
) -> Result<Json<Page<OrderBody>>, Problem> {
    let Some(Reach { who, all }) = reach else { return Ok(Json(Page { items: Vec::new(), next: None })) };
    let filter = Filter {
        status: query.status,
        user: query.user.map(UserId),
        text: query.q.map(|Search(text)| text).filter(|text| !text.trim().is_empty()),
    };
    if !all && (filter.text.is_some() || filter.user.is_some_and(|user| user != who.user)) {
        return Err(AuthError::Forbidden { permission: Permission::OrdersRead, by: who.by }.into());
    }
    if !all {
        return mine::page(&state, &who, filter.status, query.cursor.as_deref(), query.limit).await.map(Json);
    }
    filter.allowed(&who)?;
    list::page(&state, &who, &filter, query.cursor.as_deref(), query.limit).await.map(Json)
}

/// Orders of one status, newest first
#[utoipa::path(get, path = "/api/orders/status/{status}", tag = "Orders",
    params(("status" = OrderStatus, Path), PageQuery),
    responses((status = 200, description = "A page of orders: own ones, or all for staff", body = Page<OrderBody>),
        (status = 503, description = "`index_building`, with Retry-After")))]
pub async fn list_orders_by_status(
    State(state): State<AppState>,
    MaybeOwner(reach, ..): MaybeOwner<may::OrdersRead>,
    Path(status): Path<OrderStatus>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<OrderBody>>, Problem> {
    let Some(Reach { who, all }) = reach else { return Ok(Json(Page { items: Vec::new(), next: None })) };
    if !all {
        return mine::page(&state, &who, Some(status), query.cursor.as_deref(), query.limit).await.map(Json);
    }
    let filter = Filter { status: Some(status), ..Filter::default() };
    list::page(&state, &who, &filter, query.cursor.as_deref(), query.limit).await.map(Json)
}

/// One order
#[utoipa::path(get, path = "/api/orders/{id}", tag = "Orders", params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The caller's own order, or any for staff", body = OrderBody, headers(("etag" = String))),
        (status = 304, description = "Nothing has changed since `If-None-Match`"),
        (status = 404, description = "`unknown_order`"),
    ))]
pub async fn get_order(
    State(state): State<AppState>,
    MaybeOwner(reach, ..): MaybeOwner<may::OrdersRead>,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = OrderId(id);
    // A caller without a session owns no order: no entity is woken.
    let reach = reach.ok_or(access::Unreadable::Unknown(id))?;
    let answer = access::readable(&state.services, &reach, id).await?;
    let Tagged(version, body) = access::tagged(id, answer, &reach.who)?;
    Ok(match body.user_id == reach.who.user.0 {
        true => unless_known(&headers, etag(version), || Json(body).into_response()),
        false => Tagged(version, body).into_response(),
    })
}

/// Cancels an order
///
/// Its owner may while it waits for its payment and until it is processed, and while a payment of an expired one is under
/// way; stock and money are undone, whenever the provider answers.
#[utoipa::path(delete, path = "/api/orders/{id}", tag = "Orders", params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The cancelled order", body = OrderBody, headers(("etag" = String))),
        (status = 409, description = "`illegal_move`"),
        (status = 404, description = "`unknown_order`"),
        (status = 412, description = "`version_conflict`"),
    ))]
pub async fn cancel_order(
    State(state): State<AppState>,
    Settler(reach, ..): Settler<may::OrdersWrite>,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let id = OrderId(id);
    let answer = cancel::cancel(&state.services, &reach, id).await?;
    Ok(access::tagged(id, answer, &reach.who)?.into_response())
}
