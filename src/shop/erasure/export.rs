//! All that the shop has about one account, as its entities show it.
//!
//! Secrets are blotted: they prove who somebody is, and say nothing about them. Deliberately absent: the journal's older
//! states of the same entities, and files of mails, which are the outbox's for a while.

use serde_json::Value;

use super::{
    find,
    kinds::{self, Person},
    wire::{ExportBody, ExportedBody},
};
use crate::{
    actors::{gateway::AskError, projection::ReadError},
    domain::{
        account::{Account, AccountRejection, AccountStatus},
        ids::UserId,
        key::EntityKey,
        kinds::{Kind, redact},
    },
    shop::Services,
};

/// Entities of one export, at most; then it says that it is not complete.
const ENTITIES_MAX: usize = 10_000;

#[derive(Debug, thiserror::Error)]
pub enum NotExported {
    #[error("there is no account {0}")]
    Unknown(UserId),
    #[error(transparent)]
    Ask(#[from] AskError<AccountRejection>),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("not written: {0}")]
    Json(#[from] serde_json::Error),
}

/// The caller has waited for the read models.
pub async fn of(services: &Services, user: UserId) -> Result<ExportBody, NotExported> {
    let account = services.gateway.read::<Account>(&user.to_string(), services.command_timeout).await?;
    if account.view.status == AccountStatus::None {
        return Err(NotExported::Unknown(user));
    }
    let mut orders = Vec::new();
    find::orders(&services.gateway, &services.addresses, &account.view, &mut |id, _| orders.push(id))?;
    let person = Person { user, account: &account.view, orders: &orders };
    let (mut entities, mut complete) = (Vec::new(), true);
    for kind in Kind::ALL {
        for key in kinds::about(&services.gateway, *kind, &person)? {
            if entities.len() == ENTITIES_MAX {
                complete = false;
                break;
            }
            entities.extend(one(services, &key)?);
        }
    }
    Ok(ExportBody { user_id: user.0, made_at: services.gateway.now().rfc3339(), complete, entities })
}

fn one(services: &Services, key: &EntityKey) -> Result<Option<ExportedBody>, NotExported> {
    let found = services.gateway.read_local_any(key).map_err(ReadError::from)?;
    let Some((version, view)) = found else { return Ok(None) };
    let mut data = match serde_json::to_value(&view)? {
        // Under the kind's name.
        Value::Object(kind) => kind.into_iter().next().map(|(_, view)| view).unwrap_or_default(),
        other => other,
    };
    redact(key.kind, &mut data);
    Ok(Some(ExportedBody { kind: key.kind.name().to_owned(), id: key.id.to_string(), version, data }))
}
