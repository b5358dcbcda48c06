//! The use cases: roles of the shop's own are made, changed and deleted.

use std::collections::BTreeSet;

use super::grant::{self, GrantsTooMuch};
use crate::{
    actors::{
        gateway::{Answer, AskError, Call},
        ports::StoreError,
    },
    domain::{
        kinds::Kind,
        role::{Defined, Role, RoleCommand, RoleName, RoleRejection, RoleView},
    },
    identity::{PermissionSet, Principal, of_built_in},
    shop::Services,
};

/// Roles of the shop's own. Counted in this node's state, so that roles made at once may exceed it by as many.
pub const ROLES_MAX: usize = 100;

#[derive(Debug, thiserror::Error)]
pub enum KeepRefusal {
    #[error("there is no role {0}")]
    Unknown(RoleName),
    #[error("there is a role {0} already")]
    Exists(RoleName),
    #[error("the shop has {max} roles of its own")]
    TooMany { max: usize },
    #[error(transparent)]
    Grants(#[from] GrantsTooMuch),
    #[error(transparent)]
    Ask(#[from] AskError<RoleRejection>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub async fn make(services: &Services, who: &Principal, role: Defined) -> Result<Answer<RoleView>, KeepRefusal> {
    grant::allowed(who, PermissionSet::named(&role.permissions))?;
    let name = role.name.clone();
    if own(services)?.len() >= ROLES_MAX {
        return Err(KeepRefusal::TooMany { max: ROLES_MAX });
    }
    let now = read(services, &name).await?;
    if now.view.defined.is_some() || name.is_built_in() {
        return Err(KeepRefusal::Exists(name));
    }
    match put(services, who, role, now.version).await {
        // Another one was faster.
        Err(KeepRefusal::Ask(AskError::VersionConflict { .. })) => Err(KeepRefusal::Exists(name)),
        made => made,
    }
}

/// `expected` is the version that the writer has read, if it says so.
pub async fn change(
    services: &Services,
    who: &Principal,
    role: Defined,
    expected: Option<u64>,
) -> Result<Answer<RoleView>, KeepRefusal> {
    let now = changeable(services, who, &role.name).await?;
    grant::allowed(who, PermissionSet::named(&role.permissions))?;
    // What was judged is what is replaced.
    put(services, who, role, expected.unwrap_or(now.version)).await
}

pub async fn delete(
    services: &Services,
    who: &Principal,
    name: &RoleName,
    expected: Option<u64>,
) -> Result<Answer<RoleView>, KeepRefusal> {
    let now = changeable(services, who, name).await?;
    tell(services, who, name, RoleCommand::Delete, expected.unwrap_or(now.version)).await
}

/// The role as it is now, if `who` may take from its accounts what it grants.
async fn changeable(services: &Services, who: &Principal, name: &RoleName) -> Result<Answer<RoleView>, KeepRefusal> {
    if name.is_built_in() {
        return Err(AskError::Refused(RoleRejection::BuiltIn { name: name.clone() }).into());
    }
    let now = existing(services, name).await?;
    grant::allowed(who, grants(&now.view))?;
    Ok(now)
}

async fn put(
    services: &Services,
    who: &Principal,
    role: Defined,
    version: u64,
) -> Result<Answer<RoleView>, KeepRefusal> {
    let name = role.name.clone();
    tell(services, who, &name, RoleCommand::Put(role), version).await
}

async fn tell(
    services: &Services,
    who: &Principal,
    name: &RoleName,
    command: RoleCommand,
    version: u64,
) -> Result<Answer<RoleView>, KeepRefusal> {
    let call = Call { expected_version: Some(version), ..services.call(who) };
    Ok(services.ask_folded::<Role>(name.as_str(), command, call).await?)
}

async fn read(services: &Services, name: &RoleName) -> Result<Answer<RoleView>, KeepRefusal> {
    Ok(services.gateway.read::<Role>(name.as_str(), services.command_timeout).await?)
}

/// An own role that is there.
pub async fn existing(services: &Services, name: &RoleName) -> Result<Answer<RoleView>, KeepRefusal> {
    let now = read(services, name).await?;
    if now.view.defined.is_none() { Err(KeepRefusal::Unknown(name.clone())) } else { Ok(now) }
}

/// All roles of the shop's own, by name, as this node knows them.
pub fn own(services: &Services) -> Result<Vec<(u64, Defined)>, StoreError> {
    let (mut found, mut after) = (Vec::new(), None::<String>);
    // Beyond the bound only by as many as were made at once.
    while found.len() < 2 * ROLES_MAX {
        let keys = services.gateway.keys(Kind::Role, after.as_deref(), ROLES_MAX)?;
        let Some(last) = keys.last() else { break };
        after = Some(last.id.to_string());
        for key in keys {
            let answer = services.gateway.read_local::<Role>(&key.id)?;
            found.extend(answer.and_then(|answer| Some((answer.version, answer.view.defined?))));
        }
    }
    Ok(found)
}

/// What each of these roles grants, all of which exist.
pub async fn known(services: &Services, roles: &BTreeSet<RoleName>) -> Result<PermissionSet, KeepRefusal> {
    let mut granted = PermissionSet::NONE;
    for role in roles {
        granted = granted
            | match of_built_in(role) {
                Some(set) => set,
                None => grants(&existing(services, role).await?.view),
            };
    }
    Ok(granted)
}

/// What roles that an account has grant it, as this node knows them; one that was deleted grants nothing.
pub fn granted(services: &Services, roles: &BTreeSet<RoleName>) -> Result<PermissionSet, KeepRefusal> {
    let of = |role: &RoleName| match of_built_in(role) {
        Some(set) => Ok(set),
        None => {
            let own = services.gateway.read_local::<Role>(role.as_str())?;
            Ok(own.map(|answer| grants(&answer.view)).unwrap_or_default())
        }
    };
    roles.iter().map(of).collect()
}

fn grants(role: &RoleView) -> PermissionSet {
    role.defined.as_ref().map(|role| PermissionSet::named(&role.permissions)).unwrap_or_default()
}
