//! Lists of payments, for staff.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::wire::PaymentBody;
use crate::{
    actors::ports::StoreError,
    domain::{
        ids::{PaymentId, UserId},
        order::PaymentStatus,
        payment::Payment,
    },
    http::{
        Path, Problem, Query,
        auth::Staff,
        listing::{self, Page, PageQuery},
    },
    identity::{Principal, may},
    shop::{AppState, rows},
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PaymentsQuery {
    status: Option<PaymentStatus>,
    user: Option<Uuid>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Payments
#[utoipa::path(get, path = "/api/payments", tag = "Payments", params(PaymentsQuery),
    responses((status = 200, description = "A page of payments", body = Page<PaymentBody>),
        (status = 503, description = "`index_building`, with Retry-After")))]
pub async fn list_payments(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::PaymentsRead>,
    Query(query): Query<PaymentsQuery>,
) -> Result<Json<Page<PaymentBody>>, Problem> {
    let page = PageQuery { cursor: query.cursor, limit: query.limit };
    list(&state, &who, query.status, query.user.map(UserId), &page).await
}

/// Payments of one status
#[utoipa::path(get, path = "/api/payments/status/{status}", tag = "Payments",
    params(("status" = PaymentStatus, Path), PageQuery),
    responses((status = 200, description = "A page of payments", body = Page<PaymentBody>),
        (status = 503, description = "`index_building`, with Retry-After")))]
pub async fn list_payments_by_status(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::PaymentsRead>,
    Path(status): Path<PaymentStatus>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PaymentBody>>, Problem> {
    list(&state, &who, Some(status), None, &page).await
}

/// Payments of one user
#[utoipa::path(get, path = "/api/payments/user/{id}", tag = "Payments",
    params(("id" = Uuid, Path), PageQuery),
    responses((status = 200, description = "A page of payments", body = Page<PaymentBody>),
        (status = 503, description = "`index_building`, with Retry-After")))]
pub async fn list_payments_of_user(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::PaymentsRead>,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PaymentBody>>, Problem> {
    list(&state, &who, None, Some(UserId(id)), &page).await
}

async fn list(
    state: &AppState,
    who: &Principal,
    status: Option<PaymentStatus>,
    user: Option<UserId>,
    page: &PageQuery,
) -> Result<Json<Page<PaymentBody>>, Problem> {
    let (after, limit) = state.toolkit.open_page(page.cursor.as_deref(), page.limit).await?;
    let (table, prefix) = match (user, status) {
        (Some(user), _) => (rows::PAYMENTS_BY_USER, rows::user_prefix(user)),
        (None, Some(status)) => (rows::PAYMENTS_BY_STATUS, rows::payment_status_prefix(status)),
        (None, None) => (rows::PAYMENTS_ALL, Vec::new()),
    };
    let load = |id: PaymentId| -> Result<Option<PaymentBody>, StoreError> {
        let answer = state.gateway.read_local::<Payment>(&id.to_string())?;
        // The row may be older than the state, so both conditions are checked again.
        let passes = answer.filter(|answer| {
            status.is_none_or(|status| answer.view.status == status)
                && user.is_none_or(|user| answer.view.user == Some(user))
        });
        Ok(passes.map(|answer| PaymentBody::new(id, answer, who)))
    };
    let found = |after: Option<&[u8]>, n| state.gateway.row_keys(table, &prefix, after, n);
    Ok(Json(listing::walk(after, limit, found, |key| rows::payment_of(key).map_or(Ok(None), load))?))
}
