//! `/api/users/{id}`: one account, whether it may be used, and its roles.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use uuid::Uuid;

use super::{
    change,
    wire::{UserBody, UserChangeBody, UserRolesBody, roles},
};
use crate::{
    actors::gateway::Answer,
    domain::{account::AccountView, ids::UserId},
    http::{
        Body, Path, Problem,
        auth::Staff,
        conditional::{IfMatch, Tagged},
    },
    identity::{Principal, may},
    shop::AppState,
};

/// One account
#[utoipa::path(get, path = "/api/users/{id}", tag = "Users", params(("id" = Uuid, Path)),
    responses(
        (status = 200, description = "The account", body = UserBody, headers(("etag" = String))),
        (status = 404, description = "`unknown_user`"),
    ))]
pub async fn get_user(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::UsersRead>,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    Ok(shown(UserId(id), &change::read(&state.services, UserId(id)).await?, &who))
}

/// Disables or enables an account
///
/// Disabled, it loses its sessions at once, with every socket and stream that they opened. Whoever does it has all that
/// the account's roles grant.
#[utoipa::path(put, path = "/api/users/{id}", tag = "Users",
    params(("id" = Uuid, Path), ("if-match" = Option<String>, Header)), request_body = UserChangeBody,
    responses(
        (status = 200, description = "The account", body = UserBody, headers(("etag" = String))),
        (status = 403, description = "`grants_too_much` with `permissions`"),
        (status = 404, description = "`unknown_user`"),
        (status = 409, description = "`still_superadmin`"),
    ))]
pub async fn change_user(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::UsersWrite>,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Body(UserChangeBody { disabled }): Body<UserChangeBody>,
) -> Result<Response, Problem> {
    let answer = change::set_disabled(&state.services, &who, UserId(id), disabled, version).await?;
    Ok(shown(UserId(id), &answer, &who))
}

/// Disables an account (the same as `PUT` with `disabled`)
#[utoipa::path(delete, path = "/api/users/{id}", tag = "Users",
    params(("id" = Uuid, Path), ("if-match" = Option<String>, Header)),
    responses(
        (status = 200, description = "The disabled account", body = UserBody, headers(("etag" = String))),
        (status = 403, description = "`grants_too_much` with `permissions`"),
        (status = 404, description = "`unknown_user`"),
        (status = 409, description = "`still_superadmin`"),
    ))]
pub async fn disable_user(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::UsersWrite>,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
) -> Result<Response, Problem> {
    let answer = change::set_disabled(&state.services, &who, UserId(id), true, version).await?;
    Ok(shown(UserId(id), &answer, &who))
}

/// Sets an account's roles
///
/// Whoever does it has all that is given and all that is taken; the last superadmin stays one.
#[utoipa::path(put, path = "/api/users/{id}/roles", tag = "Users",
    params(("id" = Uuid, Path), ("if-match" = Option<String>, Header)), request_body = UserRolesBody,
    responses(
        (status = 200, description = "The account", body = UserBody, headers(("etag" = String))),
        (status = 403, description = "`grants_too_much` with `permissions`, `step_up_required`"),
        (status = 404, description = "`unknown_user`, `unknown_role`"),
        (status = 409, description = "`last_superadmin`, `too_many_superadmins`, `promotion_under_way`"),
        (status = 422, description = "`invalid_field`"),
    ))]
pub async fn set_user_roles(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::UsersWrite>,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    Body(body): Body<UserRolesBody>,
) -> Result<Response, Problem> {
    state.toolkit.identity.stepped_up(&who)?;
    let wanted = roles(&body.roles)?;
    let answer = change::set_roles(&state.services, &who, UserId(id), wanted, version).await?;
    Ok(shown(UserId(id), &answer, &who))
}

fn shown(user: UserId, answer: &Answer<AccountView>, who: &Principal) -> Response {
    Tagged(answer.version, UserBody::new(user, answer, who)).into_response()
}
