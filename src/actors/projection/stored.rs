//! One projection with rows over an open state store: its space, how far it is built, and what operators and readers are
//! told of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::{
    Projection,
    meta::{self, Cursor, Meta},
};
use crate::{
    actors::ports::{RowChange, Space, StoreError},
    domain::key::EntityKey,
};

/// A projection with rows.
pub(in crate::actors) struct Stored {
    pub(in crate::actors) projection: Arc<dyn Projection>,
    pub(in crate::actors) space: Space,
    /// A lock, because the builder writes it and tails, readers and operators read it; held for an instant.
    progress: Mutex<Progress>,
}

#[derive(Clone)]
struct Progress {
    cursor: Cursor,
    /// Entities read for it since this process started.
    entities: u64,
    trouble: Option<Arc<str>>,
}

/// A projection as operators see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProjectionLine {
    pub name: &'static str,
    pub version: u32,
    /// False while it is made from the stored states, and while a large one catches up with the logs after a start.
    pub built: bool,
    /// Entities that were read for it since this process started.
    pub entities: u64,
    /// Where its rows lie; another number after each rebuild. None: it keeps its data itself.
    pub space: Option<u32>,
    /// Why it does not get on.
    pub trouble: Option<String>,
}

/// Why a projection cannot be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{projection} is being built")]
    Building { projection: &'static str },
    #[error("no projection has a table {0:?}")]
    UnknownTable(String),
}

impl Stored {
    pub(super) fn new(projection: Arc<dyn Projection>, meta: Meta) -> Self {
        let progress = Progress { cursor: meta.cursor, entities: 0, trouble: None };
        Self { projection, space: Space(meta.space), progress: Mutex::new(progress) }
    }

    pub(in crate::actors) fn is_built(&self) -> bool {
        self.progress().cursor == Cursor::Built
    }

    pub(in crate::actors) fn cursor(&self) -> Cursor {
        self.progress().cursor.clone()
    }

    pub(super) fn covers(&self, key: &EntityKey) -> bool {
        self.progress().cursor.covers(key)
    }

    /// `true`: with this it is built.
    pub(super) fn advance(&self, cursor: Cursor, entities: u64) -> bool {
        let mut progress = self.progress();
        progress.entities += entities;
        progress.trouble = None;
        let before = std::mem::replace(&mut progress.cursor, cursor);
        before != Cursor::Built && progress.cursor == Cursor::Built
    }

    pub(super) fn trouble(&self, why: Arc<str>) {
        self.progress().trouble = Some(why);
    }

    /// How far it is with `cursor`, as the store keeps it.
    pub(in crate::actors) fn at(&self, cursor: &Cursor) -> Result<RowChange, StoreError> {
        let meta = Meta::of(&*self.projection, self.space, cursor.clone());
        meta::put(meta::PROJECTIONS, self.projection.name(), &meta)
    }

    pub(super) fn line(&self) -> ProjectionLine {
        let progress = self.progress().clone();
        ProjectionLine {
            name: self.projection.name(),
            version: self.projection.version(),
            built: progress.cursor == Cursor::Built,
            entities: progress.entities,
            space: Some(self.space.0),
            trouble: progress.trouble.map(|why| why.to_string()),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
