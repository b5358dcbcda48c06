//! `/api/notes`: staff's notes, the newest first, and one for each entity.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};

use super::{
    projection::{self, NOTES_ALL},
    wire::{NewNoteBody, NoteBody},
    write::{self, NoteRefusal},
};
use crate::{
    actors::{gateway::Answer, ports::StoreError},
    domain::{
        key::EntityKey,
        note::{Note, NoteView},
    },
    http::{
        Body, Path, Problem, Query,
        auth::Staff,
        conditional::{IfMatch, Tagged},
        listing::{self, Page, PageQuery},
    },
    identity::may,
    shop::AppState,
};

/// Notes, the newest first
#[utoipa::path(get, path = "/api/notes", tag = "Notes", params(PageQuery),
    responses(
        (status = 200, description = "A page of notes", body = Page<NoteBody>),
        (status = 503, description = "`index_building`, with Retry-After"),
    ))]
pub async fn list_notes(
    State(state): State<AppState>,
    Staff(_who, ..): Staff<may::NotesRead>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<NoteBody>>, Problem> {
    let (after, limit) = state.toolkit.open_page(page.cursor.as_deref(), page.limit).await?;
    let rows = |after: Option<&[u8]>, n| state.gateway.row_keys(NOTES_ALL, b"", after, n);
    let pick = |key: &[u8]| -> Result<Option<NoteBody>, StoreError> {
        let Some(id) = projection::id_of(key) else { return Ok(None) };
        let answer = state.gateway.read_local::<Note>(id)?;
        // The row may be older than the state.
        Ok(answer.filter(|answer| answer.view.written.is_some()).map(|answer| body(id, &answer)))
    };
    Ok(Json(listing::walk(after, limit, rows, pick)?))
}

/// The note about one entity
#[utoipa::path(get, path = "/api/notes/{kind}/{id}", tag = "Notes",
    params(("kind" = String, Path, description = "E.g. `order`"), ("id" = String, Path, max_length = 255)),
    responses(
        (status = 200, description = "The note", body = NoteBody, headers(("etag" = String))),
        (status = 404, description = "`unknown_note`"),
    ))]
pub async fn get_note(
    State(state): State<AppState>,
    Staff(_who, ..): Staff<may::NotesRead>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let about = about(&kind, &id)?;
    Ok(shown(&about, &write::read(&state.services, about.clone()).await?))
}

/// Writes the note about one entity, in place of the one before
#[utoipa::path(put, path = "/api/notes/{kind}/{id}", tag = "Notes",
    params(("kind" = String, Path, description = "E.g. `order`"), ("id" = String, Path, max_length = 255),
        ("if-match" = Option<String>, Header)),
    request_body = NewNoteBody,
    responses(
        (status = 200, description = "The note", body = NoteBody, headers(("etag" = String))),
        (status = 404, description = "`unknown_entity`"),
        (status = 422, description = "`invalid_field`"),
    ))]
pub async fn write_note(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::NotesWrite>,
    Path((kind, id)): Path<(String, String)>,
    IfMatch(version): IfMatch,
    Body(body): Body<NewNoteBody>,
) -> Result<Response, Problem> {
    let about = about(&kind, &id)?;
    Ok(shown(&about, &write::write(&state.services, &who, about.clone(), body.text, version).await?))
}

/// Removes the note about one entity
#[utoipa::path(delete, path = "/api/notes/{kind}/{id}", tag = "Notes",
    params(("kind" = String, Path, description = "E.g. `order`"), ("id" = String, Path, max_length = 255)),
    responses((status = 200, description = "No note any more; also where there was none", body = NoteBody)))]
pub async fn remove_note(
    State(state): State<AppState>,
    Staff(who, ..): Staff<may::NotesWrite>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let about = about(&kind, &id)?;
    Ok(shown(&about, &write::remove(&state.services, &who, about.clone()).await?))
}

fn about(kind: &str, id: &str) -> Result<EntityKey, Problem> {
    Ok(EntityKey::try_from(format!("{kind}/{id}")).map_err(NoteRefusal::from)?)
}

fn body(about: &str, answer: &Answer<NoteView>) -> NoteBody {
    NoteBody::new(about, answer.version, &answer.view)
}

fn shown(about: &EntityKey, answer: &Answer<NoteView>) -> Response {
    Tagged(answer.version, body(&about.to_string(), answer)).into_response()
}
