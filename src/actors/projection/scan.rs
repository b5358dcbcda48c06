//! A large projection's beginning: one scan of the stored states for all shards that have no watermark.

use std::sync::Arc;

use super::{
    Follower, LargeError,
    follow::{ENTITIES, failed},
};
use crate::domain::key::EntityKey;

impl Follower {
    /// Takes in every stored entity of the shards that have no watermark, and gives them one. What is folded meanwhile
    /// comes again with the records behind it.
    pub(super) async fn scanned(self) -> Result<(), LargeError> {
        let mut begun = Vec::new();
        for tail in &self.tails {
            // Not what is folded: that may not be stored yet, and what is not stored is not scanned.
            begun.push(match self.large.projection.watermark(tail.shard)? {
                Some(_) => None,
                None => Some(self.store.watermark(tail.shard).map_err(failed)?),
            });
        }
        if begun.iter().all(Option::is_none) {
            return Ok(());
        }
        for kind in self.large.kinds() {
            let mut after: Option<Arc<str>> = None;
            loop {
                let keys = self.store.keys(kind, after.as_deref(), ENTITIES).map_err(failed)?;
                let Some(last) = keys.last() else { break };
                after = Some(last.id.clone());
                let mut of_shards: Vec<Vec<EntityKey>> = vec![Vec::new(); self.tails.len()];
                for key in keys {
                    let shard = usize::from(key.shard_of(self.tails.len() as u16));
                    if begun[shard].is_some() {
                        of_shards[shard].push(key);
                    }
                }
                for (tail, keys) in self.tails.iter().zip(of_shards).filter(|(_, keys)| !keys.is_empty()) {
                    self.upsert(tail, keys, None).await?;
                }
            }
        }
        for (tail, begun) in self.tails.iter().zip(begun) {
            if let Some(seq) = begun {
                self.upsert(tail, Vec::new(), Some(seq)).await?;
            }
        }
        Ok(())
    }
}
