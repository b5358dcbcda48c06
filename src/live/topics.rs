//! The registry of topic families. Filled once at the start; a topic is parsed strictly against it.

use std::sync::Arc;

use super::{
    family::{ManyEntities, OneEntity},
    topic::{Target, Topic, TopicError},
};

#[derive(Clone)]
pub struct Topics {
    one: Arc<[Arc<dyn OneEntity>]>,
    many: Arc<[Arc<dyn ManyEntities>]>,
    known: Arc<str>,
}

impl Topics {
    /// Of two families of one sort with the same name the first has it; a registry's own test should refuse that.
    pub fn new(one: Vec<Arc<dyn OneEntity>>, many: Vec<Arc<dyn ManyEntities>>) -> Self {
        let names = one.iter().map(|family| family.pattern()).chain(many.iter().map(|family| family.name()));
        let known = in_words(&names.collect::<Vec<_>>());
        Self { one: one.into(), many: many.into(), known: known.into() }
    }

    /// `name.<id>` or `name`.
    pub fn parse(&self, text: &str) -> Result<Topic, TopicError> {
        let found = match text.split_once('.') {
            Some((name, id)) => self.one(name, id),
            None => self.many(text),
        };
        let (place, target) = found.ok_or_else(|| TopicError::BadTopic { known: self.known.clone() })?;
        Ok(Topic { text: text.into(), place, target })
    }

    fn one(&self, name: &str, id: &str) -> Option<(usize, Target)> {
        let (place, family) = self.one.iter().enumerate().find(|(_, family)| family.name() == name)?;
        Some((place, Target::One { key: family.entity(id)?, family: family.clone() }))
    }

    fn many(&self, name: &str) -> Option<(usize, Target)> {
        let (place, family) = self.many.iter().enumerate().find(|(_, family)| family.name() == name)?;
        Some((place, Target::Many(family.clone())))
    }

    /// The topics' patterns, for people: `thing.<id> or things`.
    pub fn known(&self) -> &str {
        &self.known
    }

    pub fn one_entity(&self) -> &[Arc<dyn OneEntity>] {
        &self.one
    }

    pub fn many_entities(&self) -> &[Arc<dyn ManyEntities>] {
        &self.many
    }
}

/// `a, b or c`.
fn in_words(names: &[&str]) -> String {
    match names {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::testing::topics;

    #[test]
    fn a_topic_is_of_one_entity_or_of_many_though_they_share_the_first_word() {
        let (one, many) = (topics().parse("thing.A").unwrap(), topics().parse("thing").unwrap());
        assert!(matches!(one.target(), Target::One { key, .. } if &*key.id == "A"));
        assert!(matches!(many.target(), Target::Many(family) if family.name() == "thing"));
        assert_ne!(one, many);
        assert_eq!(one.to_string(), "thing.A");
    }

    #[test]
    fn what_no_family_takes_is_refused_with_the_names_there_are() {
        let known = "thing.<id>, rival.<id>, mine.<id>, thing or shelf";
        for text in ["", ".", "thing.", "thing.a b", "Thing.A", "things", "shelf.A", "mine", "thing.A "] {
            assert_eq!(topics().parse(text), Err(TopicError::BadTopic { known: known.into() }), "{text:?}");
        }
    }
}
