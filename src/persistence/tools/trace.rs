//! What each commit states for records of other logs, and what it rests on: the causes between logs, which have no
//! common order.
//!
//! Two kinds of causes exist. A commit that an effect's request made rests on the record by which that effect became
//! pending; the request's id is derived from sender and effect, so the commit names its cause by `command_id` and `by`.
//! A commit that records an outcome rests on what the kinds themselves name (`domain/rests.rs`). Deliberately absent: a
//! client's own order of two requests, which no record keeps.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{
    actors::ports::{CommandEnvelope, journal::Commit},
    domain::{
        key::EntityKey,
        kinds::AnyState,
        rests::{Fact, Rest},
    },
};

/// A statement, hashed: offline work on a large shop keeps tens of millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Token(Uuid);

impl Token {
    fn of(of: &EntityKey, what: &str, nth: Option<u8>) -> Self {
        let nth = nth.map_or_else(String::new, |nth| nth.to_string());
        Self(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{of}|{what}|{nth}").as_bytes()))
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Stated {
    /// This repetition of the statement.
    pub(super) exact: Token,
    /// Any repetition: journals of before the repetitions were counted have no number.
    pub(super) loose: Token,
}

impl Stated {
    fn fact(Fact { of, what, nth }: &Fact) -> Self {
        Self { exact: Token::of(of, what, Some(*nth)), loose: Token::of(of, what, None) }
    }

    /// An effect is pending once, so both are the same.
    fn request(id: Uuid) -> Self {
        Self { exact: Token(id), loose: Token(id) }
    }
}

#[derive(Clone, Debug)]
pub(super) struct RestsOn {
    pub(super) on: Stated,
    /// The entity whose record it is.
    pub(super) of: EntityKey,
    /// See [`Rest::always`].
    pub(super) always: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    pub(super) states: Vec<Stated>,
    pub(super) rests_on: Vec<RestsOn>,
}

/// Entities, folded from their first commit on. Memory: the state of each.
#[derive(Default)]
pub(super) struct Traces(HashMap<EntityKey, AnyState>);

impl Traces {
    /// The entity's next commit.
    pub(super) fn next(&mut self, commit: &Commit) -> Links {
        let key = &commit.key;
        let state = self.0.entry(key.clone()).or_insert_with(|| AnyState::new(key.kind));
        let mut links = Links::default();
        // An effect's request is sent in the name of its entity; people's names have no kind.
        if let Ok(of) = EntityKey::try_from(commit.by.to_string()) {
            links.rests_on.push(RestsOn { on: Stated::request(commit.command_id.0), of, always: true });
        }
        let before: Vec<String> = state.effects().iter().map(|effect| effect.id()).collect();
        for event in &commit.events {
            let outcomes = state.rests_on(event).into_iter().map(|Rest { fact, always }| RestsOn {
                on: Stated::fact(&fact),
                of: fact.of,
                always,
            });
            links.rests_on.extend(outcomes);
            let stated = state.states(event).map(|(what, nth)| Fact { of: key.clone(), what, nth });
            links.states.extend(stated.as_ref().map(Stated::fact));
            state.apply(event);
        }
        let pending = state.effects().into_iter().map(|effect| effect.id()).filter(|id| !before.contains(id));
        links.states.extend(pending.map(|id| Stated::request(CommandEnvelope::request_id(key, &id).0)));
        links
    }
}
