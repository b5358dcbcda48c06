//! An operator's private note on any entity: one text for each, which the next one replaces.
//!
//! A note's id is the key of what it is about (`order/<id>`), so that there is at most one. Deliberately absent: whether
//! that entity exists (the use case asks), and former texts (the journal has them).

use serde::{Deserialize, Serialize};

use super::{
    effect::NoEffect,
    entity::{Entity, Work},
    key::EntityKey,
    kinds::Kind,
    text,
    time::Timestamp,
};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Note {
    /// `None` until written, and again once removed.
    written: Option<Written>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Written {
    pub about: EntityKey,
    pub text: String,
    /// `user:<id>`.
    pub by: String,
    pub at: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteCommand {
    Write { about: EntityKey, text: String, by: String },
    Remove,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteEvent {
    Written { about: EntityKey, text: String, by: String, at: Timestamp },
    Removed,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteRejection {
    #[error("a note has 1 to {max} characters")]
    BadText { max: usize },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NoteView {
    pub written: Option<Written>,
}

impl Note {
    /// Characters of one note; a longer text is refused.
    pub const TEXT_MAX: usize = 2_000;

    fn legal(text: &str) -> bool {
        (1..=Self::TEXT_MAX).contains(&text.chars().count())
            && text.split('\n').all(text::is_plain)
            && text::shows(text)
    }
}

impl Entity for Note {
    const KIND: Kind = Kind::Note;
    type Command = NoteCommand;
    type Event = NoteEvent;
    type Rejection = NoteRejection;
    type View = NoteView;
    type Effect = NoEffect;

    /// Staff's.
    fn work(command: &NoteCommand) -> Work {
        match command {
            NoteCommand::Write { .. } | NoteCommand::Remove => Work::Owed,
        }
    }

    fn decide(&self, command: &NoteCommand, now: Timestamp) -> Result<Vec<NoteEvent>, NoteRejection> {
        match command {
            NoteCommand::Write { text, .. } if !Self::legal(text) => {
                Err(NoteRejection::BadText { max: Self::TEXT_MAX })
            }
            NoteCommand::Write { text, by, .. } if self.says(text, by) => Ok(vec![]),
            NoteCommand::Write { about, text, by } => {
                Ok(vec![NoteEvent::Written { about: about.clone(), text: text.clone(), by: by.clone(), at: now }])
            }
            NoteCommand::Remove if self.written.is_none() => Ok(vec![]),
            NoteCommand::Remove => Ok(vec![NoteEvent::Removed]),
        }
    }

    fn apply(&mut self, event: &NoteEvent) {
        self.written = match event {
            NoteEvent::Written { about, text, by, at } => {
                Some(Written { about: about.clone(), text: text.clone(), by: by.clone(), at: *at })
            }
            NoteEvent::Removed => None,
        };
    }

    fn view(&self) -> NoteView {
        NoteView { written: self.written.clone() }
    }

    /// Both commands say the whole: repeated, they have nothing new to say.
    fn remembers(_: &NoteCommand) -> bool {
        false
    }
}

impl Note {
    fn says(&self, text: &str, by: &str) -> bool {
        self.written.as_ref().is_some_and(|written| written.text == text && written.by == by)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::testing::given;

    fn about() -> EntityKey {
        EntityKey::new(Kind::Stock, "TEE")
    }

    fn write(text: &str) -> NoteCommand {
        NoteCommand::Write { about: about(), text: text.to_owned(), by: "user:1".to_owned() }
    }

    fn written(text: &str, at: i64) -> NoteEvent {
        NoteEvent::Written { about: about(), text: text.to_owned(), by: "user:1".to_owned(), at: Timestamp(at) }
    }

    #[test]
    fn the_next_text_replaces_the_last() {
        let note =
            given::<Note>([written("fragile", 1)]).at(5).when(write("two boxes")).then([written("two boxes", 5)]);
        assert_eq!(note.view().written.map(|written| written.text), Some("two boxes".to_owned()));
        given::<Note>([written("fragile", 1)]).at(5).when(write("fragile")).then_nothing();
    }

    #[test]
    fn a_removed_note_is_gone_and_removing_twice_is_once() {
        let note = given::<Note>([written("fragile", 1)]).when(NoteCommand::Remove).then([NoteEvent::Removed]);
        assert_eq!(note.view(), NoteView::default());
        given::<Note>([written("fragile", 1), NoteEvent::Removed]).when(NoteCommand::Remove).then_nothing();
    }

    #[test]
    fn a_text_has_bounds() {
        let long = "x".repeat(Note::TEXT_MAX + 1);
        for bad in ["", "  ", "a\u{7}b", long.as_str()] {
            given::<Note>([]).when(write(bad)).then_rejected(NoteRejection::BadText { max: Note::TEXT_MAX });
        }
    }
}
