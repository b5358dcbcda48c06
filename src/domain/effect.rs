//! An entity's pending effects, as data: a command to another entity, or a call to the outside world.
//!
//! Each kind has its own enum of effects ([`EffectOf`]), with ids, requests and outcomes in the kind's module. The host
//! performs each effect until its outcome is known, and brings the outcome back as a command to the sender. Invariants:
//! an id names the effect within its sender for ever, so a new attempt has a new id; every target is idempotent by that
//! id; and every reply of a target, also a refusal, is an outcome, so that no effect stays pending without end.
//! Deliberately absent: retries and time-outs, which belong to the host.

use std::fmt::Debug;

use super::{
    entity::Entity,
    external::{AnyAnswer, ExternalCall},
    key::EntityKey,
    kinds::{AnyCommand, AnyRejection, AnyView},
};

/// One effect of the kind `E`.
pub trait EffectOf<E: Entity>: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// Stable within the sending entity: names the effect and its idempotency key. Frozen: command ids derive from it,
    /// so another text would perform a pending effect twice.
    fn id(&self) -> String;
    fn request(&self) -> Request;
    /// The command that brings the outcome back to the sender; `None` when the outcome does not decide this effect,
    /// which then stays pending and is requested again.
    fn outcome(&self, outcome: Outcome) -> Option<E::Command>;
    /// Whether the target, after accepting, soon sends the sender an update that settles this effect as well. The
    /// outcome may then wait for that update, after which it mostly has nothing left to record: one commit less. The
    /// outcome is still delivered in every case, because the update may be lost. A refusal never waits.
    fn outcome_may_wait(&self) -> bool;
    /// Whether nobody waits for it, so that it may begin later: the host paces such effects, and a rush of orders is served
    /// before its mails are sent.
    fn in_background(&self) -> bool {
        false
    }
    /// Whether the outcome is in the target's view; otherwise the target's acceptance is the outcome.
    fn reads_view(&self) -> bool;
}

/// An effect's target.
#[derive(Clone, Debug)]
pub enum Request {
    Entity(EntityKey, AnyCommand),
    External(ExternalCall),
}

/// An effect's outcome. Failures (time-outs, a full journal) are not outcomes: the host tries again.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// With the target's view where the effect [reads it](EffectOf::reads_view).
    Accepted(Option<AnyView>),
    Refused(AnyRejection),
    External(AnyAnswer),
}

/// The effects of a kind that has none.
#[derive(Clone, Debug, PartialEq)]
pub enum NoEffect {}

impl<E: Entity> EffectOf<E> for NoEffect {
    fn id(&self) -> String {
        match *self {}
    }

    fn request(&self) -> Request {
        match *self {}
    }

    fn outcome(&self, _: Outcome) -> Option<E::Command> {
        match *self {}
    }

    fn outcome_may_wait(&self) -> bool {
        match *self {}
    }

    fn reads_view(&self) -> bool {
        match *self {}
    }
}
