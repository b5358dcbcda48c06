//! The use cases: an account's roles are set, it is disabled or enabled.

use std::collections::BTreeSet;

use super::superadmins;
use crate::{
    actors::gateway::{Answer, AskError, Call},
    domain::{
        account::{Account, AccountCommand, AccountRejection, AccountView},
        ids::UserId,
        role::RoleName,
        superadmins::SuperadminsRejection,
    },
    identity::Principal,
    shop::{
        Services,
        role::{self, KeepRefusal, grant},
    },
};

#[derive(Debug, thiserror::Error)]
pub enum UserRefusal {
    #[error("there is no account {0}")]
    Unknown(UserId),
    #[error("an account has 1 to {max} roles")]
    BadRoles { max: usize },
    #[error("take the role superadmin from the account first")]
    StillSuperadmin,
    #[error("the role superadmin is not given or taken yet")]
    NotPromoted,
    #[error(transparent)]
    Role(#[from] KeepRefusal),
    #[error(transparent)]
    Grants(#[from] grant::GrantsTooMuch),
    #[error(transparent)]
    Account(#[from] AskError<AccountRejection>),
    #[error(transparent)]
    Superadmins(#[from] AskError<SuperadminsRejection>),
}

/// The account's newest committed state.
pub async fn read(services: &Services, user: UserId) -> Result<Answer<AccountView>, UserRefusal> {
    let answer = services.gateway.read::<Account>(&user.to_string(), services.command_timeout).await?;
    if answer.view.is_registered() { Ok(answer) } else { Err(UserRefusal::Unknown(user)) }
}

/// `who` may give all of these roles, and each is one that exists.
pub async fn may_give(services: &Services, who: &Principal, roles: &BTreeSet<RoleName>) -> Result<(), UserRefusal> {
    Ok(grant::allowed(who, role::known(services, roles).await?)?)
}

pub async fn set_roles(
    services: &Services,
    who: &Principal,
    user: UserId,
    roles: BTreeSet<RoleName>,
    expected: Option<u64>,
) -> Result<Answer<AccountView>, UserRefusal> {
    if !(1..=Account::ROLES_MAX).contains(&roles.len()) {
        return Err(UserRefusal::BadRoles { max: Account::ROLES_MAX });
    }
    let now = read(services, user).await?;
    as_expected(&now, expected)?;
    let given = roles.difference(&now.view.roles).cloned().collect();
    may_give(services, who, &given).await?;
    let taken: BTreeSet<_> = now.view.roles.difference(&roles).cloned().collect();
    grant::allowed(who, role::granted(services, &taken)?)?;
    // The one role that is not the account's alone to take on or off goes first: the rest is then an ordinary change.
    let now = match (now.view.roles.contains(RoleName::SUPERADMIN), roles.contains(RoleName::SUPERADMIN)) {
        (false, true) => {
            superadmins::promote(services, who, user).await?;
            read(services, user).await?
        }
        (true, false) => {
            superadmins::demote(services, who, user).await?;
            read(services, user).await?
        }
        (true, true) | (false, false) => now,
    };
    // What was judged is what is replaced.
    change(services, who, user, AccountCommand::SetRoles { roles }, now.version).await
}

/// A disabled account loses its sessions at once, with all that they opened.
pub async fn set_disabled(
    services: &Services,
    who: &Principal,
    user: UserId,
    disabled: bool,
    expected: Option<u64>,
) -> Result<Answer<AccountView>, UserRefusal> {
    let now = read(services, user).await?;
    as_expected(&now, expected)?;
    grant::allowed(who, role::granted(services, &now.view.roles)?)?;
    match change(services, who, user, AccountCommand::SetDisabled { disabled }, now.version).await {
        Err(UserRefusal::Account(AskError::Refused(AccountRejection::Superadmin))) => Err(UserRefusal::StillSuperadmin),
        decided => decided,
    }
}

async fn change(
    services: &Services,
    who: &Principal,
    user: UserId,
    command: AccountCommand,
    version: u64,
) -> Result<Answer<AccountView>, UserRefusal> {
    let call = Call { expected_version: Some(version), ..services.call(who) };
    Ok(services.ask_folded::<Account>(&user.to_string(), command, call).await?)
}

fn as_expected(now: &Answer<AccountView>, expected: Option<u64>) -> Result<(), UserRefusal> {
    match expected {
        Some(expected) if expected != now.version => {
            Err(UserRefusal::Account(AskError::VersionConflict { expected, actual: now.version }))
        }
        Some(_) | None => Ok(()),
    }
}
