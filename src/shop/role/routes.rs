//! `/api/permissions` and `/api/roles`.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    keep::{self, KeepRefusal},
    wire::{NewRoleBody, PermissionBody, RoleBody, RoleChangeBody},
};
use crate::{
    actors::gateway::Answer,
    domain::role::{RoleName, RoleView},
    http::{
        Body, Path, Problem,
        auth::Staff,
        conditional::{IfMatch, Tagged},
    },
    identity::{
        Permission, may,
        permission::{self, BUILT_IN},
    },
    shop::AppState,
};

/// Everything that a role can grant
#[utoipa::path(get, path = "/api/permissions", tag = "Roles",
    responses((status = 200, description = "Every permission", body = [PermissionBody])))]
pub async fn list_permissions(_: Staff<may::RolesRead>) -> Json<Vec<PermissionBody>> {
    let body = |one: &Permission| PermissionBody { name: one.name(), description: one.describe().trim() };
    Json(Permission::ALL.iter().map(body).collect())
}

/// Roles: the built-in ones, then the shop's own by name
#[utoipa::path(get, path = "/api/roles", tag = "Roles",
    responses((status = 200, description = "All of them; at most about a hundred are the shop's own", body = [RoleBody])))]
pub async fn list_roles(
    State(state): State<AppState>,
    _: Staff<may::RolesRead>,
) -> Result<Json<Vec<RoleBody>>, Problem> {
    state.toolkit.read_your_writes().await;
    let own = keep::own(&state.services)?.into_iter().map(|(version, role)| RoleBody::own(version, role));
    Ok(Json(BUILT_IN.iter().map(RoleBody::from).chain(own).collect()))
}

/// Makes a role of the shop's own
///
/// Whoever makes it has all of its permissions.
#[utoipa::path(post, path = "/api/roles", tag = "Roles", request_body = NewRoleBody,
    responses(
        (status = 201, description = "The new role", body = RoleBody, headers(("etag" = String))),
        (status = 403, description = "`grants_too_much` with `permissions`, `step_up_required`"),
        (status = 409, description = "`role_exists`, `too_many_roles`"),
        (status = 422, description = "`invalid_field`"),
    ))]
pub async fn make_role(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::RolesWrite>,
    Body(body): Body<NewRoleBody>,
) -> Result<Response, Problem> {
    state.toolkit.identity.stepped_up(&who)?;
    let role = body.parse()?;
    let name = role.name.clone();
    let answer = keep::make(&state.services, &who, role).await?;
    let place = HeaderValue::try_from(format!("/api/roles/{name}")).unwrap_or(HeaderValue::from_static("/api/roles"));
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], shown(&name, answer)?).into_response())
}

/// One role
#[utoipa::path(get, path = "/api/roles/{name}", tag = "Roles", params(("name" = String, Path, max_length = 40)),
    responses(
        (status = 200, description = "The role", body = RoleBody, headers(("etag" = String))),
        (status = 404, description = "`unknown_role`"),
    ))]
pub async fn get_role(
    State(state): State<AppState>,
    _: Staff<may::RolesRead>,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let name = named(&name)?;
    match permission::built_in(&name) {
        Some(role) => Ok(Tagged(0, RoleBody::from(role)).into_response()),
        None => Ok(shown(&name, keep::existing(&state.services, &name).await?)?.into_response()),
    }
}

/// Changes a role of the shop's own, for all who have it
///
/// Whoever changes it has all that it granted and all that it will grant. What it no longer grants ends at once, with
/// the sockets that it opened.
#[utoipa::path(put, path = "/api/roles/{name}", tag = "Roles",
    params(("name" = String, Path, max_length = 40), ("if-match" = Option<String>, Header)), request_body = RoleChangeBody,
    responses(
        (status = 200, description = "The role", body = RoleBody, headers(("etag" = String))),
        (status = 403, description = "`grants_too_much` with `permissions`, `step_up_required`"),
        (status = 404, description = "`unknown_role`"),
        (status = 409, description = "`role_built_in`"),
        (status = 422, description = "`invalid_field`"),
    ))]
pub async fn change_role(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::RolesWrite>,
    Path(name): Path<String>,
    IfMatch(version): IfMatch,
    Body(body): Body<RoleChangeBody>,
) -> Result<Response, Problem> {
    state.toolkit.identity.stepped_up(&who)?;
    let name = named(&name)?;
    let answer = keep::change(&state.services, &who, body.parse(name.clone())?, version).await?;
    Ok(shown(&name, answer)?.into_response())
}

/// Deletes a role of the shop's own
///
/// Accounts keep its name, which grants nothing any more; a new role of this name is theirs again.
#[utoipa::path(delete, path = "/api/roles/{name}", tag = "Roles",
    params(("name" = String, Path, max_length = 40), ("if-match" = Option<String>, Header)),
    responses(
        (status = 204, description = "It is gone"),
        (status = 403, description = "`grants_too_much` with `permissions`, `step_up_required`"),
        (status = 404, description = "`unknown_role`"),
        (status = 409, description = "`role_built_in`"),
    ))]
pub async fn delete_role(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::RolesWrite>,
    Path(name): Path<String>,
    IfMatch(version): IfMatch,
) -> Result<StatusCode, Problem> {
    state.toolkit.identity.stepped_up(&who)?;
    keep::delete(&state.services, &who, &named(&name)?, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A name that no role can have is of none.
fn named(name: &str) -> Result<RoleName, Problem> {
    let unknown = |_| Problem::new(crate::http::Code::UNKNOWN_ROLE, "there is no such role");
    RoleName::parse(name).map_err(unknown)
}

fn shown(name: &RoleName, answer: Answer<RoleView>) -> Result<Tagged<RoleBody>, KeepRefusal> {
    let role = answer.view.defined.ok_or(KeepRefusal::Unknown(name.clone()))?;
    Ok(Tagged(answer.version, RoleBody::own(answer.version, role)))
}
