//! A command on its way to the owner of its entity: the command, its origin, and the fields that a retry repeats.
//!
//! Each origin has its constructor, so that the limits of an origin (an alarm has no fingerprint, a read no command id)
//! are written once. Between nodes an envelope is the JSON of [`Wire`], which nodes of another version read and write.

use std::{borrow::Cow, num::NonZeroU64, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::{Uuid, uuid};

use super::{Ask, Proof, journal::Shard};
use crate::domain::{
    ids::CommandId,
    key::EntityKey,
    kinds::{AnyCommand, Kind},
};

/// UUID namespace of the ids derived from a sender and an effect. Frozen: a restart must derive the same ones.
const STEPS: Uuid = uuid!("6f1c3c52-7e6e-4a0b-9b4f-2f3a3c1d9a10");

#[derive(Clone, Debug)]
pub struct CommandEnvelope {
    pub key: EntityKey,
    pub command_id: CommandId,
    pub by: Arc<str>,
    pub ask: Ask,
    /// Refuse unless the entity is at this version (`If-Match`).
    pub expected_version: Option<u64>,
    /// Of the request's content: the same command id with another content is refused. `None`: not compared.
    pub fingerprint: Option<NonZeroU64>,
    pub origin: Origin,
    /// The reply carries no view, because no caller reads it: most of the shop's own steps.
    pub omit_view: bool,
}

/// The sender of a command. The shop's own steps take the permits reserved for them (G7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A caller from outside.
    Client,
    /// An effect: its request to the target, or its outcome back to the sender.
    Effect {
        /// The id of the effect whose outcome this is; `None` for a request.
        outcome_of: Option<Arc<str>>,
    },
    /// A durable alarm, or pending effects that are resumed after a restart.
    Alarm,
}

impl Origin {
    pub fn is_client(&self) -> bool {
        match self {
            Self::Client => true,
            Self::Effect { .. } | Self::Alarm => false,
        }
    }

    /// The effect whose outcome the command brings back, if any.
    pub fn outcome_of(&self) -> Option<&Arc<str>> {
        match self {
            Self::Effect { outcome_of } => outcome_of.as_ref(),
            Self::Client | Self::Alarm => None,
        }
    }
}

impl CommandEnvelope {
    fn new(key: EntityKey, command_id: CommandId, by: Arc<str>, ask: Ask, origin: Origin) -> Self {
        Self { key, command_id, by, ask, expected_version: None, fingerprint: None, origin, omit_view: false }
    }

    /// From outside; the caller adds the expected version and the fingerprint.
    pub fn client(key: EntityKey, command_id: CommandId, by: Arc<str>, command: AnyCommand) -> Self {
        Self::new(key, command_id, by, Ask::Command(command), Origin::Client)
    }

    /// A strong read, which changes nothing and so needs no id.
    pub fn read(key: EntityKey) -> Self {
        Self::new(key, CommandId::default(), "reader".into(), Ask::Read, Origin::Client)
    }

    /// The request of `sender`'s effect to its target.
    pub fn request(sender: &EntityKey, command_id: CommandId, target: EntityKey, command: AnyCommand) -> Self {
        let origin = Origin::Effect { outcome_of: None };
        Self::new(target, command_id, sender.to_string().into(), Ask::Command(command), origin)
    }

    /// The id of that request: the commit that it makes names its cause by it.
    pub fn request_id(sender: &EntityKey, effect: &str) -> CommandId {
        CommandId::derive(STEPS, &format!("{sender}|{effect}"))
    }

    pub fn outcome_id(sender: &EntityKey, effect: &str, attempt: u32) -> CommandId {
        CommandId::derive(STEPS, &format!("{sender}|{effect}|{attempt}"))
    }

    /// The outcome of `effect`, back to its sender; a bare wake for an effect without an outcome.
    pub fn outcome(sender: EntityKey, command_id: CommandId, effect: Arc<str>, command: Option<AnyCommand>) -> Self {
        let ask = command.map_or(Ask::Wake, Ask::Command);
        let origin = Origin::Effect { outcome_of: Some(effect) };
        Self { omit_view: true, ..Self::new(sender, command_id, "system".into(), ask, origin) }
    }

    /// How far the shard is acknowledged. From one of the shop's own nodes, so that a flood of requests does not make
    /// its views old. Nobody reads the key: it names no entity.
    pub fn position(shard: Shard, proof: Proof) -> Self {
        let key = EntityKey::new(Kind::ALL[0], shard.0.to_string());
        let origin = Origin::Effect { outcome_of: None };
        Self::new(key, CommandId::default(), "reader".into(), Ask::Position(proof), origin)
    }

    pub fn alarm(key: EntityKey, command_id: CommandId) -> Self {
        Self { omit_view: true, ..Self::new(key, command_id, "alarm".into(), Ask::Wake, Origin::Alarm) }
    }
}

/// The envelope as nodes send it to each other: frozen, since nodes of two versions run side by side during an upgrade.
#[derive(Serialize, Deserialize)]
struct Wire<'a> {
    key: Cow<'a, EntityKey>,
    command_id: CommandId,
    by: Arc<str>,
    ask: Cow<'a, Ask>,
    expected_version: Option<u64>,
    /// 0: none.
    fingerprint: u64,
    /// Not from a client.
    internal: bool,
    outcome_of: Option<Arc<str>>,
    #[serde(default)]
    quiet: bool,
}

impl Serialize for CommandEnvelope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let wire = Wire {
            key: Cow::Borrowed(&self.key),
            command_id: self.command_id,
            by: self.by.clone(),
            ask: Cow::Borrowed(&self.ask),
            expected_version: self.expected_version,
            fingerprint: self.fingerprint.map_or(0, NonZeroU64::get),
            internal: !self.origin.is_client(),
            outcome_of: self.origin.outcome_of().cloned(),
            quiet: self.omit_view,
        };
        wire.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CommandEnvelope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let origin = match (wire.internal, wire.outcome_of, wire.ask.as_ref()) {
            (false, _, _) => Origin::Client,
            // An effect's request is a command, and its outcome names the effect: a bare wake is an alarm's.
            (true, None, Ask::Wake) => Origin::Alarm,
            (true, outcome_of, Ask::Wake | Ask::Command(_) | Ask::Read | Ask::Position(_)) => {
                Origin::Effect { outcome_of }
            }
        };
        Ok(Self {
            key: wire.key.into_owned(),
            command_id: wire.command_id,
            by: wire.by,
            ask: wire.ask.into_owned(),
            expected_version: wire.expected_version,
            fingerprint: NonZeroU64::new(wire.fingerprint),
            origin,
            omit_view: wire.quiet,
        })
    }
}

#[cfg(test)]
mod tests;
