//! What is known of a person, exported; and the erasure of it, by the person or by staff.

use axum::{
    Json,
    extract::State,
    http::{Extensions, HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    ask, export,
    wire::{EraseMeBody, ErasedSubjectsBody, ErasureBody, ExportBody, subject},
};
use crate::{
    domain::{
        email::Mailbox,
        erasure::{Erasure, ErasureView},
        ids::{OrderId, UserId},
        kinds::Kind,
    },
    http::{
        Body, Path, Problem, Query,
        auth::{Public, SignedIn, Staff},
        listing::{Page, PageQuery, bad_cursor, cursor},
    },
    identity::{Principal, may},
    shop::{AppState, order, user},
};

/// All that the shop has about the caller
#[utoipa::path(post, path = "/api/auth/me/export", tag = "Personal data", responses(
    (status = 200, description = "The account and all that is its own, as a file", body = ExportBody),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
    (status = 403, description = "`step_up_required`"),
    (status = 503, description = "`index_building`, `unavailable`, with Retry-After"),
))]
pub async fn export_me(State(state): State<AppState>, SignedIn(who): SignedIn) -> Result<Response, Problem> {
    state.toolkit.identity.stepped_up(&who)?;
    exported(&state, who.user).await
}

/// Erases the caller's account and their orders' persons
///
/// It is never undone. The account ends at once, with its sessions and keys; what the books need (lines, sums, country)
/// stays. Orders that are on their way end first, or are cancelled.
#[utoipa::path(post, path = "/api/auth/me/erase", tag = "Personal data", request_body = EraseMeBody, responses(
    (status = 202, description = "It is under way", body = ErasureBody),
    (status = 401, description = "`unauthenticated`, `invalid_token`"),
    (status = 403, description = "`step_up_required`"),
    (status = 409, description = "`orders_under_way` with `orders`, `last_superadmin`, `promotion_under_way`"),
    (status = 422, description = "`invalid_field`: not the account's e-mail"),
    (status = 503, description = "`index_building`, `unavailable`, with Retry-After"),
))]
pub async fn erase_me(
    State(state): State<AppState>,
    SignedIn(who): SignedIn,
    Body(body): Body<EraseMeBody>,
) -> Result<Response, Problem> {
    let account = user::read(&state.services, who.user).await?;
    let own = account.view.mailbox.is_some_and(|own| *own.address == Mailbox::compared(&body.email));
    if !own {
        return Err(Problem::field("email", "the account has another e-mail"));
    }
    erase_account(&state, &who, who.user).await
}

/// All that the shop has about an account
#[utoipa::path(post, path = "/api/users/{id}/export", tag = "Personal data", params(("id" = Uuid, Path)), responses(
    (status = 200, description = "The account and all that is its own, as a file", body = ExportBody),
    (status = 403, description = "`step_up_required`"),
    (status = 404, description = "`unknown_user`"),
    (status = 503, description = "`index_building`, `unavailable`, with Retry-After"),
))]
pub async fn export_user(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::CustomersExport>,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    state.toolkit.identity.stepped_up(&who)?;
    exported(&state, UserId(id)).await
}

/// Erases an account and its orders' persons
///
/// Whoever does it has all that the account's roles grant.
#[utoipa::path(post, path = "/api/users/{id}/erase", tag = "Personal data", params(("id" = Uuid, Path)), responses(
    (status = 202, description = "It is under way", body = ErasureBody),
    (status = 403, description = "`grants_too_much` with `permissions`, `step_up_required`"),
    (status = 404, description = "`unknown_user`"),
    (status = 409, description = "`orders_under_way` with `orders`, `last_superadmin`, `promotion_under_way`"),
    (status = 503, description = "`index_building`, `unavailable`, with Retry-After"),
))]
pub async fn erase_user(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::CustomersErase>,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    erase_account(&state, &who, UserId(id)).await
}

/// Erases the person of a guest's order
#[utoipa::path(post, path = "/api/orders/{id}/erase", tag = "Personal data", params(("id" = Uuid, Path)), responses(
    (status = 202, description = "It is under way", body = ErasureBody),
    (status = 403, description = "`step_up_required`"),
    (status = 404, description = "`unknown_order`"),
    (status = 409, description = "`orders_under_way` with `orders`, `order_of_account`"),
))]
pub async fn erase_order(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::CustomersErase>,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    state.toolkit.identity.stepped_up(&who)?;
    under_way(&ask::order(&state.services, &who, OrderId(id)).await?)
}

/// Erases the person of a guest's order, by reference and e-mail
#[utoipa::path(post, path = "/api/orders/erase", tag = "Personal data", request_body = order::LookupBody, responses(
    (status = 202, description = "It is under way", body = ErasureBody),
    (status = 404, description = "`unknown_order`: reference or e-mail is wrong"),
    (status = 409, description = "`orders_under_way` with `orders`, `order_of_account`"),
    (status = 429, description = "`too_many_requests`, with Retry-After"),
    (status = 503, description = "`index_building`, with Retry-After"),
))]
pub async fn erase_guest_order(
    _: Public,
    State(state): State<AppState>,
    headers: HeaderMap,
    extensions: Extensions,
    Body(body): Body<order::LookupBody>,
) -> Result<Response, Problem> {
    let (id, view) = order::looked_up(&state, &headers, &extensions, &body).await?;
    let owner = view.placement.as_ref().map(|placement| placement.user).unwrap_or_default();
    under_way(&ask::order(&state.services, &Principal::guest(owner.0), id).await?)
}

/// Erasures, by subject
///
/// Ids only. Kept elsewhere, the list says after a restore who is to be erased again.
#[utoipa::path(get, path = "/api/erasures", tag = "Personal data", params(PageQuery),
    responses((status = 200, description = "A page of erasures", body = Page<ErasureBody>)))]
pub async fn list_erasures(
    State(state): State<AppState>,
    _: Staff<may::CustomersErase>,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ErasureBody>>, Problem> {
    let (from, limit) = state.toolkit.open_page(query.cursor.as_deref(), query.limit).await?;
    let from = from.map(|key| String::from_utf8(key).map_err(|_| bad_cursor())).transpose()?;
    let keys = state.gateway.keys(Kind::Erasure, from.as_deref(), limit)?;
    let next = keys.last().filter(|_| keys.len() == limit).map(|key| cursor(key.id.as_bytes()));
    let read = |id: &str| state.gateway.read_local::<Erasure>(id);
    let found = keys.iter().map(|key| read(&key.id)).collect::<Result<Vec<_>, _>>()?;
    let items = found.into_iter().flatten().filter_map(|answer| ErasureBody::of(&answer.view)).collect();
    Ok(Json(Page { items, next }))
}

/// Erases again who was erased before
///
/// After a backup was restored that is older than some erasures. Also of who is not known.
#[utoipa::path(post, path = "/api/erasures", tag = "Personal data", request_body = ErasedSubjectsBody, responses(
    (status = 204, description = "They are under way"),
    (status = 403, description = "`step_up_required`"),
    (status = 422, description = "`invalid_field`"),
))]
pub async fn erase_again(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::CustomersErase>,
    Body(body): Body<ErasedSubjectsBody>,
) -> Result<StatusCode, Problem> {
    state.toolkit.identity.stepped_up(&who)?;
    let max = ErasedSubjectsBody::MAX;
    if !(1..=max).contains(&body.subjects.len()) {
        return Err(Problem::field("subjects", format!("1 to {max} subjects at once")).with("max", max));
    }
    let wrong = || Problem::field("subjects", "a subject reads user/<id> or order/<id>");
    let subjects = body.subjects.iter().map(|text| subject(text).ok_or_else(wrong)).collect::<Result<Vec<_>, _>>()?;
    for subject in subjects {
        ask::again(&state.services, &who, subject).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn exported(state: &AppState, user: UserId) -> Result<Response, Problem> {
    state.toolkit.read_your_writes().await;
    let body = export::of(&state.services, user).await?;
    let name = format!("attachment; filename=\"personal-data-{user}.json\"");
    let headers = [(header::CACHE_CONTROL, "no-store".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Json(body)).into_response())
}

async fn erase_account(state: &AppState, who: &Principal, user: UserId) -> Result<Response, Problem> {
    state.toolkit.identity.stepped_up(who)?;
    state.toolkit.read_your_writes().await;
    under_way(&ask::account(&state.services, who, user).await?)
}

fn under_way(view: &ErasureView) -> Result<Response, Problem> {
    Ok((StatusCode::ACCEPTED, Json(ErasureBody::of(view))).into_response())
}
