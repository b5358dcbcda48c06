//! `GET /api/orders/unpaid`: the numbers for whoever sees the board.

use axum::{Json, extract::State};

use super::wire::UnpaidBody;
use crate::{http::auth::Staff, identity::may, shop::AppState};

/// Orders that wait for their payment, in numbers
///
/// Of all orders, as this node has folded them; the topic `unpaid` says the same live.
#[utoipa::path(get, path = "/api/orders/unpaid", tag = "Orders",
    responses((status = 200, description = "The sums, the largest holders, and what the bounds refused", body = UnpaidBody)))]
pub async fn show_unpaid(State(state): State<AppState>, Staff(_who, ..): Staff<may::OrdersRead>) -> Json<UnpaidBody> {
    Json(state.unpaid.summary().into())
}
