//! Index rows of a note: all of them, the newest first. A removed one has none.

use crate::{
    actors::{ports::Row, projection::Projection},
    domain::{
        entity::Entity,
        key::EntityKey,
        kinds::{AnyState, EntityType, Kind},
        note::Note,
    },
    shop::rows::newest_first,
};

/// When it was written (newest first), the note's id.
pub const NOTES_ALL: &str = "notes_all";

const TIME_LEN: usize = 8;

pub struct Notes;

impl Projection for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn version(&self) -> u32 {
        1
    }

    fn kinds(&self) -> &[Kind] {
        &[Kind::Note]
    }

    fn tables(&self) -> &[&'static str] {
        &[NOTES_ALL]
    }

    fn rows(&self, key: &EntityKey, state: &AnyState) -> Vec<Row> {
        let written = Note::state_of(state).and_then(|note| note.view().written);
        let row = written.map(|written| [&newest_first(written.at)[..], key.id.as_bytes()].concat());
        row.map(|row| Row::new(NOTES_ALL, row)).into_iter().collect()
    }
}

/// The note of a row.
pub fn id_of(row: &[u8]) -> Option<&str> {
    std::str::from_utf8(row.get(TIME_LEN..)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{kinds::AnyEvent, note::NoteEvent, time::Timestamp};

    #[test]
    fn a_written_note_has_a_row_that_leads_back_to_it() {
        let about = EntityKey::new(Kind::Stock, "TEE");
        let key = EntityKey::new(Kind::Note, about.to_string());
        let mut state = AnyState::new(Kind::Note);
        assert_eq!(Notes.rows(&key, &state), vec![]);
        let (text, by) = ("fragile".to_owned(), "user:1".to_owned());
        state.apply(&AnyEvent::Note(NoteEvent::Written { about, text, by, at: Timestamp(5) }));
        let rows = Notes.rows(&key, &state);
        assert_eq!(id_of(&rows[0].key), Some("stock/TEE"));
        state.apply(&AnyEvent::Note(NoteEvent::Removed));
        assert_eq!(Notes.rows(&key, &state), vec![]);
    }
}
