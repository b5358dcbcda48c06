//! Filling the views that live in memory, once at the start: every stored entity is shown to them.

use std::sync::Arc;

use super::{Tail, TailError};
use crate::{
    actors::{fold::Fold, ports::StateStore},
    domain::kinds::Kind,
};

/// Entities read at a time.
const PAGE: usize = 1024;

/// Shows each stored entity of the kinds that the views keep in memory.
pub(in crate::actors) fn load_views(
    store: &dyn StateStore,
    fold: &dyn Fold,
    tails: &[Arc<Tail>],
) -> Result<(), TailError> {
    for kind in Kind::ALL.iter().copied().filter(|kind| fold.keeps(*kind)) {
        let mut after: Option<Arc<str>> = None;
        loop {
            let keys = store.keys(kind, after.as_deref(), PAGE)?;
            for key in &keys {
                let shard = usize::from(key.shard_of(tails.len() as u16));
                if let Some(tail) = tails.get(shard) {
                    let loaded = tail.load(key)?;
                    fold.loaded(key, loaded.version, &loaded.model);
                }
            }
            match keys.last() {
                Some(last) if keys.len() == PAGE => after = Some(last.id.clone()),
                Some(_) | None => break,
            }
        }
    }
    Ok(())
}
