//! Notes as they are watched: `notes`, by whoever has `notes.read`: each note as it is written or removed, keyed by what
//! it is about.

use super::{
    projection::{self, NOTES_ALL},
    wire::NoteBody,
};
use crate::{
    actors::gateway::Gateway,
    domain::{
        key::EntityKey,
        kinds::{AnyView, Kind},
    },
    identity::{Access, Permission},
    live::{Committed, ManyEntities, Shown, Sight, TopicFamily},
};

/// `notes`.
pub struct AllNotes;

impl TopicFamily for AllNotes {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn kind(&self) -> Kind {
        Kind::Note
    }

    fn schema(&self) -> &'static str {
        "Note"
    }

    fn access(&self) -> Access {
        Access::Permission(Permission::NotesRead)
    }

    /// As `GET /api/notes/{kind}/{id}` shows it; a removed note leaves the topic.
    fn frame(&self, change: &Committed, _: Sight) -> Option<Shown> {
        let AnyView::Note(view) = &change.view else { return None };
        let body = NoteBody::new(&change.key.id, change.version, view);
        Some(Shown::of(&body)?.gone(view.written.is_none()))
    }
}

impl ManyEntities for AllNotes {
    /// The newest first.
    fn snapshot(&self, gateway: &Gateway, max: usize) -> Vec<Committed> {
        let rows = gateway.row_keys(NOTES_ALL, b"", None, max).unwrap_or_else(|error| {
            tracing::error!(%error, "the notes cannot be read");
            Vec::new()
        });
        let keys = rows.iter().filter_map(|row| projection::id_of(row)).map(|id| EntityKey::new(Kind::Note, id));
        keys.filter_map(|key| Committed::read_local(gateway, key)).collect()
    }
}
