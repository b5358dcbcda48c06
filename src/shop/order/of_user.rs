//! One user's orders, for staff. The lists that shoppers share are in `routes`.

use axum::{Json, extract::State};
use uuid::Uuid;

use super::{
    list::{self, Filter},
    wire::OrderBody,
};
use crate::{
    domain::ids::UserId,
    http::{
        Path, Problem, Query,
        auth::Staff,
        listing::{Page, PageQuery},
    },
    identity::may,
    shop::AppState,
};

/// Orders of one user, newest first
#[utoipa::path(get, path = "/api/orders/user/{id}", tag = "Orders",
    params(("id" = Uuid, Path, description = "An account's or a guest's id"), PageQuery),
    responses((status = 200, description = "A page of orders", body = Page<OrderBody>),
        (status = 503, description = "`index_building`, with Retry-After")))]
pub async fn list_orders_of_user(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::OrdersRead>,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<OrderBody>>, Problem> {
    let filter = Filter { user: Some(UserId(id)), ..Filter::default() };
    list::page(&state, &who, &filter, query.cursor.as_deref(), query.limit).await.map(Json)
}
