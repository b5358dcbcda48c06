//! The closed sums over the entities that the runtime carries, made from the list in `domain`.
//!
//! One line there for each kind; everything that must think about a new kind stops compiling until it does.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::{
    effect::{EffectOf, Outcome, Request},
    entity::{Entity, Work},
    ids::UserId,
    personal::Subject,
    rests::Rest,
    time::Timestamp,
};

/// Raised whenever the stored form of a state changes its meaning, or the same events fold to another state: the state
/// store is then emptied and made anew from the journal. A projection's version is its own.
pub const STATES_VERSION: u32 = 8;

macro_rules! sums {
    ($($module:ident: $variant:ident = $name:literal),* $(,)?) => {
        $(use super::$module::$variant;)*

        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind { $($variant),* }

        impl Kind {
            pub const ALL: &[Kind] = &[$(Kind::$variant),*];
            pub const fn name(self) -> &'static str {
                match self { $(Kind::$variant => $name),* }
            }
            /// See [`Entity::SECRETS`].
            pub const fn secrets(self) -> &'static [&'static str] {
                match self { $(Kind::$variant => $variant::SECRETS),* }
            }
        }

        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum AnyCommand { $($variant(<$variant as Entity>::Command)),* }

        #[derive(Clone, Debug, PartialEq)]
        pub enum AnyEvent { $($variant(<$variant as Entity>::Event)),* }

        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
        #[serde(rename_all = "snake_case")]
        pub enum AnyRejection { $(#[error(transparent)] $variant(<$variant as Entity>::Rejection)),* }

        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum AnyView { $($variant(<$variant as Entity>::View)),* }

        /// Any entity's effect.
        #[derive(Clone, Debug, PartialEq)]
        pub enum AnyEffect { $($variant(<$variant as Entity>::Effect)),* }

        /// Any entity's state.
        #[derive(Clone, Debug)]
        pub enum AnyState { $($variant($variant)),* }

        impl AnyCommand {
            pub fn kind(&self) -> Kind { match self { $(Self::$variant(_) => Kind::$variant),* } }
            /// See [`Entity::work`].
            pub fn work(&self) -> Work { match self { $(Self::$variant(c) => $variant::work(c)),* } }
            pub fn remembered(&self, keyed: bool) -> bool {
                match (self, keyed) {
                    $((Self::$variant(c), false) => $variant::remembers(c),
                      (Self::$variant(c), true) => $variant::remembers_keyed(c)),*
                }
            }
        }

        impl AnyEvent {
            pub fn kind(&self) -> Kind { match self { $(Self::$variant(_) => Kind::$variant),* } }
            /// The event alone, without its kind: the key beside it names the kind.
            pub fn to_json(&self) -> serde_json::Result<Box<RawValue>> {
                match self { $(Self::$variant(e) => serde_json::value::to_raw_value(e)),* }
            }
            pub fn write_json(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
                match self { $(Self::$variant(e) => serde_json::to_writer(out, e)),* }
            }
            pub fn from_json(kind: Kind, json: &str) -> serde_json::Result<Self> {
                match kind { $(Kind::$variant => serde_json::from_str(json).map(Self::$variant)),* }
            }
            /// See [`Entity::subject_of`].
            pub fn subject(&self) -> Option<Subject> { match self { $(Self::$variant(e) => $variant::subject_of(e)),* } }
        }

        impl AnyView {
            pub fn kind(&self) -> Kind { match self { $(Self::$variant(_) => Kind::$variant),* } }
            /// See [`Entity::owner`].
            pub fn owner(&self) -> Option<UserId> { match self { $(Self::$variant(v) => $variant::owner(v)),* } }
            /// See [`Entity::contact`].
            pub fn contact(&self) -> Option<Arc<str>> { match self { $(Self::$variant(v) => $variant::contact(v)),* } }
        }

        impl AnyEffect {
            pub fn id(&self) -> String { match self { $(Self::$variant(e) => EffectOf::<$variant>::id(e)),* } }
            pub fn request(&self) -> Request {
                match self { $(Self::$variant(e) => EffectOf::<$variant>::request(e)),* }
            }
            pub fn outcome(&self, outcome: Outcome) -> Option<AnyCommand> {
                match self {
                    $(Self::$variant(e) => EffectOf::<$variant>::outcome(e, outcome).map(AnyCommand::$variant)),*
                }
            }
            pub fn outcome_may_wait(&self) -> bool {
                match self { $(Self::$variant(e) => EffectOf::<$variant>::outcome_may_wait(e)),* }
            }
            pub fn in_background(&self) -> bool {
                match self { $(Self::$variant(e) => EffectOf::<$variant>::in_background(e)),* }
            }
            pub fn reads_view(&self) -> bool {
                match self { $(Self::$variant(e) => EffectOf::<$variant>::reads_view(e)),* }
            }
        }

        impl AnyState {
            pub fn new(kind: Kind) -> Self { match kind { $(Kind::$variant => Self::$variant($variant::default())),* } }
            pub fn kind(&self) -> Kind { match self { $(Self::$variant(_) => Kind::$variant),* } }

            /// # Panics
            /// When the command is of another kind: the gateway takes kind and command from one type.
            pub fn decide(&self, command: &AnyCommand, now: Timestamp) -> Result<Vec<AnyEvent>, AnyRejection> {
                match (self, command) {
                    $((Self::$variant(state), AnyCommand::$variant(command)) => match state.decide(command, now) {
                        Ok(events) => Ok(events.into_iter().map(AnyEvent::$variant).collect()),
                        Err(rejection) => Err(AnyRejection::$variant(rejection)),
                    },)*
                    (state, command) => panic!("a {:?} command reached a {:?}", command.kind(), state.kind()),
                }
            }

            /// # Panics
            /// When the event is of another kind: the journal's codec decodes by the key's kind.
            pub fn apply(&mut self, event: &AnyEvent) {
                match (self, event) {
                    $((Self::$variant(state), AnyEvent::$variant(event)) => state.apply(event),)*
                    (state, event) => panic!("a {:?} event reached a {:?}", event.kind(), state.kind()),
                }
            }

            /// See [`Entity::states`]; `None` as well for an event of another kind.
            pub fn states(&self, event: &AnyEvent) -> Option<(String, u8)> {
                match (self, event) {
                    $((Self::$variant(state), AnyEvent::$variant(event)) => state.states(event),)*
                    _ => None,
                }
            }

            /// See [`Entity::rests_on`]; nothing for an event of another kind.
            pub fn rests_on(&self, event: &AnyEvent) -> Vec<Rest> {
                match (self, event) {
                    $((Self::$variant(state), AnyEvent::$variant(event)) => state.rests_on(event),)*
                    _ => Vec::new(),
                }
            }

            pub fn view(&self) -> AnyView { match self { $(Self::$variant(s) => AnyView::$variant(s.view())),* } }
            /// See [`Entity::subject`].
            pub fn subject(&self) -> Option<Subject> { match self { $(Self::$variant(s) => s.subject()),* } }
            /// See [`Entity::is_forgotten`].
            pub fn is_forgotten(&self) -> bool { match self { $(Self::$variant(s) => s.is_forgotten()),* } }
            pub fn wake_at(&self) -> Option<Timestamp> { match self { $(Self::$variant(s) => s.wake_at()),* } }
            pub fn effects(&self) -> Vec<AnyEffect> {
                match self { $(Self::$variant(s) => s.effects().into_iter().map(AnyEffect::$variant).collect()),* }
            }
            pub fn has_pending_effects(&self) -> bool { match self { $(Self::$variant(s) => s.has_pending_effects()),* } }
            pub fn wake(kind: Kind) -> Option<AnyCommand> {
                match kind { $(Kind::$variant => $variant::wake().map(AnyCommand::$variant)),* }
            }
            pub fn to_json(&self) -> serde_json::Result<Box<RawValue>> {
                match self { $(Self::$variant(s) => serde_json::value::to_raw_value(s)),* }
            }
            pub fn from_json(kind: Kind, json: &str) -> serde_json::Result<Self> {
                match kind { $(Kind::$variant => serde_json::from_str(json).map(Self::$variant)),* }
            }
        }

        $(impl EntityType for $variant {
            fn command(command: Self::Command) -> AnyCommand { AnyCommand::$variant(command) }
            fn view_of(view: AnyView) -> Option<Self::View> {
                match view { AnyView::$variant(view) => Some(view), _ => None }
            }
            fn rejection_of(rejection: AnyRejection) -> Option<Self::Rejection> {
                match rejection { AnyRejection::$variant(rejection) => Some(rejection), _ => None }
            }
            fn state_of(model: &AnyState) -> Option<&Self> {
                match model { AnyState::$variant(state) => Some(state), _ => None }
            }
        })*
    };
}

entities!(sums);

impl Kind {
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// Blots the secrets of a kind in the JSON of its events or states, however deep they are.
pub fn redact(kind: Kind, value: &mut Value) {
    blot(kind.secrets(), value);
}

/// Blots the members of these names, however deep they are.
pub fn blot(names: &[&str], value: &mut Value) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, member)| match names.contains(&name.as_str()) {
            true => *member = Value::from("***"),
            false => blot(names, member),
        }),
        Value::Array(values) => values.iter_mut().for_each(|value| blot(names, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The bridge from one entity's own types to the sums, so that callers keep theirs.
pub trait EntityType: Entity {
    fn command(command: Self::Command) -> AnyCommand;
    fn view_of(view: AnyView) -> Option<Self::View>;
    fn rejection_of(rejection: AnyRejection) -> Option<Self::Rejection>;
    fn state_of(model: &AnyState) -> Option<&Self>;
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Every entity in memory, every message and every cached state has room for the largest kind: what is large and mostly
    /// absent in a new one is boxed.
    #[test]
    fn no_kind_makes_those_of_all_others_large() {
        let sizes = [size_of::<AnyState>(), size_of::<AnyEvent>(), size_of::<AnyView>(), size_of::<AnyCommand>()];
        let most = [304, 152, 200, 136];
        assert!(sizes.iter().zip(most).all(|(size, most)| *size <= most), "{sizes:?}");
    }

    #[test]
    fn secrets_are_blotted_in_their_own_kind_however_deep() {
        let event =
            || json!([{"registered": {"user": "u", "password_hash": "$argon2id$"}}, {"opened": {"token": "tok"}}]);
        let redacted = |kind| {
            let mut value = event();
            redact(kind, &mut value);
            value.to_string()
        };
        assert!(!redacted(Kind::Account).contains("argon2id") && redacted(Kind::Account).contains("\"user\""));
        assert!(!redacted(Kind::Payment).contains("\"tok\""));
        assert!(!redacted(Kind::Order).contains("\"tok\""));
        assert_eq!(redacted(Kind::Stock), event().to_string());
    }
}
