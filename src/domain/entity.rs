//! The entity contract: two pure functions and what the host may ask of a state.
//!
//! One order of things for every kind: decide, append, apply, reply. What is absent on purpose:
//! clocks, ids made on the way, I/O, command ids (idempotence is the host's).

use std::fmt::Debug;

use serde::{Serialize, de::DeserializeOwned};

use super::{effect::EffectOf, ids::UserId, kinds::Kind, time::Timestamp};

pub trait Data: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static {}
impl<T: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static> Data for T {}

pub trait Entity: Data + Default {
    /// First token of the key, the topic and (in a cluster) the subject.
    const KIND: Kind;
    type Command: Data;
    type Event: Data + PartialEq;
    type Rejection: Data + PartialEq + std::error::Error;
    type View: Data + PartialEq;
    /// What its states may owe the world; [`NoEffect`](super::effect::NoEffect) where that is nothing.
    type Effect: EffectOf<Self>;

    /// What the command means for this state: events, none when there is nothing new to say, or a refusal.
    fn decide(&self, command: &Self::Command, now: Timestamp) -> Result<Vec<Self::Event>, Self::Rejection>;
    /// Never refuses: what was decided is history.
    fn apply(&mut self, event: &Self::Event);
    /// Small; what a reply, a live frame and a read model carry.
    fn view(&self) -> Self::View;

    /// Whose this is, where it belongs to one person: only that person and staff may see it. Never changes once it is known.
    fn owner(_view: &Self::View) -> Option<UserId> {
        None
    }
    /// Durable alarm: when this state wants [`Entity::wake`] decided.
    fn wake_at(&self) -> Option<Timestamp> {
        None
    }
    /// The command an alarm brings. `decide` judges it by `now`, so an early or late alarm means nothing else.
    fn wake() -> Option<Self::Command> {
        None
    }
    /// What this state still owes the world. Derived from state, so a crash loses none (G4).
    fn effects(&self) -> Vec<Self::Effect> {
        Vec::new()
    }
    /// Whether that is anything; a kind that owes much answers without making all of it.
    fn has_pending_effects(&self) -> bool {
        !self.effects().is_empty()
    }
    /// Whether the host must remember this command's id to give a retry one effect.
    /// `false` only where `decide` itself answers a repeated command with "nothing new".
    fn remembers(_command: &Self::Command) -> bool {
        true
    }
    /// The same for a command that somebody outside sent with a key. A copy of it may come late, from a node that was
    /// frozen or cut off, when what it did has been undone meanwhile: then "nothing new" is not what `decide` says.
    fn remembers_keyed(command: &Self::Command) -> bool {
        Self::remembers(command)
    }
}
