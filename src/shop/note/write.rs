//! The use cases: staff writes a note about an entity that exists, reads it, removes it.

use crate::{
    actors::{
        gateway::{Answer, AskError, Call},
        ports::StoreError,
    },
    domain::{
        key::{BadKey, EntityKey},
        note::{Note, NoteCommand, NoteRejection, NoteView},
    },
    identity::Principal,
    shop::Services,
};

#[derive(Debug, thiserror::Error)]
pub enum NoteRefusal {
    #[error(transparent)]
    BadKey(#[from] BadKey),
    #[error("there is no {0}")]
    UnknownEntity(EntityKey),
    #[error("there is no note about {0}")]
    Unknown(EntityKey),
    #[error(transparent)]
    Ask(#[from] AskError<NoteRejection>),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// `expected_version` is the version that the writer has read, if it says so.
pub async fn write(
    services: &Services,
    who: &Principal,
    about: EntityKey,
    text: String,
    expected_version: Option<u64>,
) -> Result<Answer<NoteView>, NoteRefusal> {
    // This node's view is enough: a note about an entity that was made this very moment can be written a moment later.
    if services.gateway.read_local_any(&about)?.is_none() {
        return Err(NoteRefusal::UnknownEntity(about));
    }
    let call = Call { expected_version, ..services.call(who) };
    let command = NoteCommand::Write { about: about.clone(), text, by: who.by.to_string() };
    Ok(services.gateway.ask::<Note>(&id(&about)?, command, call).await?)
}

pub async fn read(services: &Services, about: EntityKey) -> Result<Answer<NoteView>, NoteRefusal> {
    let answer = services.gateway.read::<Note>(&id(&about)?, services.command_timeout).await?;
    match answer.view.written {
        Some(_) => Ok(answer),
        None => Err(NoteRefusal::Unknown(about)),
    }
}

pub async fn remove(services: &Services, who: &Principal, about: EntityKey) -> Result<Answer<NoteView>, NoteRefusal> {
    let call = services.call(who);
    Ok(services.gateway.ask::<Note>(&id(&about)?, NoteCommand::Remove, call).await?)
}

/// A note's id is the key of what it is about, which is a little longer than that entity's own id.
fn id(about: &EntityKey) -> Result<String, NoteRefusal> {
    let id = about.to_string();
    EntityKey::try_from(format!("note/{id}"))?;
    Ok(id)
}
