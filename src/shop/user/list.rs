//! `GET /api/users`: accounts, the newest first; by role, or by the beginning of an e-mail.

use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    projection::{USERS_ALL, USERS_BY_EMAIL, USERS_BY_ROLE, role_prefix, user_of},
    wire::UserBody,
};
use crate::{
    actors::ports::StoreError,
    domain::{account::Account, email::Mailbox, ids::UserId, role::RoleName},
    http::{
        Problem, Query,
        auth::Staff,
        listing::{self, Page, Search},
    },
    identity::{AuthError, Permission, may},
    shop::AppState,
};

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UsersQuery {
    /// The beginning of an e-mail, for `customers.read`; the page is sorted by e-mail then.
    #[param(value_type = Option<String>, max_length = 254)]
    q: Option<Search<254>>,
    /// Whoever has this role.
    #[param(max_length = 40)]
    role: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Accounts, newest first
#[utoipa::path(get, path = "/api/users", tag = "Users", params(UsersQuery),
    responses((status = 200, description = "A page of accounts", body = Page<UserBody>),
        (status = 422, description = "`invalid_field`"),
        (status = 503, description = "`index_building`, with Retry-After")))]
pub async fn list_users(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::UsersRead>,
    Query(query): Query<UsersQuery>,
) -> Result<Json<Page<UserBody>>, Problem> {
    let beginning = query.q.map(|Search(text)| Mailbox::compared(&text)).filter(|text| !text.is_empty());
    let permission = Permission::CustomersRead;
    if beginning.is_some() && !who.may(permission) {
        return Err(AuthError::Forbidden { permission, by: who.by.clone() }.into());
    }
    let parsed = query.role.as_deref().map(RoleName::parse).transpose();
    let role = parsed.map_err(|error| Problem::field("role", error.to_string()))?;
    let (after, limit) = state.toolkit.open_page(query.cursor.as_deref(), query.limit).await?;
    let (table, prefix) = match (&beginning, &role) {
        (Some(beginning), _) => (USERS_BY_EMAIL, state.front.addresses.beginning(beginning)),
        (None, Some(role)) => (USERS_BY_ROLE, role_prefix(role)),
        (None, None) => (USERS_ALL, Vec::new()),
    };
    let load = |user: UserId| -> Result<Option<UserBody>, StoreError> {
        let answer = state.gateway.read_local::<Account>(&user.to_string())?;
        // The row may be older than the state, so the conditions are checked again.
        let passing = answer.filter(|answer| {
            answer.view.is_registered()
                && role.as_ref().is_none_or(|role| answer.view.roles.contains(role))
                && beginning.as_deref().is_none_or(|beginning| {
                    answer.view.mailbox.as_ref().is_some_and(|mailbox| mailbox.address.starts_with(beginning))
                })
        });
        Ok(passing.map(|answer| UserBody::new(user, &answer, &who)))
    };
    let rows = |after: Option<&[u8]>, n| state.gateway.row_keys(table, &prefix, after, n);
    Ok(Json(listing::walk(after, limit, rows, |key| user_of(key).map_or(Ok(None), load))?))
}
