//! A program's key to the API: a place of its account, with a name, permissions and an end.
//!
//! An account has [`ApiKey::PLACES`] places, each an entity, so that its keys are bounded exactly and listed without an
//! index. The key's text has 256 random bits of which the digest alone is kept; the text is shown once. A rotation makes
//! another text, and the one before it is good for an overlap. What a key may do is bounded by what its maker may do at
//! that moment, which is judged where it is used. Deliberately absent: the account's state.

mod secret;
#[cfg(test)]
mod tests;

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};

pub use self::secret::{KeySecret, Verifier};
use super::{
    effect::NoEffect,
    entity::{Entity, Work},
    ids::{ApiKeyId, UserId},
    key::EntityKey,
    kinds::Kind,
    personal::{self, Subject},
    text,
    time::Timestamp,
};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ApiKey {
    /// `None`: the place was never taken, or its key was revoked.
    key: Option<Arc<Issued>>,
    used_at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Issued {
    pub id: ApiKeyId,
    pub user: UserId,
    /// For people.
    #[serde(with = "personal::text")]
    pub name: String,
    /// Wire names such as `stock.read`.
    pub permissions: BTreeSet<String>,
    pub made_at: Timestamp,
    pub expires_at: Timestamp,
    pub verifier: Verifier,
    /// The one before it, and until when it is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<(Verifier, Timestamp)>,
}

/// A key to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewApiKey {
    pub id: ApiKeyId,
    pub user: UserId,
    pub name: String,
    pub permissions: BTreeSet<String>,
    /// Milliseconds that it is good for, also after a rotation.
    pub ttl_ms: i64,
    pub verifier: Verifier,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyCommand {
    Make(NewApiKey),
    Rotate {
        id: ApiKeyId,
        verifier: Verifier,
        /// Milliseconds that the text before it stays good for.
        overlap_ms: i64,
    },
    Revoke {
        id: ApiKeyId,
    },
    /// It was used; written down once an hour.
    Use {
        id: ApiKeyId,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyEvent {
    Made { key: Issued },
    Rotated { verifier: Verifier, previous_until: Timestamp, expires_at: Timestamp, at: Timestamp },
    Revoked { id: ApiKeyId, at: Timestamp },
    Used { at: Timestamp },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiKeyRejection {
    #[error("the place is taken")]
    Taken,
    #[error("there is no such key")]
    Unknown,
    #[error("a key's name is one line of 1 to {max} characters")]
    BadName { max: usize },
    #[error("a key has 1 to {max} permissions, not {given}")]
    BadPermissions { given: usize, max: usize },
    #[error("a key is good for 1 to {max} days")]
    BadLife { max: i64 },
    #[error("a key and the one before it are good together for at most {max} seconds")]
    BadOverlap { max: i64 },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ApiKeyView {
    pub key: Option<Arc<Issued>>,
    pub used_at: Timestamp,
}

impl ApiKey {
    /// Keys of one account at once.
    pub const PLACES: u8 = 20;
    /// Characters of a name.
    pub const NAME_MAX: usize = 60;
    pub const PERMISSIONS_MAX: usize = 64;
    pub const LIFE_MS_MAX: i64 = 366 * 86_400_000;
    pub const OVERLAP_MS_MAX: i64 = 7 * 86_400_000;
    /// A use is written down no more often.
    pub const USE_EVERY_MS: i64 = 60 * 60_000;

    pub fn place(user: UserId, place: u8) -> EntityKey {
        EntityKey::new(Kind::ApiKey, Self::place_id(user, place))
    }

    pub fn place_id(user: UserId, place: u8) -> String {
        format!("{user}.{place}")
    }

    fn named(&self, id: ApiKeyId) -> Result<&Issued, ApiKeyRejection> {
        self.key.as_deref().filter(|key| key.id == id).ok_or(ApiKeyRejection::Unknown)
    }

    fn make(&self, new: &NewApiKey, now: Timestamp) -> Result<Vec<ApiKeyEvent>, ApiKeyRejection> {
        let NewApiKey { id, user, name, permissions, ttl_ms, verifier } = new;
        match &self.key {
            Some(key) if key.id == *id => return Ok(vec![]),
            // One that has expired makes room.
            Some(key) if now < key.expires_at => return Err(ApiKeyRejection::Taken),
            Some(_) | None => {}
        }
        if !text::is_line(name, Self::NAME_MAX) {
            return Err(ApiKeyRejection::BadName { max: Self::NAME_MAX });
        }
        if !(1..=Self::PERMISSIONS_MAX).contains(&permissions.len()) {
            return Err(ApiKeyRejection::BadPermissions { given: permissions.len(), max: Self::PERMISSIONS_MAX });
        }
        if !(1..=Self::LIFE_MS_MAX).contains(ttl_ms) {
            return Err(ApiKeyRejection::BadLife { max: Self::LIFE_MS_MAX / 86_400_000 });
        }
        let key = Issued {
            id: *id,
            user: *user,
            name: name.clone(),
            permissions: permissions.clone(),
            made_at: now,
            expires_at: now.plus_ms(*ttl_ms),
            verifier: verifier.clone(),
            previous: None,
        };
        Ok(vec![ApiKeyEvent::Made { key }])
    }

    fn rotate(
        &self,
        id: ApiKeyId,
        verifier: &Verifier,
        overlap_ms: i64,
        now: Timestamp,
    ) -> Result<Vec<ApiKeyEvent>, ApiKeyRejection> {
        let key = self.named(id)?;
        if key.verifier == *verifier {
            return Ok(vec![]);
        }
        if !(0..=Self::OVERLAP_MS_MAX).contains(&overlap_ms) {
            return Err(ApiKeyRejection::BadOverlap { max: Self::OVERLAP_MS_MAX / 1_000 });
        }
        // One that has expired is not good again for the overlap.
        let previous_until = now.plus_ms(overlap_ms).min(key.expires_at);
        let expires_at = now.plus_ms(key.expires_at.since(key.made_at).clamp(1, Self::LIFE_MS_MAX));
        Ok(vec![ApiKeyEvent::Rotated { verifier: verifier.clone(), previous_until, expires_at, at: now }])
    }
}

impl Issued {
    /// Whether the text with this secret is good at this moment.
    pub fn admits(&self, secret: &KeySecret, now: Timestamp) -> bool {
        let previous = self.previous.as_ref().is_some_and(|(before, until)| before.is_of(secret) && now < *until);
        (self.verifier.is_of(secret) && now < self.expires_at) || previous
    }

    /// Until when the text with this secret is good.
    pub fn good_until(&self, secret: &KeySecret) -> Timestamp {
        match &self.previous {
            Some((before, until)) if before.is_of(secret) => *until,
            Some(_) | None => self.expires_at,
        }
    }
}

impl Entity for ApiKey {
    const KIND: Kind = Kind::ApiKey;
    const SECRETS: &'static [&'static str] = &["verifier", "previous"];
    type Command = ApiKeyCommand;
    type Event = ApiKeyEvent;
    type Rejection = ApiKeyRejection;
    type View = ApiKeyView;
    type Effect = NoEffect;

    fn decide(&self, command: &ApiKeyCommand, now: Timestamp) -> Result<Vec<ApiKeyEvent>, ApiKeyRejection> {
        match command {
            ApiKeyCommand::Make(new) => self.make(new, now),
            ApiKeyCommand::Rotate { id, verifier, overlap_ms } => self.rotate(*id, verifier, *overlap_ms, now),
            ApiKeyCommand::Revoke { id } => {
                self.named(*id).map(|key| vec![ApiKeyEvent::Revoked { id: key.id, at: now }])
            }
            ApiKeyCommand::Use { id } if self.named(*id).is_err() => Ok(vec![]),
            ApiKeyCommand::Use { .. } if now.since(self.used_at) < Self::USE_EVERY_MS => Ok(vec![]),
            ApiKeyCommand::Use { .. } => Ok(vec![ApiKeyEvent::Used { at: now }]),
        }
    }

    fn apply(&mut self, event: &ApiKeyEvent) {
        match event {
            ApiKeyEvent::Made { key } => *self = Self { key: Some(Arc::new(key.clone())), ..Self::default() },
            ApiKeyEvent::Rotated { verifier, previous_until, expires_at, at } => {
                if let Some(key) = self.key.as_mut().map(Arc::make_mut) {
                    let before = std::mem::replace(&mut key.verifier, verifier.clone());
                    key.previous = Some((before, *previous_until));
                    (key.made_at, key.expires_at) = (*at, *expires_at);
                }
            }
            ApiKeyEvent::Revoked { .. } => *self = Self::default(),
            ApiKeyEvent::Used { at } => self.used_at = *at,
        }
    }

    fn view(&self) -> ApiKeyView {
        ApiKeyView { key: self.key.clone(), used_at: self.used_at }
    }

    fn owner(view: &ApiKeyView) -> Option<UserId> {
        view.key.as_ref().map(|key| key.user)
    }

    fn subject(&self) -> Option<Subject> {
        self.key.as_ref().map(|key| Subject::User(key.user))
    }

    fn subject_of(event: &ApiKeyEvent) -> Option<Subject> {
        match event {
            ApiKeyEvent::Made { key } => Some(Subject::User(key.user)),
            _later => None,
        }
    }

    fn work(command: &ApiKeyCommand) -> Work {
        match command {
            ApiKeyCommand::Make(_) => Work::New,
            // What ends a right is never put off, and a use is a few bytes an hour.
            ApiKeyCommand::Rotate { .. } | ApiKeyCommand::Revoke { .. } | ApiKeyCommand::Use { .. } => Work::Owed,
        }
    }

    /// Free. Its newest command ids stay known for as long as its actor does; a late copy of a making would need its
    /// text, which nobody has but who was shown it.
    fn is_forgotten(&self) -> bool {
        self.key.is_none()
    }
}
