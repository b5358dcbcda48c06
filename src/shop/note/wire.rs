//! A note on the wire: the one shape of HTTP answers and of `notes`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::note::NoteView;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Note)]
pub struct NoteBody {
    /// What it is about: `order/<id>`, `stock/<sku>`.
    pub about: String,
    pub version: u64,
    /// Null where there is none, or it was removed.
    pub text: Option<String>,
    /// `user:<id>`.
    pub by: Option<String>,
    /// RFC 3339, UTC.
    pub at: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewNote)]
pub struct NewNoteBody {
    #[schema(min_length = 1, max_length = 2000)]
    pub text: String,
}

impl NoteBody {
    pub fn new(about: &str, version: u64, view: &NoteView) -> Self {
        let written = view.written.as_ref();
        Self {
            about: about.to_owned(),
            version,
            text: written.map(|written| written.text.clone()),
            by: written.map(|written| written.by.clone()),
            at: written.map(|written| written.at.rfc3339()),
        }
    }
}
