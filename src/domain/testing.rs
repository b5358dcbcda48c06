//! Given events, when a command, then events or a refusal: the domain's tests in the shop's language.
//!
//! Every `then` also checks what holds for all entities: the state survives its stored form, and
//! replaying the events gives the live state. Only compiled for tests.

use super::{entity::Entity, time::Timestamp};

pub struct Given<E: Entity> {
    state: E,
    now: Timestamp,
}

pub struct When<E: Entity> {
    state: E,
    decided: Result<Vec<E::Event>, E::Rejection>,
}

pub fn given<E: Entity>(events: impl IntoIterator<Item = E::Event>) -> Given<E> {
    Given { state: replay(events), now: Timestamp(0) }
}

pub fn replay<E: Entity>(events: impl IntoIterator<Item = E::Event>) -> E {
    let mut state = E::default();
    events.into_iter().for_each(|event| state.apply(&event));
    state
}

/// A state as it is stored; equal states have equal text.
pub fn stored<E: Entity>(state: &E) -> String {
    serde_json::to_string(state).unwrap()
}

/// Checks the invariants of any state that commands led to. Panics where one is broken.
#[track_caller]
pub fn check_stored<E: Entity>(state: &E) {
    let text = stored(state);
    let loaded: E = serde_json::from_str(&text).unwrap();
    assert_eq!(stored(&loaded), text, "a stored state loads as another");
    assert_eq!(loaded.view(), state.view());
    assert_eq!(loaded.wake_at(), state.wake_at());
    assert_eq!(loaded.effects(), state.effects());
}

impl<E: Entity> Given<E> {
    pub fn at(self, ms: i64) -> Self {
        Self { now: Timestamp(ms), ..self }
    }

    /// More history.
    pub fn after(mut self, events: impl IntoIterator<Item = E::Event>) -> Self {
        events.into_iter().for_each(|event| self.state.apply(&event));
        self
    }

    pub fn when(self, command: E::Command) -> When<E> {
        let decided = self.state.decide(&command, self.now);
        When { state: self.state, decided }
    }
}

impl<E: Entity> When<E> {
    #[track_caller]
    pub fn then(mut self, expected: impl IntoIterator<Item = E::Event>) -> E {
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!(self.decided, Ok(expected.clone()));
        for event in &expected {
            let text = serde_json::to_string(event).unwrap();
            assert_eq!(&serde_json::from_str::<E::Event>(&text).unwrap(), event);
            self.state.apply(event);
        }
        check_stored(&self.state);
        self.state
    }

    #[track_caller]
    pub fn then_nothing(self) -> E {
        self.then([])
    }

    #[track_caller]
    pub fn then_rejected(self, expected: E::Rejection) {
        assert_eq!(self.decided, Err(expected));
    }
}
