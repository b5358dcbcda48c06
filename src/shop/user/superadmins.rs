//! The role superadmin is given and taken through the one entity that counts who has it.

use std::time::Duration;

use super::change::UserRefusal;
use crate::{
    actors::gateway::{Call, Gateway},
    domain::{
        ids::{CommandId, UserId},
        role::RoleName,
        superadmins::{Standing, Superadmins, SuperadminsCommand, SuperadminsView},
    },
    identity::{Accounts, Identity, Principal, SUPERADMIN},
    shop::Services,
};

/// Returns once the account has the role.
pub async fn promote(services: &Services, who: &Principal, user: UserId) -> Result<(), UserRefusal> {
    let view = ask(services, who, user, SuperadminsCommand::Promote { user }).await?;
    if view.standing(user) == Some(Standing::Superadmin) { Ok(()) } else { Err(UserRefusal::NotPromoted) }
}

/// Returns once the account has the role no more; never of the last one. An account that has it from before it was
/// counted is counted first.
pub async fn demote(services: &Services, who: &Principal, user: UserId) -> Result<(), UserRefusal> {
    promote(services, who, user).await?;
    let view = ask(services, who, user, SuperadminsCommand::Demote { user }).await?;
    if view.standing(user).is_none() { Ok(()) } else { Err(UserRefusal::NotPromoted) }
}

async fn ask(
    services: &Services,
    who: &Principal,
    user: UserId,
    command: SuperadminsCommand,
) -> Result<SuperadminsView, UserRefusal> {
    let (call, settled) = (services.call(who), move |view: &SuperadminsView| view.is_settled(user));
    Ok(services.gateway.ask_until::<Superadmins>(Superadmins::ID, command, call, settled).await?.view)
}

/// How long a start waits for it.
const WITHIN: Duration = Duration::from_secs(5);

/// The first account, which is a superadmin's without a promotion, is counted; asked at each start, and mostly done.
pub async fn count_the_first(gateway: &Gateway, identity: &Identity) {
    let Some(mailbox) = identity.mailbox(SUPERADMIN) else { return };
    let Ok(Some(user)) = gateway.holder(&mailbox).await else { return };
    let Ok(account) = Accounts::account(gateway, &user.to_string()).await else { return };
    if !account.roles.contains(RoleName::SUPERADMIN) {
        return;
    }
    let call = Call {
        command_id: CommandId(gateway.fresh_id()),
        by: "system".into(),
        expected_version: None,
        fingerprint: None,
        within: WITHIN,
    };
    let promote = SuperadminsCommand::Promote { user };
    if let Err(error) = gateway.ask::<Superadmins>(Superadmins::ID, promote, call).await {
        // The account cannot lose the role meanwhile: whoever takes it counts it first.
        tracing::warn!(%error, "the first superadmin is not counted yet; the next start asks again");
    }
}
