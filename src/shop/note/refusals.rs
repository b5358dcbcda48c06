//! Each refusal of a note and the problem it becomes: one exhaustive table.

use super::write::NoteRefusal;
use crate::{
    domain::note::NoteRejection,
    http::{Code, Problem},
};

impl From<NoteRejection> for Problem {
    fn from(refusal: NoteRejection) -> Self {
        let detail = refusal.to_string();
        match refusal {
            NoteRejection::BadText { max } => Problem::field("text", detail).with("max", max),
        }
    }
}

impl From<NoteRefusal> for Problem {
    fn from(refusal: NoteRefusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            NoteRefusal::BadKey(_) => Problem::new(Code::BAD_PATH, detail),
            NoteRefusal::UnknownEntity(_) => Problem::new(Code::UNKNOWN_ENTITY, detail),
            NoteRefusal::Unknown(_) => Problem::new(Code::UNKNOWN_NOTE, detail),
            NoteRefusal::Ask(error) => error.into(),
            NoteRefusal::Store(error) => error.into(),
        }
    }
}
