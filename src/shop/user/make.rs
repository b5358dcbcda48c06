//! `POST /api/users`: staff makes an account, and a mail leads its owner to a password.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    change,
    wire::{NewUserBody, UserBody, roles},
};
use crate::{
    domain::role::RoleName,
    http::{Body, Problem, auth::Staff, conditional::Tagged},
    identity::{Invited, may},
    shop::{AppState, account::mailbox, checkout::address::line_if_any},
};

/// Makes an account for somebody
///
/// Nobody knows its password: a mail with a link leads its owner to one. Whoever makes it has all that its roles grant.
#[utoipa::path(post, path = "/api/users", tag = "Users", request_body = NewUserBody,
    responses(
        (status = 201, description = "The new account", body = UserBody, headers(("etag" = String))),
        (status = 403, description = "`grants_too_much` with `permissions`, `step_up_required`"),
        (status = 404, description = "`unknown_role`"),
        (status = 409, description = "`account_exists`, `too_many_superadmins`, `promotion_under_way`"),
        (status = 422, description = "`invalid_field`"),
    ))]
pub async fn make_user(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::UsersWrite>,
    Body(body): Body<NewUserBody>,
) -> Result<Response, Problem> {
    state.toolkit.identity.stepped_up(&who)?;
    let wanted = match body.roles {
        Some(named) => roles(&named)?,
        None => BTreeSet::from([RoleName::customer()]),
    };
    change::may_give(&state.services, &who, &wanted).await?;
    let name = line_if_any("name", body.name)?;
    let mut first = wanted.clone();
    // Given to an account that is there.
    let superadmin = first.remove(RoleName::SUPERADMIN);
    if first.is_empty() {
        first.insert(RoleName::customer());
    }
    let invited = Invited { mailbox: mailbox(&state.toolkit.identity, &body.email)?, name, roles: first };
    let user = state.toolkit.identity.invite(&who, invited).await?;
    let answer = match superadmin {
        true => change::set_roles(&state.services, &who, user, wanted, None).await?,
        false => change::read(&state.services, user).await?,
    };
    let place = HeaderValue::try_from(format!("/api/users/{user}")).unwrap_or(HeaderValue::from_static("/api/users"));
    let body = Tagged(answer.version, UserBody::new(user, &answer, &who));
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], body).into_response())
}
