//! Restoring the projections in memory, once at the start: every stored entity of their kinds is shown to them.

use std::sync::Arc;

use super::{Tail, TailError};
use crate::{
    actors::{ports::StateStore, projection::Registry},
    domain::kinds::Kind,
};

/// Entities read at a time.
const PAGE: usize = 1024;

/// Reads each stored entity of the kinds that a projection keeps in memory, once for all of these.
pub(in crate::actors) fn restore(
    store: &dyn StateStore,
    registry: &Registry,
    tails: &[Arc<Tail>],
) -> Result<(), TailError> {
    for kind in Kind::ALL.iter().copied().filter(|kind| registry.in_memory(*kind)) {
        let mut after: Option<Arc<str>> = None;
        loop {
            let keys = store.keys(kind, after.as_deref(), PAGE)?;
            for key in &keys {
                let shard = usize::from(key.shard_of(tails.len() as u16));
                if let Some(tail) = tails.get(shard) {
                    let loaded = tail.load(key)?;
                    registry.restore(key, loaded.version, &loaded.model);
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
