//! The error codes of notes. A code, once published, keeps its meaning; `docs/errors.md` explains each.

use crate::http::error::codes;

codes! {
    UNKNOWN_NOTE = "unknown_note", NOT_FOUND, "There is no such note";
    UNKNOWN_ENTITY = "unknown_entity", NOT_FOUND, "There is nothing of this name";
}
