//! The entity contract: two pure functions, and the host's queries of a state.
//!
//! One sequence for every kind: decide, append, apply, reply. Deliberately absent: clocks, generated ids, I/O, command
//! ids (the host provides idempotence).

use std::{fmt::Debug, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use super::{effect::EffectOf, ids::UserId, kinds::Kind, personal::Subject, rests::Rest, time::Timestamp};

pub trait Data: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static {}
impl<T: Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static> Data for T {}

/// What a command is to a disk that is nearly full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Begins something: a shopper's cart, a checkout. Refused where only the reserve is left.
    New,
    /// Goes on with what was accepted, gives something back, or is staff's: it may use the reserve.
    Owed,
}

pub trait Entity: Data + Default {
    /// First token of the key, the topic and (in a cluster) the subject.
    const KIND: Kind;
    /// Members of its events and states that nobody reads, not even staff: whoever prints history blots them
    /// ([`redact`](super::kinds::redact)).
    const SECRETS: &'static [&'static str] = &[];
    type Command: Data;
    type Event: Data + PartialEq;
    type Rejection: Data + PartialEq + std::error::Error;
    type View: Data + PartialEq;
    /// The kind's effects; [`NoEffect`](super::effect::NoEffect) for a kind without effects.
    type Effect: EffectOf<Self>;

    /// Decides the command in this state: events, none when nothing is new, or a refusal.
    fn decide(&self, command: &Self::Command, now: Timestamp) -> Result<Vec<Self::Event>, Self::Rejection>;
    /// Never refuses: a decided event is history.
    fn apply(&mut self, event: &Self::Event);
    /// The view carried by a reply, a live frame and a read model; small.
    fn view(&self) -> Self::View;

    /// See [`Work`]. Only asked of a command from outside: the shop's own steps are owed, all of them.
    fn work(command: &Self::Command) -> Work;

    /// The owner, for an entity of one person: only the owner and staff may see the entity. Never changes once it is
    /// known.
    fn owner(_view: &Self::View) -> Option<UserId> {
        None
    }
    /// The address, as accounts compare it, whose proven owner sees the entity as its owner does: of a person without an
    /// account.
    fn contact(_view: &Self::View) -> Option<Arc<str>> {
        None
    }
    /// Whose personal data is in the state: sealed as theirs wherever it is written to a disk.
    fn subject(&self) -> Option<Subject> {
        None
    }
    /// The same of an event that begins an entity, whose state does not say it yet.
    fn subject_of(_event: &Self::Event) -> Option<Subject> {
        None
    }
    /// Nothing is left to be known of it, as of the default state of such a kind: its state, rows and history leave the
    /// state store, which keeps its version alone. Touched again, it begins anew with the next version.
    fn is_forgotten(&self) -> bool {
        false
    }
    /// Durable alarm: when this state wants [`Entity::wake`] decided.
    fn wake_at(&self) -> Option<Timestamp> {
        None
    }
    /// The command of an alarm. `decide` checks it against `now`, so an early or late alarm is harmless.
    fn wake() -> Option<Self::Command> {
        None
    }
    /// This state's pending effects. Derived from state, so a crash loses none (G4).
    fn effects(&self) -> Vec<Self::Effect> {
        Vec::new()
    }
    /// Whether any effect is pending; a kind with many effects overrides this to avoid building the list.
    fn has_pending_effects(&self) -> bool {
        !self.effects().is_empty()
    }
    /// Whether the host must remember this command's id to give a retry one effect. `false` only where `decide` itself
    /// returns no event for a repeated command.
    fn remembers(_command: &Self::Command) -> bool {
        true
    }
    /// The same for a command from outside with a key. A copy may arrive late, from a node that was frozen or cut off,
    /// after the command's effect was undone: `decide` would then not return "nothing new".
    fn remembers_keyed(command: &Self::Command) -> bool {
        Self::remembers(command)
    }

    /// What `event`, decided in this state, states for others that may rest on it, and its number among equal ones; see
    /// [`rests`](super::rests).
    fn states(&self, _event: &Self::Event) -> Option<(String, u8)> {
        None
    }
    /// The statements of other entities that `event`, decided in this state, rests on: the outcomes of effects.
    fn rests_on(&self, _event: &Self::Event) -> Vec<Rest> {
        Vec::new()
    }
}
